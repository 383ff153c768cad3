import Domain

/// People who stay where they are from look to look; at looks that are seconds apart, walkers never do.
struct LingeringPeople: Sendable, Codable {
    struct Person: Sendable, Codable {
        var box: Box
        var since: MediaTime
        var lastSeen: MediaTime
        var looks: Int
        /// Where they were first seen; nil where an older version wrote it.
        var anchor: Box?
        fileprivate(set) var tone: Tone
        /// From when an absence counts: the newest look that showed them, or the first one after a restart.
        fileprivate var unseenSince: MediaTime
        fileprivate var misses = 0
    }

    /// A person shorter than this share of the picture is too small to judge.
    private static let leastHeight = 0.04
    private static let leastScore = 0.3
    /// How far the feet may move between looks, as a share of the height: half a step.
    static let step = 0.35
    private static let heights = 0.7...1.43
    /// Seconds without a look (the camera was blind) after which nobody is known to have stayed.
    private static let longestUnseen = 60.0

    private(set) var people: [Person] = []
    /// Those who were there before and are taken for gone since this look; not kept over a restart.
    private(set) var departed: [Person] = []

    private enum CodingKeys: CodingKey { case people }

    /// Those who were seen staying in this or the last look.
    var staying: [Person] { people.filter { $0.looks >= 2 && $0.misses <= 1 } }

    /// Goes on after a restart in which nobody looked for `gap` seconds.
    mutating func resume(after gap: Double) {
        for index in people.indices { people[index].unseenSince = people[index].unseenSince + gap }
    }

    /// Takes one look; returns those who did not stay: passers-by.
    mutating func update(with scene: Scene) -> [Box] {
        var free = scene.detections.filter {
            $0.objectClass == .person && $0.score >= Self.leastScore && $0.box.height >= Self.leastHeight
        }.map { (box: $0.box, tone: Tone(of: $0.box, in: scene)) }
        let aspect = Double(scene.picture.width) / Double(scene.picture.height)
        // Of whom nobody knows for so long, it is not known that they left either.
        people.removeAll { scene.time - $0.unseenSince > Self.longestUnseen }
        for index in people.indices {
            let person = people[index]
            let near = free.indices.filter { fits(free[$0], person, aspect) }
                .min { free[$0].box.step(from: person.box, aspect) < free[$1].box.step(from: person.box, aspect) }
            if let near {
                people[index].box = free[near].box
                people[index].tone = free[near].tone
                people[index].lastSeen = scene.time
                people[index].unseenSince = scene.time
                people[index].looks += 1
                people[index].misses = 0
                free.remove(at: near)
            } else {
                people[index].misses += 1
            }
        }
        departed = people.filter(\.isGone)
        people.removeAll(where: \.isGone)
        people += free.map {
            Person(
                box: $0.box, since: scene.time, lastSeen: scene.time, looks: 1, anchor: $0.box, tone: $0.tone,
                unseenSince: scene.time)
        }
        return free.map(\.box)
    }

    private func fits(_ candidate: (box: Box, tone: Tone), _ person: Person, _ aspect: Double) -> Bool {
        candidate.box.step(from: person.box, aspect) <= Self.step * person.box.height
            && Self.heights.contains(candidate.box.height / person.box.height)
            && candidate.tone.isLike(person.tone)
    }
}

extension LingeringPeople.Person {
    private static let mostMisses = 3

    fileprivate var isGone: Bool { misses > (looks >= 3 ? Self.mostMisses : 0) }

    /// Whether they were all the time where they were first seen: somebody who walks towards the camera, far away, is as
    /// near to the last look's place from look to look as somebody who stands, but not to the first one's.
    func keptPlace(_ aspect: Double) -> Bool {
        guard let anchor else { return false }
        return box.step(from: anchor, aspect) <= LingeringPeople.step * box.height
    }
}

extension Box {
    /// Between the feet of two people, in shares of the picture's height.
    ///
    /// - Parameter aspect: the picture's width by its height: boxes are shares of either.
    func step(from other: Box, _ aspect: Double) -> Double {
        let (x, y) = ((centre.x - other.centre.x) * aspect, maxY - other.maxY)
        return (x * x + y * y).squareRoot()
    }
}
