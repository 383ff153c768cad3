public import Domain
public import Foundation

/// Turns findings into incidents: each violation is opened once, updated, and closed once.
public struct IncidentBook: Sendable {
    private struct Key: Hashable, Sendable {
        let kind: AlertKind
        let zone: String
        let place: Int
    }

    /// Least number of looks that a restored incident may go unseen before it counts as cleared; the seconds are
    /// defined by its rule.
    private static let restoredLooks = 4
    /// For a kind that no rule of this version finds: least overlap as in `RuleDescriptor.sameness`.
    private static let usualSameness = 0.4

    /// An incident is reported again when it has grown by this factor.
    private static let growth = 1.5

    private let camera: String
    private let makeID: @Sendable (MediaTime) -> UUID
    private var incidents: [Key: Incident] = [:]
    /// Open incidents of an earlier run, not yet matched by a finding.
    private var restored: [Incident]
    private var restoredSince: MediaTime?
    private var looksSinceRestore = 0
    private var interrupted: MediaTime?
    /// Kinds of which no incident begins.
    package var suspended: Set<AlertKind> = []
    /// Incidents that a review has ended while their objects are still there: nothing more is reported of them until
    /// the objects have gone.
    private var suppressed: [Key: UUID] = [:]
    /// The same from an earlier run, not yet seen again.
    private var restoredSuppressed: [Incident]
    private var unsuppressed: [UUID] = []

    /// - Parameters:
    ///   - restored: the incidents that were open when the last run ended.
    ///   - suppressed: the incidents that a review had ended while their objects stood there.
    ///   - makeID: a fresh UUIDv7 for an incident that opens at the given time.
    public init(
        camera: String, restored: [Incident] = [], suppressed: [Incident] = [],
        makeID: @escaping @Sendable (MediaTime) -> UUID
    ) {
        self.camera = camera
        self.restored = restored
        restoredSuppressed = suppressed
        self.makeID = makeID
    }

    public var open: [Incident] { incidents.values.filter(\.isOpen) + restored }

    /// Whether something of an earlier run has not been found again yet.
    public var isRestoring: Bool { !restored.isEmpty || !restoredSuppressed.isEmpty }

    /// Whether the incident is open in this book.
    public func holds(_ incident: UUID) -> Bool { open.contains { $0.id == incident } }

    /// Looks are suspended: the time until the next look does not count as time in which an open incident was not found
    /// again.
    public mutating func interrupt(at time: MediaTime) { interrupted = interrupted ?? time }

    /// A review has ended the incident: it leaves this book, and its object is ignored until it has gone.
    public mutating func suppress(_ incident: UUID) {
        if let key = incidents.first(where: { $0.value.id == incident })?.key {
            incidents[key] = nil
            suppressed[key] = incident
        } else if let index = restored.firstIndex(where: { $0.id == incident }) {
            restoredSuppressed.append(restored.remove(at: index))
        } else if !suppressed.values.contains(incident), !restoredSuppressed.contains(where: { $0.id == incident }) {
            unsuppressed.append(incident)
        }
    }

    /// The suppressed incidents whose objects have gone since the last call.
    public mutating func takeUnsuppressed() -> [UUID] {
        defer { unsuppressed = [] }
        return unsuppressed
    }

    /// Takes the findings of one look; returns the incidents that changed, in a fixed order.
    public mutating func advance(_ findings: [Finding], at time: MediaTime) -> [Incident] {
        var changes: [Incident] = []
        if let interrupted, let since = restoredSince { restoredSince = since + max(0, time - interrupted) }
        interrupted = nil
        // A standing finding takes its incident over before an ended one can close it.
        for finding in findings.filter({ !$0.hasEnded }) + findings.filter(\.hasEnded) {
            let key = Key(kind: finding.kind, zone: finding.zone, place: finding.place)
            if isSuppressed(finding, key) { continue }
            if incidents[key] == nil, adopt(finding, as: key), !finding.hasEnded { continue }
            if let change = apply(finding, key, at: time) { changes.append(change) }
        }
        return changes + closeRestored(at: time)
    }

    /// Adds to the explanation of an open incident, without a new revision.
    public mutating func explain(_ id: UUID, _ reason: Incident.Reason) {
        guard let key = incidents.first(where: { $0.value.id == id })?.key else { return }
        incidents[key]?.why.append(reason)
    }

    /// A new revision of an open incident that has more to show; nil where the finding has no open incident.
    public mutating func revise(_ finding: Finding, at time: MediaTime, why: String, zh: String? = nil)
        -> Incident?
    {
        let key = Key(kind: finding.kind, zone: finding.zone, place: finding.place)
        guard var incident = incidents[key] else { return nil }
        incident.state = .updated
        incident.revision += 1
        incident.why.append(.init(at: time, what: why, zh: zh))
        incidents[key] = incident
        return incident
    }

    private mutating func apply(_ finding: Finding, _ key: Key, at time: MediaTime) -> Incident? {
        guard var incident = incidents[key] else {
            guard finding.phase == .standing, !suspended.contains(finding.kind) else { return nil }
            let incident = Incident(
                id: makeID(time), kind: finding.kind, camera: camera, zone: finding.zone,
                firstSeen: finding.firstSeen, confirmed: time, lastSeen: finding.lastSeen,
                threshold: finding.threshold, object: finding.object, why: finding.why)
            incidents[key] = incident
            return incident
        }
        let before = incident.dwell
        incident.lastSeen = max(incident.lastSeen, finding.lastSeen)
        incident.object.confidence = finding.object.confidence
        if case .ended(let at) = finding.phase {
            incidents[key] = nil
            return close(incident, at: at, why: finding.why.last)
        }
        // A dwell that continues is reported again each time it has doubled.
        let doubled = doublings(incident.dwell, incident.threshold) > doublings(before, incident.threshold)
        let corrected = finding.object.objectClass != incident.object.objectClass
        let grown = finding.object.box.area >= Self.growth * incident.object.box.area
        guard doubled || corrected || grown else {
            incidents[key] = incident
            return nil
        }
        incident.state = .updated
        incident.revision += 1
        if grown {
            incident.object.box = finding.object.box
            incident.why.append(.init(at: time, what: "it has grown", zh: "范围扩大了"))
        }
        if corrected {
            incident.why.append(
                .init(
                    at: time, what: "class corrected to \(finding.object.objectClass.rawValue)",
                    zh: "类别更正为\(finding.object.objectClass.chinese)"))
        } else if doubled {
            incident.why.append(
                .init(
                    at: time, what: "still there after \(Int(incident.dwell)) s",
                    zh: "\(Int(incident.dwell)) 秒后仍在"))
        }
        incident.object.objectClass = finding.object.objectClass
        incidents[key] = incident
        return incident
    }

    private func doublings(_ dwell: Double, _ threshold: Double) -> Int {
        let ratio = dwell / max(1, threshold)
        return ratio >= 2 ? Int(ratio.rounded(.down)).bitWidth - Int(ratio.rounded(.down)).leadingZeroBitCount : 0
    }

    private func close(_ incident: Incident, at time: MediaTime, why: Incident.Reason?) -> Incident {
        var incident = incident
        incident.state = .closed
        incident.closeReason = .cleared
        incident.closed = time
        incident.revision += 1
        if let why { incident.why.append(why) }
        return incident
    }

    /// The same object in the same place as before the restart is the same incident.
    private mutating func adopt(_ finding: Finding, as key: Key) -> Bool {
        guard let index = Self.nearest(in: restored, to: finding) else { return false }
        incidents[key] = restored.remove(at: index)
        return true
    }

    /// The incident with the largest overlap.
    private static func nearest(in incidents: [Incident], to finding: Finding) -> Int? {
        let box = finding.object.box
        return incidents.indices.filter { isSame(incidents[$0], finding) }
            .max { incidents[$0].object.box.iou(box) < incidents[$1].object.box.iou(box) }
    }

    private static func isSame(_ incident: Incident, _ finding: Finding) -> Bool {
        incident.kind == finding.kind && incident.zone == finding.zone
            && incident.object.box.iou(finding.object.box) >= (Rules[incident.kind]?.sameness ?? usualSameness)
    }

    /// Seconds that a restored incident may go unseen.
    private static func grace(_ incident: Incident) -> Double {
        (Rules[incident.kind]?.grace ?? .short).seconds(threshold: incident.threshold)
    }

    private mutating func isSuppressed(_ finding: Finding, _ key: Key) -> Bool {
        if suppressed[key] == nil, incidents[key] == nil,
            let index = Self.nearest(in: restoredSuppressed, to: finding)
        {
            suppressed[key] = restoredSuppressed.remove(at: index).id
        }
        guard let incident = suppressed[key] else { return false }
        if finding.hasEnded {
            suppressed[key] = nil
            unsuppressed.append(incident)
        }
        return true
    }

    private mutating func closeRestored(at time: MediaTime) -> [Incident] {
        guard !restored.isEmpty || !restoredSuppressed.isEmpty else { return [] }
        let since = restoredSince ?? time
        restoredSince = since
        looksSinceRestore += 1
        guard looksSinceRestore >= Self.restoredLooks else { return [] }
        func isOver(_ incident: Incident) -> Bool { time - since >= Self.grace(incident) }
        unsuppressed += restoredSuppressed.filter(isOver).map(\.id)
        restoredSuppressed.removeAll(where: isOver)
        let gone = restored.filter(isOver)
        restored.removeAll(where: isOver)
        return gone.map {
            close(
                $0, at: since,
                why: .init(
                    at: since, what: "it was not found again when the watch began again", zh: "恢复观测后没有再看到"))
        }
    }
}
