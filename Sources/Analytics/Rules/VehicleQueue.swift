/// Vehicles that came to rest one shortly after another and close together: a light, a jam, a barrier.
enum VehicleQueue {
    /// Longest time between the stops of two neighbours in a queue, in seconds.
    static let arrivalGap = 45.0
    /// Largest distance between neighbours, in lengths of the larger one.
    static let spacing = 2.5

    /// The ids of those that stand in a queue of at least `least` vehicles.
    static func members(among stays: [Stay], least: Int) -> Set<Int> {
        guard least > 1, stays.count >= least else { return [] }
        var members = Set<Int>()
        var left = stays
        while let first = left.popLast() {
            var group = [first]
            var index = 0
            while index < group.count {
                let next = left.filter { neighbours(group[index], $0) }
                left.removeAll { candidate in next.contains { $0.id == candidate.id } }
                group += next
                index += 1
            }
            if group.count >= least { members.formUnion(group.map(\.id)) }
        }
        return members
    }

    private static func neighbours(_ a: Stay, _ b: Stay) -> Bool {
        guard abs(a.since - b.since) <= arrivalGap else { return false }
        let (p, q) = (a.box.centre, b.box.centre)
        let dx = (p.x - q.x) / max(a.box.width, b.box.width)
        let dy = (p.y - q.y) / max(a.box.height, b.box.height)
        return (dx * dx + dy * dy).squareRoot() <= spacing
    }
}
