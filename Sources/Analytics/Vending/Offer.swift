import Domain

/// Things within reach of a person that may be offered for sale.
struct Offer: Sendable {
    struct Thing: Sendable {
        enum Standing: Sendable {
            /// Evidence of a stall by itself.
            case brought
            /// Evidence only where customers come and go: things in the first picture may be a café's, a vehicle may
            /// belong to anybody.
            case known
        }

        let name: String
        let box: Box
        let weight: Double
        let since: MediaTime
        let lastSeen: MediaTime
        var standing = Standing.brought

        /// Vehicles and other things that move by themselves: a street is full of them.
        var isVehicle: Bool { ObjectClass(rawValue: name)?.standsAndLeaves ?? false }
    }

    /// The total weight of a stall.
    private static let least = 1.0
    /// An umbrella wider than this share of a person's height is not a personal one: those are about a metre wide.
    static let stallUmbrella = 0.8
    /// In rain there are more: the widest that are carried have 1.3 m, and hide their carrier's head (1.35 m remain
    /// visible). This width is needed for each person below it.
    private static let rainUmbrella = 1.1
    /// The least area of a put-down object, as a share of a person's squared height: a crate of 0.5 m by 0.35 m.
    private static let leastArea = 0.06
    /// Its largest extent, in heights of a person: a stall with its roof, three metres long. Light is larger.
    private static let most = (width: 2.0, height: 1.4)
    /// An object covered this far by people is the people themselves: the background model sees those who stand still.
    private static let mostCovered = 0.5
    /// It rests on the ground on which the person stands: no higher above the feet than a table's edge, as a share of
    /// the height. Anything higher is the person's umbrella.
    private static let aboveFeet = 0.35
    /// The reach around a person, in shares of the height.
    private static let reach = (aside: 0.8, above: 0.4, below: 0.3)

    private(set) var things: [Thing] = []

    /// Collects the things around one person.
    ///
    /// - Parameter aspect: the picture's width divided by its height.
    init(around person: Box, _ look: Observation, _ goods: LaidOutGoods, _ aspect: Double) {
        // Widths are shares of another length than heights.
        let height = person.height / aspect
        let reach = Box(
            x: person.x - Self.reach.aside * height, y: person.y - Self.reach.above * person.height,
            width: person.width + 2 * Self.reach.aside * height,
            height: person.height * (1 + Self.reach.above + Self.reach.below))
        for item in goods.standing where item.box.covered(by: reach) > 0.5 {
            let weight = Self.weight(of: item, height, isRaining: goods.isRaining, look.scene)
            guard weight > 0 else { continue }
            things.append(
                Thing(
                    name: item.objectClass.rawValue, box: item.box, weight: weight, since: item.since,
                    lastSeen: item.lastSeen, standing: item.isNew ? .brought : .known))
        }
        let leastArea = Self.leastArea * person.height * height
        things += Self.putDown(look, aspect) { _ in person.height }.filter {
            $0.box.area >= leastArea && $0.box.covered(by: reach) > 0.5
                && $0.box.maxY >= person.maxY - Self.aboveFeet * person.height
        }
        for object in look.stationary
        where object.isEstablished && object.isVisible && object.objectClass != .person
            && object.box.intersection(reach) > 0
        {
            func thing(_ weight: Double, _ standing: Thing.Standing) -> Thing {
                Thing(
                    name: object.objectClass.rawValue, box: object.box, weight: weight, since: object.since,
                    lastSeen: object.lastSeen, standing: standing)
            }
            if object.hasArrived, !goods.wasThere(object.box, look.scene) { things.append(thing(0.5, .brought)) }
            // A tricycle, a van, the boot of a car; people come and go from a bus anyway, and bicycles are locked to
            // whatever stands beside them.
            if object.objectClass != .bus, object.objectClass != .bicycle { things.append(thing(1, .known)) }
        }
    }

    /// Put-down objects of no class that the detector knows.
    ///
    /// - Parameters:
    ///   - aspect: the picture's width divided by its height.
    ///   - tall: a person's height for a given vertical position of the feet, as shares of the picture's height.
    static func putDown(_ look: Observation, _ aspect: Double, tall: (Double) -> Double) -> [Thing] {
        let people = look.scene.detections.filter { $0.objectClass == .person }.map(\.box)
        return look.objects.compactMap { object in
            guard object.isThing, object.identity == .thing, object.doubt == nil else { return nil }
            switch object.presence {
            case .gone, .lost: return nil
            case .visible, .hidden: break
            }
            let box = object.box
            let tall = tall(box.maxY)
            let covered = people.reduce(0) { $0 + box.covered(by: $1) }
            guard box.height <= most.height * tall, box.width * aspect <= most.width * tall, covered <= mostCovered
            else {
                return nil
            }
            return Thing(name: "goods", box: box, weight: 1, since: object.since, lastSeen: object.lastSeen)
        }
    }

    /// - Parameter height: of the person, as a share of the picture's width.
    private static func weight(
        of item: LaidOutGoods.Item, _ height: Double, isRaining: Bool, _ scene: Scene
    ) -> Double {
        switch item.objectClass {
        case .umbrella:
            guard isRaining else { return item.box.width >= stallUmbrella * height ? 1 : 0 }
            let below = scene.detections.count {
                $0.objectClass == .person && $0.box.centre.x > item.box.x && $0.box.centre.x < item.box.maxX
                    && $0.box.maxY > item.box.maxY && $0.box.y < item.box.maxY + item.box.height
            }
            return item.box.width >= rainUmbrella * height * Double(max(1, below)) ? 1 : 0
        case .diningTable: return 1
        // Luggage.
        case .handbag, .suitcase: return 0
        // People sit and wait on these: where customers must decide, they are no evidence.
        case .bench, .chair: return item.isNew ? 0.5 : 0
        default: return 0.5
        }
    }

    /// Brought things that make a stall by themselves; empty where they do not.
    var brought: [Thing] { making(things.filter { $0.standing == .brought }) }

    /// Things that make a stall where customers come and go; empty where they do not.
    var possible: [Thing] { making(things) }

    /// Each name counts once: two chairs are no more of a stall than one, nor is a bicycle beside a car. Vehicles are
    /// left out where the rest suffices: a stall is not as large as the lorry behind it.
    private func making(_ things: [Thing]) -> [Thing] {
        let others = things.filter { !$0.isVehicle }
        if Self.weight(of: others) >= Self.least { return others }
        return Self.weight(of: things) >= Self.least ? things : []
    }

    static func weight(of things: [Thing]) -> Double {
        Dictionary(grouping: things) { $0.isVehicle ? "vehicle" : $0.name }.values.reduce(0) {
            $0 + ($1.map(\.weight).max() ?? 0)
        }
    }
}

/// The mean colour of a person's clothes: enough to tell one passer-by from the next, never enough to identify anyone.
struct Tone: Sendable, Codable {
    /// Largest distance, in levels, between the clothes of the same person.
    private static let most = 24.0

    private let luma: Double
    private let blue: Double
    private let red: Double

    /// The mean over the middle of a person's box, in levels.
    init(of box: Box, in scene: Scene) {
        let (width, height) = (scene.picture.width, scene.picture.height)
        let middle = Box(
            x: box.x + box.width * 0.3, y: box.y + box.height * 0.2, width: box.width * 0.4, height: box.height * 0.5)
        let left = min(max(0, Int(middle.x * Double(width))), width - 1)
        let right = min(max(left + 1, Int(middle.maxX * Double(width))), width)
        let top = min(max(0, Int(middle.y * Double(height))), height - 1)
        let bottom = min(max(top + 1, Int(middle.maxY * Double(height))), height)
        func mean(_ values: [UInt8]) -> Double {
            var (sum, count) = (0, 0)
            for y in top..<bottom {
                for x in left..<right where y * width + x < values.count {
                    sum += Int(values[y * width + x])
                    count += 1
                }
            }
            return count > 0 ? Double(sum) / Double(count) : 128
        }
        luma = mean(scene.picture.pixels)
        blue = scene.chroma.map { mean($0.blue) } ?? 128
        red = scene.chroma.map { mean($0.red) } ?? 128
    }

    func isLike(_ other: Tone) -> Bool { distance(to: other) <= Self.most }

    /// In levels; light changes luma more than colour.
    func distance(to other: Tone) -> Double {
        abs(luma - other.luma) / 2 + abs(blue - other.blue) + abs(red - other.red)
    }
}
