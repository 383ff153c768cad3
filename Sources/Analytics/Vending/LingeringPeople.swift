/// People who stay where they are from look to look; at looks that are seconds apart, walkers never do.
struct LingeringPeople: Sendable, Codable {
    struct Person: Sendable, Codable {
        var box: Box
        var since: MediaTime
        var lastSeen: MediaTime
        var looks: Int
        fileprivate var tone: Tone
        /// From when an absence counts: the newest look that showed them, or the first one after a restart.
        fileprivate var unseenSince: MediaTime
        fileprivate var misses = 0
    }

    /// A person shorter than this share of the picture is too small to judge.
    private static let leastHeight = 0.04
    private static let leastScore = 0.3
    /// How far the feet may move between looks, as a share of the height: half a step.
    private static let step = 0.35
    private static let heights = 0.7...1.43
    private static let mostTone = 24.0
    private static let mostMisses = 3
    /// Seconds without a look (the camera was blind) after which nobody is known to have stayed.
    private static let longestUnseen = 60.0

    private(set) var people: [Person] = []

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
        people.removeAll { scene.time - $0.unseenSince > Self.longestUnseen }
        for index in people.indices {
            let person = people[index]
            let near = free.indices.filter { fits(free[$0], person, aspect) }
                .min { distance(free[$0].box, person.box, aspect) < distance(free[$1].box, person.box, aspect) }
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
        people.removeAll { $0.misses > ($0.looks >= 3 ? Self.mostMisses : 0) }
        people += free.map {
            Person(
                box: $0.box, since: scene.time, lastSeen: scene.time, looks: 1, tone: $0.tone,
                unseenSince: scene.time)
        }
        return free.map(\.box)
    }

    private func fits(_ candidate: (box: Box, tone: Tone), _ person: Person, _ aspect: Double) -> Bool {
        distance(candidate.box, person.box, aspect) <= Self.step * person.box.height
            && Self.heights.contains(candidate.box.height / person.box.height)
            && candidate.tone.distance(to: person.tone) <= Self.mostTone
    }

    /// Between the feet, in shares of the picture's height.
    ///
    /// - Parameter aspect: the picture's width by its height: boxes are shares of either.
    private func distance(_ a: Box, _ b: Box, _ aspect: Double) -> Double {
        let (x, y) = ((a.centre.x - b.centre.x) * aspect, a.maxY - b.maxY)
        return (x * x + y * y).squareRoot()
    }
}
