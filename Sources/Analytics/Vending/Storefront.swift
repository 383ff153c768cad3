import Domain

/// Goods that a shop puts out on the pavement, without a person beside them: a rack, crates, a table.
///
/// A bag or a parcel before a door does not count: goods take as much room as a rack or several crates.
struct Storefront: Sendable {
    /// Least area of a shop's goods, as a share of a person's squared height: 0.7 m², where a bag or a parcel put down
    /// for a while has 0.2 to 0.4 m².
    private static let leastArea = 0.25
    /// The assumed height of a person where none has been seen, as a share of the picture's: close to the camera, so
    /// that little counts.
    private static let unknownHeight = 0.27
    /// People whose feet are at about the same vertical position are about as tall; the tolerance as a share of the
    /// picture's height.
    private static let row = 0.1
    private static let leastScore = 0.4
    private static let kept = 60
    /// The surroundings of a thing, as a share of its size: things there belong to it.
    private static let beside = 0.5
    private static let share = 0.5

    private var people: [(foot: Double, height: Double)] = []

    /// The goods in the zone, grouped by place.
    mutating func offers(_ look: Observation, _ goods: LaidOutGoods, in zone: Zone, _ aspect: Double) -> [[Offer.Thing]]
    {
        for detection in look.scene.detections
        where detection.objectClass == .person && detection.score >= Self.leastScore && detection.box.maxY < 0.99 {
            people = people.suffix(Self.kept - 1) + [(detection.box.maxY, detection.box.height)]
        }
        var free = Offer.putDown(look, aspect, tall: height(at:))
        for item in goods.standing where item.isNew {
            let height = height(at: item.box.maxY) / aspect
            switch item.objectClass {
            case .handbag, .suitcase: continue
            case .umbrella where item.box.width < Offer.stallUmbrella * height || goods.isRaining: continue
            default:
                let isWhole = item.objectClass == .diningTable || item.objectClass == .umbrella
                free.append(
                    Offer.Thing(
                        name: item.objectClass.rawValue, box: item.box, weight: isWhole ? 1 : 0.5, since: item.since,
                        lastSeen: item.lastSeen))
            }
        }
        free.removeAll { zone.polygon.share(of: $0.box) < Self.share }
        var offers: [[Offer.Thing]] = []
        while let first = free.first {
            let place = first.box.grown(by: Self.beside)
            let group = free.filter { $0.box.intersection(place) > 0 }
            free.removeAll { $0.box.intersection(place) > 0 }
            if weight(of: group, aspect) >= 1 { offers.append(group) }
        }
        return offers
    }

    private func weight(of things: [Offer.Thing], _ aspect: Double) -> Double {
        let lying = things.filter { $0.name == "goods" }.reduce(0) { sum, thing in
            let height = height(at: thing.box.maxY)
            return sum + thing.box.area * aspect / (Self.leastArea * height * height)
        }
        return lying + Offer.weight(of: things.filter { $0.name != "goods" })
    }

    /// Height of a person whose feet are at this position, as shares of the picture's height.
    private func height(at foot: Double) -> Double {
        let near = people.filter { abs($0.foot - foot) <= Self.row }.map(\.height).sorted()
        return near.isEmpty ? Self.unknownHeight : near[near.count / 2]
    }
}
