/// What vendors bring, as the detector sees it again and again in one place.
struct LaidOutGoods: Sendable, Codable {
    struct Item: Sendable, Codable {
        var objectClass: ObjectClass
        var box: Box
        var since: MediaTime
        var lastSeen: MediaTime
        var looks: Int
        /// False for what was there in the very first picture: a bench of the town, a café's tables.
        var isNew: Bool
        /// From when an absence counts: the newest look that showed it, or the first one after a restart.
        fileprivate var unseenSince: MediaTime
        fileprivate var misses = 0
    }

    private static let overlap = 0.4
    private static let mostMisses = 4
    /// Seconds without a look (the camera was blind) after which a thing is not known to have stayed.
    private static let longestUnseen = 60.0

    private var items: [Item] = []
    private(set) var hasBegun = false

    /// What has kept its place for two looks and was not there from the beginning.
    var standing: [Item] { items.filter { $0.looks >= 2 && $0.isNew } }

    /// Goes on after a restart in which nobody looked for `gap` seconds.
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
        // What was there in the beginning and is hidden for a while is no vendor's when it is seen again.
        items.removeAll { $0.isNew && $0.misses > ($0.looks >= 3 ? Self.mostMisses : 1) }
        items += free.map {
            Item(
                objectClass: $0.objectClass, box: $0.box, since: scene.time, lastSeen: scene.time, looks: 1,
                isNew: hasBegun, unseenSince: scene.time)
        }
        hasBegun = true
    }
}
