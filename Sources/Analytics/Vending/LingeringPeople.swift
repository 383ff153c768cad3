import Domain

/// People who keep their place from look to look; at looks that are seconds apart, pedestrians never do.
struct LingeringPeople: Sendable, Codable {
    struct Person: Sendable, Codable {
        var box: Box
        var since: MediaTime
        var lastSeen: MediaTime
        var looks: Int
        /// Where they were first seen; nil in checkpoints of an older version.
        var anchor: Box?
        fileprivate(set) var tone: Tone
        /// Start of an absence: the newest look that showed them, or the first one after a restart.
        fileprivate var unseenSince: MediaTime
        fileprivate var misses = 0
    }

    /// A person shorter than this share of the picture is too small to judge.
    private static let leastHeight = 0.04
    private static let leastScore = 0.3
    /// How far the feet may move between looks, as a share of the height: half a step.
    static let step = 0.35
    private static let heights = 0.7...1.43
    /// Seconds without a look (the camera was blind) after which no person is known to have stayed.
    private static let longestUnseen = 60.0

    private(set) var people: [Person] = []
    /// People who are taken for gone since this look; not kept across a restart.
    private(set) var departed: [Person] = []

    private enum CodingKeys: CodingKey { case people }

    /// People who kept their place in this or the last look.
    var staying: [Person] { people.filter { $0.looks >= 2 && $0.misses <= 1 } }

    /// Resumes after a restart with `gap` seconds without looks.
    mutating func resume(after gap: Double) {
        for index in people.indices { people[index].unseenSince = people[index].unseenSince + gap }
    }

    /// Processes one look; returns the passers-by, who did not keep their place.
    mutating func update(with scene: Scene) -> [Box] {
        var free = scene.detections.filter {
            $0.objectClass == .person && $0.score >= Self.leastScore && $0.box.height >= Self.leastHeight
        }.map { (box: $0.box, tone: Tone(of: $0.box, in: scene)) }
        let aspect = Double(scene.picture.width) / Double(scene.picture.height)
        // Drop people unseen for too long: their departure is not known either.
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

    /// Whether they were in the place of their first look all the time: a distant person walking towards the camera is
    /// as close to the previous look's place as a standing one, but not to the first one's.
    func keptPlace(_ aspect: Double) -> Bool {
        guard let anchor else { return false }
        return box.step(from: anchor, aspect) <= LingeringPeople.step * box.height
    }
}

extension Box {
    /// Distance between the feet of two people, in shares of the picture's height.
    ///
    /// - Parameter aspect: the picture's width divided by its height: boxes are shares of either.
    func step(from other: Box, _ aspect: Double) -> Double {
        let (x, y) = ((centre.x - other.centre.x) * aspect, maxY - other.maxY)
        return (x * x + y * y).squareRoot()
    }
}
