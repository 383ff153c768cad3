public import Foundation

/// One violation from its opening to its end. A value: each change makes a new revision.
public struct Incident: Sendable, Codable, Equatable {
    public enum State: String, Sendable, Codable { case opened, updated, closed, withdrawn }
    public enum CloseReason: String, Sendable, Codable {
        case cleared, handled
        case cameraLost = "camera_lost"
    }

    /// The object that was seen; the largest or best one of several.
    public struct Object: Sendable, Codable, Equatable {
        public var objectClass: ObjectClass
        public var count: Int
        /// Mean detector score over the looks with a detection, 0…1.
        public var confidence: Double
        public var box: Box

        public init(objectClass: ObjectClass, count: Int = 1, confidence: Double, box: Box) {
            self.objectClass = objectClass
            self.count = count
            self.confidence = confidence
            self.box = box
        }
    }

    /// One line of the explanation.
    public struct Reason: Sendable, Codable, Equatable {
        public var at: MediaTime
        public var what: String
        /// The same in Chinese; nil of what has no words of its own in Chinese, such as a fault of the box.
        public var zh: String?
        public var score: Double?

        public init(at: MediaTime, what: String, zh: String? = nil, score: Double? = nil) {
            self.at = at
            self.what = what
            self.zh = zh
            self.score = score
        }
    }

    /// UUIDv7.
    public let id: UUID
    public let kind: AlertKind
    public let camera: String
    public let zone: String
    public var revision: Int
    public var state: State
    public var closeReason: CloseReason?
    /// The newest verdict; nil without a review.
    public var review: Verdict?
    public var firstSeen: MediaTime
    public var confirmed: MediaTime
    public var lastSeen: MediaTime
    /// When the place was first seen empty again; nil while open.
    public var closed: MediaTime?
    /// The tolerated dwell in seconds.
    public var threshold: Double
    public var object: Object
    public var why: [Reason]

    public init(
        id: UUID, kind: AlertKind, camera: String, zone: String, revision: Int = 1, state: State = .opened,
        closeReason: CloseReason? = nil, review: Verdict? = nil, firstSeen: MediaTime, confirmed: MediaTime,
        lastSeen: MediaTime,
        closed: MediaTime? = nil, threshold: Double, object: Object, why: [Reason] = []
    ) {
        self.id = id
        self.kind = kind
        self.camera = camera
        self.zone = zone
        self.revision = revision
        self.state = state
        self.closeReason = closeReason
        self.review = review
        self.firstSeen = firstSeen
        self.confirmed = confirmed
        self.lastSeen = lastSeen
        self.closed = closed
        self.threshold = threshold
        self.object = object
        self.why = why
    }

    /// Seconds of media time for which the object has been there.
    public var dwell: Double { lastSeen - firstSeen }
    public var isOpen: Bool { state == .opened || state == .updated }

    /// The incident after a verdict; nil where nothing changes: it already has this verdict, or was withdrawn.
    public func reviewed(_ verdict: Verdict) -> Incident? {
        guard review != verdict, state != .withdrawn else { return nil }
        var incident = self
        incident.review = verdict
        incident.revision += 1
        switch verdict {
        case .confirmed where isOpen: incident.state = .updated
        case .handled where isOpen: (incident.state, incident.closeReason) = (.closed, .handled)
        case .confirmed, .handled: break
        default: (incident.state, incident.closeReason) = (.withdrawn, nil)
        }
        incident.why.append(
            Reason(at: lastSeen, what: "reviewed: \(verdict.rawValue)", zh: "核实结果：\(verdict.chinese)"))
        return incident
    }
}

/// A grid worker's finding at the place of an incident.
public enum Verdict: String, Sendable, Codable, CaseIterable {
    case confirmed
    case falsePositive = "false_positive"
    case duplicate
    case wrongKind = "wrong_kind"
    case outOfScope = "out_of_scope"
    case insufficientEvidence = "insufficient_evidence"
    case handled

    /// The verdict's name in Chinese, as the console has it.
    public var chinese: String {
        switch self {
        case .confirmed: "属实"
        case .falsePositive: "误报"
        case .duplicate: "重复"
        case .wrongKind: "类别不符"
        case .outOfScope: "不属管辖"
        case .insufficientEvidence: "证据不足"
        case .handled: "已处置"
        }
    }

    /// Whether the rule was right; nil where the verdict is undecided about it.
    public var isRight: Bool? {
        switch self {
        case .confirmed, .handled: true
        case .falsePositive, .wrongKind: false
        case .duplicate, .outOfScope, .insufficientEvidence: nil
        }
    }
}
