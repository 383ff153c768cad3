extension BrokerSettings {
    enum Key: String, CaseIterable {
        case host, port
        case version = "protocol"
        case clientID = "client_id"
        case username
        case passwordFile = "password_file"
        case topicRoot = "topic_root"
        case topicKind = "topic_kind"
        case product
        case keepAlive = "keep_alive"
        case tls
    }

    static func read(_ section: Section<Key>, site: SiteSettings) -> BrokerSettings {
        if section.node(.host) == nil { section.reportMissing(.host, example: "192.168.1.10") }
        let host = section.text(.host, form: "the name or address of a host, without mqtt:// and port") {
            !$0.isEmpty && $0.utf8.count <= 253 && !$0.contains { $0.isWhitespace || $0 == "/" || $0 == "@" }
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
        broker.topicKind = section.choice(.topicKind) ?? broker.topicKind
        broker.product = section.choice(.product)
        checkDots(broker, section)
        broker.keepAlive = section.integer(.keepAlive, 5...3600, "seconds") ?? broker.keepAlive
        broker.tls = section.section(.tls, place: "\(section.place), tls").map(TLSSettings.read)
        return broker
    }

    /// A dot is the separator of levels within these brokers: NATS breaks the connection over one, RabbitMQ and ActiveMQ
    /// make a level of it.
    private static func checkDots(_ broker: BrokerSettings, _ section: Section<Key>) {
        let takesNoDot = broker.product.map { [.nats, .rabbitmq, .activemq].contains($0) } ?? false
        if takesNoDot, broker.topicKind == .dotted {
            section.report(
                "\(broker.product?.rawValue ?? "") takes no dot in a level of a topic: add topic_kind: underscored",
                section.node(.topicKind) == nil ? .product : .topicKind)
        }
        if takesNoDot || broker.topicKind == .underscored, broker.topicRoot.contains(".") {
            section.report("topic_root must be without a dot where topic_kind is underscored", .topicRoot)
        }
        if broker.product == .nats, broker.version == .mqtt5, section.node(.version) != nil {
            section.report("nats speaks MQTT 3.1.1 only: write protocol: mqtt3.1.1", .version)
        }
    }

    private static func isTopic(_ text: String) -> Bool {
        text.utf8.count <= 128 && !text.hasPrefix("$") && !text.contains { "+#\0".contains($0) || $0.isWhitespace }
            && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
    }
}
