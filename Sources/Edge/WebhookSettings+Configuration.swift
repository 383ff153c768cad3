import Delivery
import Runtime
import SiteConfiguration

extension WebhookSettings {
    /// Bytes from which a part of a path may be a secret rather than a word.
    private static let longPart = 16

    /// Resolves the references of the configuration: the files of header and certificates. A missing one is reported.
    static func read(
        _ delivery: DeliverySettings, _ named: inout NamedThings, _ secrets: KnownSecrets
    ) -> [WebhookSettings] {
        delivery.webhooks.enumerated().compactMap { index, webhook in
            secrets.learn(address: webhook.url)
            // Many receivers identify their senders by a part of the path.
            for part in webhook.url.split(separator: "/").dropFirst(2) where part.utf8.count >= longPart {
                secrets.learn(String(part))
            }
            var header: Header?
            if let name = webhook.header, let file = webhook.headerFile {
                let value = named.attempt(at: "delivery", "webhooks", "\(index)", "header_file") {
                    () throws(SetupError) in
                    try SecretFile.lines(
                        of: file, "the header_file of webhook \(webhook.id)", count: 1,
                        form: "write the header's value into it, and nothing else")[0]
                }
                guard let value else { return nil }
                secrets.learn(value)
                // The part after the scheme is the secret, even where a receiver repeats only that.
                if let token = value.split(separator: " ").last.map(String.init), token != value {
                    secrets.learn(token)
                }
                header = Header(name: name, value: Secret(value))
            }
            var authorities: String?
            if let file = webhook.caFile {
                authorities = named.attempt(at: "delivery", "webhooks", "\(index)", "ca_file") {
                    () throws(SetupError) in
                    let path = try SecretFile.path(file)
                    try SecretFile.checkKind(of: path, "the ca_file of webhook \(webhook.id)")
                    return path
                }
                guard authorities != nil else { return nil }
            }
            return WebhookSettings(
                name: webhook.id, url: webhook.url, kinds: webhook.kinds, areas: webhook.areas, header: header,
                authorities: authorities, refusals: .init(webhook.refusals), dialect: webhook.dialect.made,
                timeout: Double(webhook.timeout))
        }
    }
}

extension DeliverySettings.Dialect {
    /// What speaks it.
    var made: any WebhookDialect {
        switch self {
        case .native: NativeDialect()
        case .homeAssistant: HomeAssistantDialect()
        }
    }
}

extension DeliveryLoop.Refusals {
    init(_ refusals: DeliverySettings.Refusals) {
        switch refusals {
        case .hold: self = .hold
        case .skip: self = .skip
        }
    }
}
