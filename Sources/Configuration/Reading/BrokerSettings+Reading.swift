import Domain
import Yams

extension BrokerSettings {
    enum Key: String, CaseIterable {
        case host, hosts, port
        case version = "protocol"
        case clientID = "client_id"
        case username
        case passwordFile = "password_file"
        case topicRoot = "topic_root"
        case topicKind = "topic_kind"
        case product
        case keepAlive = "keep_alive"
        case ackTimeout = "ack_timeout"
        case tls
    }

    static func read(_ section: Section<Key>, site: SiteSettings) -> BrokerSettings {
        if section.node(.host) == nil, section.node(.hosts) == nil {
            section.reportMissing(.host, example: "192.168.1.10")
        }
        let host = section.text(.host, form: "the name or address of a host, without mqtt:// and port") {
            Form.isHost($0)
        }
        var broker = BrokerSettings(
            host: host ?? "",
            clientID: section.text(.clientID, form: "1 to 64 characters without spaces") {
                (1...64).contains($0.utf8.count) && !$0.contains(where: \.isWhitespace)
            } ?? "gridwarden-\(site.id)")
        broker.port = section.integer(.port) ?? broker.port
        broker.hosts = more(section, after: broker)
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
        broker.keepAlive = section.integer(.keepAlive) ?? broker.keepAlive
        broker.ackTimeout = section.integer(.ackTimeout) ?? broker.ackTimeout
        broker.tls = section.section(.tls, place: "\(section.place), tls").map(TLSSettings.read)
        return broker
    }

    /// A dot separates levels within these brokers: NATS closes the connection on one, RabbitMQ and ActiveMQ treat it
    /// as a level.
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

    /// The items of `hosts`.
    private static func more(_ section: Section<Key>, after first: BrokerSettings) -> [ServerAddress] {
        guard let node = section.node(.hosts) else { return [] }
        guard let items = node.sequence, (1...8).contains(items.count) else {
            section.report("hosts must be a list of 1 to 8 hosts, e.g. [10.0.0.1, \"10.0.0.2:1884\"]", .hosts)
            return []
        }
        var addresses: [ServerAddress] = []
        for item in items {
            guard let address = item.scalar.flatMap({ address($0.string, port: first.port) }) else {
                section.report(
                    "an item of hosts must be the name or address of a host, with or without :port and IPv6 with a port in "
                        + "brackets, not \(Wording.quoted(item.scalar?.string ?? "a list or a map"))", .hosts)
                continue
            }
            guard !(first.addresses + addresses).contains(address) else {
                section.report("hosts names \(Wording.quoted(address.host)) with port \(address.port) twice", .hosts)
                continue
            }
            addresses.append(address)
        }
        return addresses
    }

    /// `host`, `host:port`, `[IPv6]`, `[IPv6]:port` or IPv6 alone; nil for anything else.
    static func address(_ text: String, port: Int) -> ServerAddress? {
        func made(_ host: Substring, _ rest: Substring) -> ServerAddress? {
            guard (1...253).contains(host.utf8.count),
                !host.contains(where: { $0.isWhitespace || "/@[]".contains($0) })
            else { return nil }
            if rest.isEmpty { return ServerAddress(host: String(host), port: port) }
            guard rest.hasPrefix(":"), let port = Int(rest.dropFirst()), (1...65535).contains(port) else { return nil }
            return ServerAddress(host: String(host), port: port)
        }
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            return made(text[text.index(after: text.startIndex)..<end], text[text.index(after: end)...])
        }
        let colons = text.count { $0 == ":" }
        guard colons == 1, let colon = text.firstIndex(of: ":") else { return made(text[...], "") }
        return made(text[..<colon], text[colon...])
    }

    static func isTopic(_ text: String) -> Bool {
        text.utf8.count <= 128 && !text.hasPrefix("$") && !text.contains { "+#\0".contains($0) || $0.isWhitespace }
            && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
    }
}

extension TLSSettings {
    enum Key: String, CaseIterable {
        case caFile = "ca_file"
        case certificateFile = "certificate_file"
        case keyFile = "key_file"
    }

    static func read(_ section: Section<Key>) -> TLSSettings {
        var tls = TLSSettings()
        tls.caFile = section.text(.caFile) ?? tls.caFile
        tls.certificateFile = section.text(.certificateFile)
        tls.keyFile = section.text(.keyFile)
        switch (section.node(.certificateFile) == nil, section.node(.keyFile) == nil) {
        case (true, false):
            section.report("key_file needs a certificate_file: add it, or remove key_file", .keyFile)
        case (false, true):
            section.report("certificate_file needs a key_file: add it, or remove certificate_file", .certificateFile)
        default: break
        }
        return tls
    }
}
