extension OutboxSettings {
    enum Key: String, CaseIterable {
        case maxMessages = "max_messages"
        case maxMegabytes = "max_megabytes"
        case auditDays = "audit_days"
    }

    static func read(_ section: Section<Key>) -> OutboxSettings {
        var outbox = OutboxSettings()
        outbox.maxMessages = section.integer(.maxMessages, 1000...10_000_000) ?? outbox.maxMessages
        outbox.maxMegabytes = section.integer(.maxMegabytes, 8...1_000_000) ?? outbox.maxMegabytes
        outbox.auditDays = section.integer(.auditDays, 184...3650, "days") ?? outbox.auditDays
        return outbox
    }
}
