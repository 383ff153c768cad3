extension OutboxSettings {
    enum Key: String, CaseIterable {
        case maxMessages = "max_messages"
        case maxMegabytes = "max_megabytes"
        case auditDays = "audit_days"
    }

    static func read(_ section: Section<Key>) -> OutboxSettings {
        var outbox = OutboxSettings()
        outbox.maxMessages = section.integer(.maxMessages) ?? outbox.maxMessages
        outbox.maxMegabytes = section.integer(.maxMegabytes) ?? outbox.maxMegabytes
        outbox.auditDays = section.integer(.auditDays) ?? outbox.auditDays
        return outbox
    }
}
