public import Domain

extension AlertKind {
    public static let roadVending = AlertKind(rawValue: "vending.occupy_road")
    public static let itinerantVending = AlertKind(rawValue: "vending.itinerant")
    public static let outOfStore = AlertKind(rawValue: "vending.out_of_store")
}

extension RuleDescriptor {
    /// A stall has no firm outline.
    static let suspectedVending = RuleDescriptor(
        [.roadVending, .itinerantVending, .outOfStore], fields: [.dwell, .windows, .timeZone, .holidays, .permits],
        needs: .ground, sameness: 0.3, grace: .long
    ) { _ in
        VendingSettings()
    } make: {
        SuspectedVending(kind: $0, zone: $2.zone, settings: $1)
    }
}

/// A person who lingers in the zone together with things that vendors bring: suspected vending. No camera sees a
/// missing permit.
///
/// Evidence is gathered for a place. A lingering person alone is never enough, nor are goods without a person (except
/// before a shop); pedestrians, people who talk, an umbrella in the rain that is no wider than one person needs: none
/// of these opens an incident. Things that were there in the first picture, and vehicles, count as a stall only if
/// customers come to the lingering person and leave again.
public struct SuspectedVending: RememberingRule {
    /// The shares of the dwell in which a person and goods must have been there.
    private static let presence = 0.6
    private static let emptyLooks = 3
    /// Seconds without a person after which nothing is being sold.
    private static let longestAbsence = 60.0
    private static let footprintShare = 0.5

    struct Look: Sendable, Codable {
        let time: MediaTime
        let seller: Bool
        let things: Bool
        /// Whether the things were brought; nil in checkpoints of an older version, which knew no others.
        var isBrought: Bool?
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
        /// The consecutive looks that missed everything, and the second of them.
        var missed: Missed?
        var looks: [Look] = []
        var names: Set<String> = []
        var visitors = 0
        var emptied: Emptied?
        var score = 0.0
        var stood = false
        var why: [Incident.Reason] = []
        /// These three are nil in checkpoints of an older version.
        var customers: Customers?
        /// Since when a person with brought goods is there; nil while not.
        var broughtSince: MediaTime?
        /// Whether somebody stayed there; nil: nobody.
        var hasSeller: Bool?
    }

    struct Checkpoint: Codable {
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
    private var storefront = Storefront()

    public init(kind: AlertKind, zone: Zone, settings: VendingSettings) {
        self.kind = kind
        self.zone = zone
        self.settings = settings
    }

    var checkpoint: Checkpoint? {
        goods.hasBegun ? Checkpoint(people: people, goods: goods, places: places, nextID: nextID) : nil
    }
    mutating func restore(_ checkpoint: Checkpoint, after gap: Double) {
        guard gap <= Self.longestGap else { return }
        (people, goods, places, nextID) = (checkpoint.people, checkpoint.goods, checkpoint.places, checkpoint.nextID)
        // No absence can be concluded for the time of the outage.
        people.resume(after: gap)
        goods.resume(after: gap)
        for index in places.indices { places[index].lastSeller = places[index].lastSeller + gap }
    }

    public mutating func evaluate(_ look: Observation) -> [Finding] {
        let passing = people.update(with: look.scene)
        goods.update(with: look.scene)
        let aspect = Double(look.scene.picture.width) / Double(look.scene.picture.height)
        let alone = kind == .outOfStore ? storefront.offers(look, goods, in: zone, aspect) : []
        begin(look, aspect)
        for things in alone { begin(things, look.scene) }
        var findings: [Finding] = []
        var kept: [Place] = []
        for old in places {
            var place = old
            if look.scene.time - place.lastSeller <= Self.longestAbsence { see(&place, look, passing, alone, aspect) }
            if let end = end(of: place, at: look.scene.time) {
                let over = Incident.Reason(
                    at: end, what: "nobody and nothing was seen there any more", zh: "那里已没有人，也没有物品")
                findings.append(finding(place, .ended(at: end), place.why + [over]))
            } else {
                if let judged = judge(&place, look.scene) { findings.append(judged) }
                kept.append(place)
            }
        }
        places = kept
        return findings
    }

    /// A place starts where a lingering person has things within reach that make a stall, or might.
    private mutating func begin(_ look: Observation, _ aspect: Double) {
        for person in people.staying where zone.polygon.share(of: person.box.footprint) >= Self.footprintShare {
            let offer = Offer(around: person.box, look, goods, aspect)
            let things = offer.brought.isEmpty ? offer.possible : offer.brought
            guard !things.isEmpty else { continue }
            begin(
                person.box, things, since: person.since, "somebody stays with things as vendors have them",
                zh: "有人停留，旁边有像摊贩所带的物品", isBrought: !offer.brought.isEmpty, look.scene)
        }
    }

    /// Or where goods put out by a shop stand alone.
    private mutating func begin(_ goods: [Offer.Thing], _ scene: Scene) {
        guard let first = goods.first else { return }
        let since = goods.map(\.since).min() ?? first.since
        begin(
            first.box, goods, since: since, "goods stand before the shop", zh: "店外摆放着货物", isBrought: true, scene)
    }

    private mutating func begin(
        _ middle: Box, _ things: [Offer.Thing], since: MediaTime, _ what: String, zh: String, isBrought: Bool,
        _ scene: Scene
    ) {
        guard !places.contains(where: { $0.box.grown(by: 0.25).intersection(middle) > 0 }) else { return }
        let since = max(since, things.map(\.since).min() ?? since)
        let box = things.reduce(middle) { $0.union($1.box) }
        var place = Place(
            id: nextID, box: box,
            clock: DwellClock(since: since, scene, settings.windows, isForbidden: isForbidden(box, scene)),
            lastSeen: scene.time, lastSeller: scene.time)
        place.why = [.init(at: since, what: what, zh: zh)]
        // The looks that created it count as well.
        place.looks = [Look(time: since, seller: true, things: true, isBrought: isBrought)]
        place.broughtSince = isBrought ? since : nil
        places.append(place)
        nextID += 1
    }

    private func isForbidden(_ box: Box, _ scene: Scene) -> Bool {
        settings.windows.contains(scene.date) && !settings.permits.contains { $0.covers(box, at: scene.date) }
    }

    private func see(
        _ place: inout Place, _ look: Observation, _ passing: [Box], _ alone: [[Offer.Thing]], _ aspect: Double
    ) {
        let time = look.scene.time
        let near = place.box.grown(by: 0.2)
        let sellers = people.staying.filter { $0.box.covered(by: near) > 0.3 }
        let (around, offer) = best(sellers, place, look, aspect)
        let shop = alone.first { $0.contains { $0.box.intersection(place.box) > 0 } } ?? []
        let brought = offer.brought.filter { $0.box.intersection(near) > 0 } + shop
        let things = brought.isEmpty ? offer.possible.filter { $0.box.intersection(near) > 0 } : brought
        let isAttended = !sellers.isEmpty || !shop.isEmpty
        place.names.formUnion(things.map(\.name))
        place.visitors += passing.count { $0.intersection(near) > 0 }
        var customers = place.customers ?? Customers()
        customers.update(people, sellers: sellers, aspect)
        place.customers = customers
        if isAttended { place.lastSeller = time }
        if !sellers.isEmpty { place.hasSeller = true }
        // A miss of the detector is bridged for a few looks. One empty look may be a gap; the second one dates the
        // departure.
        let seen = (sellers.map(\.lastSeen) + things.map(\.lastSeen)).max() ?? place.lastSeen
        place.lastSeen = max(place.lastSeen, seen)
        if place.lastSeen < time {
            let looks = (place.missed?.looks ?? 0) + 1
            place.missed = Missed(looks: looks, second: looks <= 2 ? time : place.missed?.second ?? time)
        } else {
            place.missed = nil
        }
        place.emptied =
            isAttended || !things.isEmpty
            ? nil : Emptied(since: place.missed?.second ?? time, looks: (place.emptied?.looks ?? 0) + 1)
        if isAttended, !brought.isEmpty, place.broughtSince == nil {
            place.broughtSince = max(sellers.map(\.since).min() ?? time, brought.map(\.since).min() ?? time)
        }
        place.looks.append(
            Look(time: time, seller: isAttended, things: !things.isEmpty, isBrought: !brought.isEmpty))
        let earliest = time + -max(settings.dwell, 20)
        place.looks.removeAll { $0.time < earliest }
        if !place.looks.contains(where: { $0.isBrought ?? $0.things }) { place.broughtSince = nil }
        let count = Double(max(1, place.looks.count))
        place.score =
            min(Double(place.looks.count { $0.seller }), Double(place.looks.count { $0.things })) / count
        if !place.stood, isAttended, !things.isEmpty {
            place.box = things.reduce(sellers.map(\.box).reduce(around) { $0.union($1) }) { $0.union($1.box) }
        }
    }

    /// The lingering person with the most goods, and those goods.
    private func best(
        _ sellers: [LingeringPeople.Person], _ place: Place, _ look: Observation, _ aspect: Double
    ) -> (Box, Offer) {
        let boxes = sellers.isEmpty ? [place.box] : sellers.map(\.box)
        let offers = boxes.map { ($0, Offer(around: $0, look, goods, aspect)) }
        return offers.first { !$0.1.brought.isEmpty } ?? offers.first { !$0.1.possible.isEmpty }
            ?? (boxes[0], offers[0].1)
    }

    private func end(of place: Place, at time: MediaTime) -> MediaTime? {
        if let emptied = place.emptied, emptied.looks >= Self.emptyLooks { return emptied.since }
        return time - place.lastSeller > Self.longestAbsence ? place.lastSeller : nil
    }

    /// Nil where nothing was brought and no customer has come: a person lingers beside a car.
    private func judge(_ place: inout Place, _ scene: Scene) -> Finding? {
        if place.stood {
            return finding(place, place.emptied == nil ? .standing : .hidden, place.why)
        }
        let forbidden = isForbidden(place.box, scene)
        if place.clock.judge(isForbidden: forbidden, at: scene.time) {
            place.why.append(
                .init(
                    at: scene.time, what: "selling became forbidden at this hour or place", zh: "此时此处已禁止摆卖"))
        }
        let parties = place.customers?.parties ?? 0
        // Without customers only brought goods count, from the time they were brought.
        let isSelling = parties >= Customers.enough
        let counts = isSelling ? place.clock.counts : max(place.clock.counts, place.broughtSince ?? scene.time)
        let dwell = scene.time - counts
        let brought = Double(place.looks.count { $0.isBrought ?? $0.things }) / Double(max(1, place.looks.count))
        guard forbidden, place.emptied == nil, dwell >= settings.dwell, place.score >= Self.presence,
            isSelling || brought >= Self.presence
        else {
            return parties > 0 || brought > 0 ? finding(place, .pending, place.why) : nil
        }
        place.clock.counts = counts
        place.stood = true
        let names = place.names.sorted()
        let inChinese = names.map { ObjectClass(rawValue: $0)?.chinese ?? "货物" }.joined(separator: "、")
        let seconds = Int(dwell.rounded(.down))
        let inEnglish = names.joined(separator: ", ")
        let isAlone = place.hasSeller != true
        place.why.append(
            .init(
                at: scene.time,
                what: (isAlone
                    ? "for \(seconds) s \(inEnglish) before the shop, nobody with it; "
                    : "for \(seconds) s somebody with \(inEnglish); ")
                    + "\(parties) came, stopped and left, \(place.visitors) others came close",
                zh: (isAlone ? "店外摆放\(inChinese) \(seconds) 秒，旁边无人看守；" : "\(seconds) 秒内有人带着\(inChinese)停留；")
                    + "\(parties) 人来过、停下又离开，另有 \(place.visitors) 人走近",
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
