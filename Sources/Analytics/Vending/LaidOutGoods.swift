import Domain

/// Things that vendors bring, detected repeatedly in one place.
struct LaidOutGoods: Sendable, Codable {
    struct Item: Sendable, Codable {
        var objectClass: ObjectClass
        var box: Box
        var since: MediaTime
        var lastSeen: MediaTime
        var looks: Int
        /// False for things in the very first picture: a public bench, a café's tables.
        var isNew: Bool
        /// Start of an absence: the newest look that showed it, or the first one after a restart.
        fileprivate var unseenSince: MediaTime
        fileprivate var misses = 0

        /// A thing that was there from the beginning is kept while hidden: when seen again it is no vendor's.
        fileprivate var isLost: Bool { isNew && misses > (looks >= 3 ? LaidOutGoods.mostMisses : 1) }
    }

    /// An umbrella carried past.
    private struct Carried: Sendable {
        let box: Box
        let time: MediaTime
    }

    private static let overlap = 0.4
    fileprivate static let mostMisses = 4
    /// Seconds without a look (the camera was blind) after which a thing is not known to have stayed.
    private static let longestUnseen = 60.0
    /// A thing whose place looked like this in the first picture was there, although the detector did not see it then:
    /// least likeness, or least share of its parts that are free of people.
    private static let sameAsFirst = (likeness: 0.7, share: 0.5)
    /// So many umbrellas in different places within so many seconds, none of them stationary, are rain.
    private static let rain = (umbrellas: 2, seconds: 60.0)

    private var items: [Item] = []
    private(set) var hasBegun = false
    /// Not kept across a restart, as are the umbrellas: rain is seen again within a minute.
    private var first: GreyImage?
    private var carried: [Carried] = []

    private enum CodingKeys: CodingKey { case items, hasBegun }

    /// Things that have kept their place for two looks, and things from the beginning that are still there.
    var standing: [Item] { items.filter { $0.looks >= 2 && $0.misses <= Self.mostMisses } }

    /// Whether umbrellas are carried because of rain.
    var isRaining: Bool { carried.count >= Self.rain.umbrellas }

    /// Resumes after a restart with `gap` seconds without looks.
    mutating func resume(after gap: Double) {
        for index in items.indices { items[index].unseenSince = items[index].unseenSince + gap }
    }

    mutating func update(with scene: Scene) {
        var free = scene.detections.filter { $0.objectClass.isGoods }
        for index in items.indices {
            let item = items[index]
            if let match = free.firstIndex(where: {
                $0.objectClass == item.objectClass && $0.box.iou(item.box) >= Self.overlap
            }) {
                free.remove(at: match)
                if scene.time - item.unseenSince > Self.longestUnseen { items[index].since = scene.time }
                items[index].unseenSince = scene.time
                items[index].lastSeen = scene.time
                items[index].looks += 1
                items[index].misses = 0
            } else {
                items[index].misses += 1
            }
        }
        noteCarried(items.filter(\.isLost), at: scene.time)
        items.removeAll(where: \.isLost)
        items += free.map {
            Item(
                objectClass: $0.objectClass, box: $0.box, since: scene.time, lastSeen: scene.time, looks: 1,
                isNew: hasBegun && !wasThere($0.box, scene), unseenSince: scene.time)
        }
        if !hasBegun { first = scene.picture }
        hasBegun = true
    }

    /// The detector misses a café's table or a vehicle in one picture and sees it in the next: it did not arrive in
    /// between.
    func wasThere(_ box: Box, _ scene: Scene) -> Bool {
        guard let first, first.width == scene.picture.width, first.height == scene.picture.height else { return false }
        let (before, least) = (first.patch(in: box), Self.sameAsFirst)
        let now = scene.picture.likeness(of: box, to: before, atLeast: least.likeness)
        if now.value >= least.likeness { return true }
        let people = scene.detections.filter { $0.objectClass == .person }.map(\.box)
        return before.remainder(in: now.patch, of: box, outside: people).map { $0 >= least.share } ?? false
    }

    private mutating func noteCarried(_ lost: [Item], at time: MediaTime) {
        carried.removeAll { time - $0.time > Self.rain.seconds }
        for item in lost where item.objectClass == .umbrella && item.looks == 1 {
            let isElsewhere = !items.contains {
                $0.looks > 1 && $0.objectClass == .umbrella && $0.box.intersection(item.box) > 0
            }
            // An umbrella that is repeatedly detected in one place is not carried.
            if isElsewhere, !carried.contains(where: { $0.box.intersection(item.box) > 0 }) {
                carried.append(Carried(box: item.box, time: item.lastSeen))
            }
        }
    }
}
