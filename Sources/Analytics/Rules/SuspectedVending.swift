/// Somebody who stays in the zone together with what vendors bring: suspected vending. No camera sees a missing permit.
///
/// Evidence adds up at a place. Somebody who stays is never enough, nor are things without anybody; walkers, people who
/// talk, an umbrella in the rain that is no wider than one person needs: none of these opens.
public struct SuspectedVending: RememberingRule {
    /// The shares of the dwell in which somebody, and something, must have been there.
    private static let presence = 0.6
    /// The weight of things that makes a stall.
    private static let leastThings = 1.0
    /// An umbrella wider than this share of a person's height is no umbrella of one person: those are about a metre wide.
    private static let stallUmbrella = 0.8
    /// The least area of something that was put down, as a share of a person's squared height.
    private static let leastArea = 0.06
    /// Around a person, in shares of the height: what is within reach.
    private static let reach = (aside: 0.8, above: 0.4, below: 0.3)
    private static let emptyLooks = 3
    /// Seconds without anybody, after which nothing is being sold.
    private static let longestAbsence = 60.0
    private static let footprintShare = 0.5

    struct Look: Sendable, Codable {
        let time: MediaTime
        let seller: Bool
        let things: Bool
    }

    struct Missed: Sendable, Codable {
        var looks: Int
        var second: MediaTime
    }

    struct Emptied: Sendable, Codable {
        var since: MediaTime
        var looks: Int
    }

    struct Place: Sendable, Codable {
        let id: Int
        var box: Box
        var clock: DwellClock
        var lastSeen: MediaTime
        var lastSeller: MediaTime
        /// Looks that missed everything in a row, and the second of them.
        var missed: Missed?
        var looks: [Look] = []
        var names: Set<String> = []
        var visitors = 0
        var emptied: Emptied?
        var score = 0.0
        var stood = false
        var why: [Incident.Reason] = []
    }

    /// What lies or stands within reach of somebody.
    private struct Thing {
        let name: String
        let box: Box
        let weight: Double
        let since: MediaTime
        let lastSeen: MediaTime
        /// What stands and leaves by itself: a street is full of it.
        var isVehicle = false
    }

    struct Memory: Codable {
        let people: LingeringPeople
        let goods: LaidOutGoods
        let places: [Place]
        let nextID: Int
    }

    let kind: AlertKind
    let zone: Zone
    private let settings: VendingSettings
    private var people = LingeringPeople()
    private var goods = LaidOutGoods()
    private var places: [Place] = []
    private var nextID = 1

    public init(kind: AlertKind, zone: Zone, settings: VendingSettings) {
        self.kind = kind
        self.zone = zone
        self.settings = settings
    }

    var memory: Memory? {
        goods.hasBegun ? Memory(people: people, goods: goods, places: places, nextID: nextID) : nil
    }
    mutating func takeBack(_ memory: Memory, after gap: Double) {
        guard gap <= Self.longestGap else { return }
        (people, goods, places, nextID) = (memory.people, memory.goods, memory.places, memory.nextID)
        // Nobody was missed while nobody looked.
        people.resume(after: gap)
        goods.resume(after: gap)
        for index in places.indices { places[index].lastSeller = places[index].lastSeller + gap }
    }

    public mutating func evaluate(_ look: Observation) -> [Finding] {
        let passing = people.update(with: look.scene)
        goods.update(with: look.scene)
        let aspect = Double(look.scene.picture.width) / Double(look.scene.picture.height)
        begin(look, aspect)
        var findings: [Finding] = []
        var kept: [Place] = []
        for old in places {
            var place = old
            if look.scene.time - place.lastSeller <= Self.longestAbsence { see(&place, look, passing, aspect) }
            if let end = end(of: place, at: look.scene.time) {
                let why = place.why + [.init(at: end, what: "nobody and nothing was seen there any more")]
                findings.append(finding(place, .ended(at: end), why))
            } else {
                findings.append(judge(&place, look.scene))
                kept.append(place)
            }
        }
        places = kept
        return findings
    }

    /// A place begins where somebody who stays has things within reach that make a stall.
    private mutating func begin(_ look: Observation, _ aspect: Double) {
        for person in people.staying where zone.polygon.share(of: person.box.footprint) >= Self.footprintShare {
            let things = things(near: person.box, look, aspect)
            guard weight(of: things) >= Self.leastThings,
                !places.contains(where: { $0.box.grown(by: 0.25).intersection(person.box) > 0 })
            else { continue }
            let earliest = things.map(\.since).min() ?? person.since
            let since = max(person.since, earliest)
            let box = things.reduce(person.box) { $0.union($1.box) }
            var place = Place(
                id: nextID, box: box,
                clock: DwellClock(
                    since: since, look.scene, settings.windows, isForbidden: isForbidden(box, look.scene)),
                lastSeen: look.scene.time, lastSeller: look.scene.time)
            place.why = [.init(at: since, what: "somebody stays with things as vendors have them")]
            // The looks that made it count as well.
            place.looks = [Look(time: since, seller: true, things: true)]
            places.append(place)
            nextID += 1
        }
    }

    private func isForbidden(_ box: Box, _ scene: Scene) -> Bool {
        settings.windows.contains(scene.date) && !settings.permits.contains { $0.covers(box, at: scene.date) }
    }

    private func things(near person: Box, _ look: Observation, _ aspect: Double) -> [Thing] {
        // Widths are shares of another length than heights.
        let height = person.height / aspect
        let reach = Box(
            x: person.x - Self.reach.aside * height, y: person.y - Self.reach.above * person.height,
            width: person.width + 2 * Self.reach.aside * height,
            height: person.height * (1 + Self.reach.above + Self.reach.below))
        var things: [Thing] = []
        for item in goods.standing where item.box.covered(by: reach) > 0.5 {
            let weight: Double
            switch item.objectClass {
            case .umbrella: weight = item.box.width >= Self.stallUmbrella * height ? 1 : 0
            case .diningTable: weight = 1
            case .handbag: weight = 0
            default: weight = 0.5
            }
            if weight > 0 {
                things.append(
                    Thing(
                        name: item.objectClass.rawValue, box: item.box, weight: weight, since: item.since,
                        lastSeen: item.lastSeen))
            }
        }
        for object in look.objects where object.isThing && object.identity == .thing {
            switch object.presence {
            case .gone, .lost: continue
            case .visible, .hidden: break
            }
            let isLarge =
                object.box.width * object.box.height * aspect >= Self.leastArea * person.height * person.height
            if isLarge, object.box.covered(by: reach) > 0.5 {
                things.append(
                    Thing(
                        name: "goods", box: object.box, weight: 1, since: object.since, lastSeen: object.lastSeen))
            }
        }
        for stay in look.stays
        where stay.isEstablished && stay.isVisible && stay.hasArrived && stay.objectClass != .person
            && stay.box.intersection(reach) > 0
        {
            things.append(
                Thing(
                    name: stay.objectClass.rawValue, box: stay.box, weight: 0.5, since: stay.since,
                    lastSeen: stay.lastSeen, isVehicle: true))
        }
        return things
    }

    /// Each name counts once: two chairs are no more of a stall than one, nor is a bicycle beside a car.
    private func weight(of things: [Thing]) -> Double {
        Dictionary(grouping: things) { $0.isVehicle ? "vehicle" : $0.name }.values.reduce(0) {
            $0 + ($1.map(\.weight).max() ?? 0)
        }
    }

    private func see(_ place: inout Place, _ look: Observation, _ passing: [Box], _ aspect: Double) {
        let time = look.scene.time
        let near = place.box.grown(by: 0.2)
        let sellers = people.staying.filter { $0.box.covered(by: near) > 0.3 }
        let seller = !sellers.isEmpty
        let around = sellers.map(\.box).first ?? place.box
        let things = things(near: around, look, aspect).filter { $0.box.intersection(near) > 0 }
        let hasThings = weight(of: things) >= Self.leastThings
        place.names.formUnion(things.map(\.name))
        place.visitors += passing.count { $0.intersection(near) > 0 }
        if seller { place.lastSeller = time }
        // What the detector misses is held for a few looks. One empty look may be a gap; the second is when it had gone.
        let seen = (sellers.map(\.lastSeen) + things.map(\.lastSeen)).max() ?? place.lastSeen
        place.lastSeen = max(place.lastSeen, seen)
        if place.lastSeen < time {
            let looks = (place.missed?.looks ?? 0) + 1
            place.missed = Missed(looks: looks, second: looks <= 2 ? time : place.missed?.second ?? time)
        } else {
            place.missed = nil
        }
        place.emptied =
            seller || hasThings
            ? nil : Emptied(since: place.missed?.second ?? time, looks: (place.emptied?.looks ?? 0) + 1)
        place.looks.append(Look(time: time, seller: seller, things: hasThings))
        let earliest = time + -max(settings.dwell, 20)
        place.looks.removeAll { $0.time < earliest }
        let count = Double(max(1, place.looks.count))
        place.score =
            min(Double(place.looks.count { $0.seller }), Double(place.looks.count { $0.things })) / count
        if !place.stood, seller, hasThings {
            place.box = things.reduce(sellers.map(\.box).reduce(around) { $0.union($1) }) { $0.union($1.box) }
        }
    }

    private func end(of place: Place, at time: MediaTime) -> MediaTime? {
        if let emptied = place.emptied, emptied.looks >= Self.emptyLooks { return emptied.since }
        return time - place.lastSeller > Self.longestAbsence ? place.lastSeller : nil
    }

    private func judge(_ place: inout Place, _ scene: Scene) -> Finding {
        if place.stood {
            return finding(place, place.emptied == nil ? .standing : .hidden, place.why)
        }
        let forbidden = isForbidden(place.box, scene)
        if place.clock.judge(isForbidden: forbidden, at: scene.time) {
            place.why.append(.init(at: scene.time, what: "selling became forbidden at this hour or place"))
        }
        let dwell = scene.time - place.clock.counts
        guard forbidden, place.emptied == nil, dwell >= settings.dwell, place.score >= Self.presence else {
            return finding(place, .pending, place.why)
        }
        place.stood = true
        let names = place.names.sorted().joined(separator: ", ")
        place.why.append(
            .init(
                at: scene.time,
                what: "for \(Int(dwell.rounded(.down))) s somebody with \(names); \(place.visitors) others came close",
                score: place.score))
        return finding(place, .standing, place.why)
    }

    private func finding(_ place: Place, _ phase: Finding.Phase, _ why: [Incident.Reason]) -> Finding {
        Finding(
            kind: kind, zone: zone.id, place: place.id, phase: phase, firstSeen: place.clock.counts,
            lastSeen: place.lastSeen, threshold: settings.dwell,
            object: .init(objectClass: .stall, confidence: place.score, box: place.box), why: why)
    }
}
