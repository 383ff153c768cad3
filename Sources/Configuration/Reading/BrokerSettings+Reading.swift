extension BrokerSettings {
    enum Key: String, CaseIterable {
        case host, port
        case version = "protocol"
        case clientID = "client_id"
        case username
        case passwordFile = "password_file"
        case topicRoot = "topic_root"
        case keepAlive = "keep_alive"
        case tls
    }

    static func read(_ section: Section<Key>, site: SiteSettings) -> BrokerSettings {
        if section.node(.host) == nil { section.reportMissing(.host, example: "192.168.1.10") }
        let host = section.text(.host, form: "the name or address of a host, without mqtt:// and port") {
            Form.isHost($0)
        }
        var broker = BrokerSettings(
            host: host ?? "",
            clientID: section.text(.clientID, form: "1 to 64 characters without spaces") {
                (1...64).contains($0.utf8.count) && !$0.contains(where: \.isWhitespace)
            } ?? "gridwarden-\(site.id)")
        broker.port = section.integer(.port, 1...65535) ?? broker.port
        broker.version = section.choice(.version) ?? broker.version
        broker.username = section.text(.username)
        broker.passwordFile = section.text(.passwordFile)
        if section.node(.passwordFile) != nil, section.node(.username) == nil {
            section.report("password_file needs a username: add username, or remove password_file", .passwordFile)
        }
        broker.topicRoot =
            section.text(.topicRoot, form: "levels such as mg/v1, without +, # and spaces", isTopic)
            ?? broker.topicRoot
        broker.keepAlive = section.integer(.keepAlive, 5...3600, "seconds") ?? broker.keepAlive
        broker.tls = section.section(.tls, place: "\(section.place), tls").map(TLSSettings.read)
        return broker
    }

    private static func isTopic(_ text: String) -> Bool {
        text.utf8.count <= 128 && !text.hasPrefix("$") && !text.contains { "+#\0".contains($0) || $0.isWhitespace }
            && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
    }
}
