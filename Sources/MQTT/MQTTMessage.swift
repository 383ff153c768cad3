/// A topic and the payload published on it.
public struct MQTTMessage: Sendable, Hashable {
    public var topic: String
    public var payload: [UInt8]
    public var retain: Bool
    /// Seconds after which a broker deletes it; nil: never. Not available in MQTT 3.1.1.
    public var expiry: UInt32?

    public init(topic: String, payload: [UInt8], retain: Bool = false, expiry: UInt32? = nil) {
        self.topic = topic
        self.payload = payload
        self.retain = retain
        self.expiry = expiry
    }

    public init(topic: String, text: String, retain: Bool = false) {
        self.init(topic: topic, payload: Array(text.utf8), retain: retain)
    }
}

/// A sent message that awaits its acknowledgement.
public struct MQTTReceipt: Sendable {
    private let acknowledgement: @Sendable () async throws(MQTTError) -> Void
    private let forgotten: @Sendable () -> Void

    /// - Parameters:
    ///   - forgotten: called where the acknowledgement will not be awaited.
    package init(
        _ acknowledgement: @escaping @Sendable () async throws(MQTTError) -> Void,
        forgotten: @escaping @Sendable () -> Void = {}
    ) {
        (self.acknowledgement, self.forgotten) = (acknowledgement, forgotten)
    }

    /// Returns once the broker has acknowledged; throws where it refused or the connection broke. To be called once.
    public func acknowledged() async throws(MQTTError) { try await acknowledgement() }

    /// Instead of waiting.
    func forget() { forgotten() }
}

/// Whether there is a connection to the broker.
public enum MQTTConnection: Sendable, Equatable {
    case connecting
    case up
    case down(MQTTError)
}

/// Messages sent but not acknowledged yet, and their deadlines.
struct Unacknowledged {
    private struct Entry {
        let operation: String
        let bytes: Int
        let deadline: ContinuousClock.Instant
    }

    private var entries: [Int32: Entry] = [:]
    /// Bytes in flight.
    private var bytes = 0

    var isEmpty: Bool { entries.isEmpty }

    /// - Parameter seconds: in addition to the time that a slow line takes for this message and those before it.
    mutating func add(
        _ id: Int32, _ operation: String, bytes: Int, at now: ContinuousClock.Instant, within seconds: Double
    ) {
        self.bytes += bytes
        let time = seconds + Double(self.bytes) / MQTTSettings.slowestLink
        entries[id] = Entry(operation: operation, bytes: bytes, deadline: now + .seconds(time))
    }

    mutating func remove(_ id: Int32) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        bytes -= entry.bytes
    }

    /// The operation of one whose deadline has passed.
    func overdue(at now: ContinuousClock.Instant) -> String? {
        entries.values.first { $0.deadline < now }?.operation
    }
}
