/// People who stay where they are from look to look; at looks that are seconds apart, walkers never do.
struct LingeringPeople: Sendable {
    struct Person: Sendable {
        var box: Box
        var since: MediaTime
        var lastSeen: MediaTime
        var looks: Int
        fileprivate var tone: Tone
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

    private(set) var people: [Person] = []

    /// Those who were seen staying in this or the last look.
    var staying: [Person] { people.filter { $0.looks >= 2 && $0.misses <= 1 } }

    /// Takes one look; returns those who did not stay: passers-by.
    mutating func update(with scene: Scene) -> [Box] {
        var free = scene.detections.filter {
            $0.objectClass == .person && $0.score >= Self.leastScore && $0.box.height >= Self.leastHeight
        }.map { (box: $0.box, tone: Tone(of: $0.box, in: scene)) }
        for index in people.indices {
            let person = people[index]
            let near = free.indices.filter { fits(free[$0], person) }
                .min { distance(free[$0].box, person.box) < distance(free[$1].box, person.box) }
            if let near {
                people[index].box = free[near].box
                people[index].tone = free[near].tone
                people[index].lastSeen = scene.time
                people[index].looks += 1
                people[index].misses = 0
                free.remove(at: near)
            } else {
                people[index].misses += 1
            }
        }
        people.removeAll { $0.misses > ($0.looks >= 3 ? Self.mostMisses : 0) }
        people += free.map {
            Person(box: $0.box, since: scene.time, lastSeen: scene.time, looks: 1, tone: $0.tone)
        }
        return free.map(\.box)
    }

    private func fits(_ candidate: (box: Box, tone: Tone), _ person: Person) -> Bool {
        distance(candidate.box, person.box) <= Self.step * person.box.height
            && Self.heights.contains(candidate.box.height / person.box.height)
            && candidate.tone.distance(to: person.tone) <= Self.mostTone
    }

    /// Between the feet, in shares of the picture's height.
    private func distance(_ a: Box, _ b: Box) -> Double {
        let (x, y) = (a.centre.x - b.centre.x, a.maxY - b.maxY)
        return (x * x + y * y).squareRoot()
    }
}
