import Domain

/// Vehicles that stopped shortly after one another and close together: a light, a jam, a barrier.
enum VehicleQueue {
    /// Longest time between the stops of two neighbours in a queue, in seconds.
    static let arrivalGap = 45.0
    /// Largest distance between neighbours, in lengths of the larger one.
    static let spacing = 2.5

    /// Overlap (IoU) from which two boxes belong to one vehicle, unless the detector separates them look by look.
    static let sameVehicle = 0.35
    /// Least number of looks in which it found them side by side.
    static let looksBeside = 3

    /// The ids of the objects in a queue of at least `least` vehicles.
    static func members(among objects: [StationaryObject], least: Int) -> Set<Int> {
        guard least > 1, objects.count >= least else { return [] }
        var members = Set<Int>()
        var left = vehicles(among: objects)
        while let first = left.popLast() {
            var group = [first]
            var index = 0
            while index < group.count {
                let next = left.filter { neighbours(group[index][0], $0[0]) }
                left.removeAll { candidate in next.contains { $0[0].id == candidate[0].id } }
                group += next
                index += 1
            }
            if group.count >= least { members.formUnion(group.joined().map(\.id)) }
        }
        return members
    }

    /// The objects that are one vehicle, the most often detected first: boxes that overlap further than two vehicles
    /// usually do belong to the same vehicle.
    private static func vehicles(among objects: [StationaryObject]) -> [[StationaryObject]] {
        var vehicles: [[StationaryObject]] = []
        for object in objects.sorted(by: { ($1.detections, $0.id) < ($0.detections, $1.id) }) {
            if let index = vehicles.firstIndex(where: { isSame($0[0], object) }) {
                vehicles[index].append(object)
            } else {
                vehicles.append([object])
            }
        }
        return vehicles
    }

    private static func isSame(_ a: StationaryObject, _ b: StationaryObject) -> Bool {
        a.box.iou(b.box) >= sameVehicle && max(a.looksBeside, b.looksBeside) < looksBeside
    }

    /// Nobody saw when those stopped that were there in the first picture: they may be a queue among themselves, and say
    /// nothing of what stops beside them.
    private static func neighbours(_ a: StationaryObject, _ b: StationaryObject) -> Bool {
        a.hasArrived == b.hasArrived && abs(a.since - b.since) <= arrivalGap && areNear(a.box, b.box)
    }

    static func areNear(_ a: Box, _ b: Box) -> Bool {
        let dx = (a.centre.x - b.centre.x) / max(a.width, b.width)
        let dy = (a.centre.y - b.centre.y) / max(a.height, b.height)
        return (dx * dx + dy * dy).squareRoot() <= spacing
    }
}
