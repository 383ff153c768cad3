/// What was handed over and the broker has not acknowledged yet, and until when it may take its time.
struct Unacknowledged {
    private struct Entry {
        let operation: String
        let bytes: Int
        let deadline: ContinuousClock.Instant
    }

    private var entries: [Int32: Entry] = [:]
    /// Of what is on its way.
    private var bytes = 0

    var isEmpty: Bool { entries.isEmpty }

    /// - Parameter seconds: beside the time that a slow line takes for this and what is before it.
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

    /// What one of them was to do whose time is over.
    func overdue(at now: ContinuousClock.Instant) -> String? {
        entries.values.first { $0.deadline < now }?.operation
    }
}
