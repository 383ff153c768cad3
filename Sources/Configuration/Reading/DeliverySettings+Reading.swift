import Domain
import Foundation
import Yams

extension DeliverySettings {
    enum Key: String, CaseIterable { case refusals, webhooks }

    static func read(_ section: Section<Key>, catalogue: Catalogue) -> DeliverySettings {
        var delivery = DeliverySettings()
        delivery.refusals = section.choice(.refusals) ?? delivery.refusals
        var ids = UniqueIDs("webhook")
        delivery.webhooks = (section.list(.webhooks, of: "webhooks {id, url, …}") ?? []).enumerated().compactMap {
            let place = ids.place(of: $0.element, index: $0.offset)
            ids.take($0.element, place: place, section.log)
            return Section($0.element, place: place, at: Position($0.element), section.log).map {
                Webhook.read($0, catalogue: catalogue)
            }
        }
        return delivery
    }
}

extension DeliverySettings.Webhook {
    enum Key: String, CaseIterable {
        case id, url, kinds, areas, header
        case headerFile = "header_file"
        case caFile = "ca_file"
        case dialect, refusals, timeout
    }

    static func read(_ section: Section<Key>, catalogue: Catalogue) -> DeliverySettings.Webhook {
        var webhook = DeliverySettings.Webhook(
            id: section.identifier(.id, example: "city-desk") ?? "", url: address(section) ?? "")
        if webhook.id == "broker" { section.report("broker is the name of the broker itself: choose another id", .id) }
        webhook.kinds = kinds(section, catalogue)
        webhook.areas = areas(section)
        webhook.header = section.text(.header, form: "the name of a header, e.g. Authorization", isHeader)
        webhook.headerFile = section.text(.headerFile)
        if (section.node(.header) == nil) != (section.node(.headerFile) == nil) {
            section.report(
                "header and header_file go together: add the other one, or remove this one",
                section.node(.header) == nil ? .headerFile : .header)
        }
        webhook.caFile = section.text(.caFile)
        webhook.dialect = section.choice(.dialect) ?? webhook.dialect
        webhook.refusals = section.choice(.refusals) ?? webhook.refusals
        webhook.timeout = section.integer(.timeout) ?? webhook.timeout
        return webhook
    }

    /// Never quoted in a fault: it may contain a secret.
    private static func address(_ section: Section<Key>) -> String? {
        if section.node(.url) == nil { section.reportMissing(.url, example: "https://desk.example.org/alerts") }
        guard let text = section.raw(.url) else { return nil }
        guard text.utf8.count <= 2048, let parts = URLComponents(string: text),
            ["http", "https"].contains(parts.scheme ?? ""), let host = parts.host, !host.isEmpty,
            parts.port.map({ (1...65535).contains($0) }) ?? true
        else {
            section.report("url must be an address that begins with https:// or http:// and names a host", .url)
            return nil
        }
        guard parts.user == nil, parts.password == nil else {
            section.report("url must hold no user and password: give them with header and header_file", .url)
            return nil
        }
        guard parts.fragment == nil else {
            section.report("url must be without a #", .url)
            return nil
        }
        return text
    }

    private static func kinds(_ section: Section<Key>, _ catalogue: Catalogue) -> [String] {
        (section.list(.kinds, of: "kinds, e.g. [parking.motor, vending.*]") ?? []).compactMap { node in
            let text = node.scalar?.string ?? ""
            let isKnown =
                text.hasSuffix(".*")
                ? catalogue.kinds.contains { $0.isCovered(by: text) }
                : catalogue[AlertKind(rawValue: text)] != nil
            if isKnown { return text }
            section.log.report("\(section.place): \(Wording.noKind(text, catalogue))", at: Position(node))
            return nil
        }
    }

    private static func areas(_ section: Section<Key>) -> [AreaCode] {
        (section.list(.areas, of: "area codes, e.g. [\"320583\"]") ?? []).compactMap { node in
            if let text = node.scalar?.string, let area = try? AreaCode(text) { return area }
            section.log.report(
                "\(section.place): an item of areas must be an area code of 2, 4, 6, 9 or 12 digits, e.g. 320583",
                at: Position(node))
            return nil
        }
    }

    /// RFC 9110, 5.1; without those that the message itself has.
    private static func isHeader(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                let scalar = Unicode.Scalar(byte)
                return scalar.properties.isAlphabetic && scalar.isASCII || ("0"..."9").contains(scalar)
                    || "!#$%&'*+-.^_`|~".unicodeScalars.contains(scalar)
            }
            && !["content-type", "content-length", "host", "user-agent", "transfer-encoding", "connection"]
                .contains(text.lowercased())
    }
}

extension InboundSettings {
    enum Key: String, CaseIterable { case enabled, reviewers, commanders }

    static func read(_ section: Section<Key>) -> InboundSettings {
        var inbound = InboundSettings()
        inbound.isEnabled = section.boolean(.enabled) ?? inbound.isEnabled
        inbound.policy = AccessPolicy(
            reviewers: parties(section, .reviewers, "reviewer"),
            commanders: parties(section, .commanders, "commander"))
        return inbound
    }

    private static func parties(_ section: Section<Key>, _ key: Key, _ what: String) -> [AccessPolicy.Party] {
        (section.list(key, of: "maps such as {by: worker-17, area: \"320583\"}") ?? []).enumerated().compactMap {
            let place = "\(section.place), \(what) no. \($0.offset + 1)"
            return Section($0.element, place: place, at: Position($0.element), section.log).flatMap(
                AccessPolicy.Party.read)
        }
    }
}

extension AccessPolicy.Party {
    enum Key: String, CaseIterable { case by, area }

    /// Nil for a faulty name: it must not become one that matches everyone.
    static func read(_ section: Section<Key>) -> AccessPolicy.Party? {
        if section.node(.by) == nil { section.reportMissing(.by, example: "worker-17") }
        let name = section.text(.by, form: "1 to 128 characters on one line") {
            (1...128).contains($0.count) && !$0.contains(where: \.isNewline)
        }
        let form = "an area code of 2, 4, 6, 9 or 12 digits, e.g. 320583"
        let area = section.text(.area, form: form) { (try? AreaCode($0)) != nil }.flatMap { try? AreaCode($0) }
        return name.map { AccessPolicy.Party(by: $0, area: area) }
    }
}
