import Console
import Contract
import Domain
import Foundation
import MQTT
package import Postgres
package import Runtime
package import SiteConfiguration

extension CentreSettings {
    /// Resolves what the configuration names: reads passwords and secrets, and checks certificates. Throws all
    /// `ConfigurationFaults` at once.
    ///
    /// - Parameters:
    ///   - file: the name of the configuration file in faults.
    ///   - software: name and version.
    ///   - secrets: learns the passwords.
    package init(
        _ configuration: CentreConfiguration, file: String, software: String, secrets: KnownSecrets = KnownSecrets()
    ) throws {
        var named = NamedFiles(configuration, file: file)
        let brokers = configuration.brokers.enumerated().compactMap { number, broker in
            Self.broker(broker, ["centre", "brokers", "\(number)"], &named, secrets)
        }
        let webhooks = configuration.routes.enumerated().compactMap { number, route in
            Self.webhook(route, ["centre", "routes", "\(number)", "webhook"], &named, secrets)
        }
        let postgres = Self.postgres(configuration, &named, secrets)
        let folder = URL(filePath: configuration.folderPath)
        let socket = folder.appending(path: Self.socketName)
        if socket.path.utf8.count > LocalSocket.longestPath {
            named.report(
                "the path of the socket beside it, \(socket.path), has \(socket.path.utf8.count) bytes of at most "
                    + "\(LocalSocket.longestPath): choose a shorter one",
                at: ["centre", configuration.isPostgres ? "folder" : "store"])
        }
        try named.end()
        let isUnderscored = configuration.brokers.contains { $0.topicKind == .underscored }
        self.init(
            id: configuration.id, area: configuration.area,
            topics: AlertTopics(
                root: configuration.brokers.first?.topicRoot ?? "mg/v1", kinds: isUnderscored ? .underscored : .dotted),
            brokers: brokers,
            store: configuration.isPostgres
                ? folder.appending(path: "centre.sqlite") : URL(filePath: configuration.store),
            rules: CaseRules(configuration),
            software: software)
        self.webhooks = webhooks
        self.postgres = postgres
        instance = configuration.instance
        page = configuration.console.listen.map {
            .init(
                address: $0.address, port: $0.port, hosts: configuration.console.hosts,
                trustedProxies: configuration.console.trustedProxies)
        }
        keepMessages = configuration.keep.messageDays
        keepCases = configuration.keep.caseDays
        keepEvidence = configuration.keep.evidenceDays
    }

    /// The database alone, for who needs no broker. Throws `ConfigurationFaults`.
    package static func postgres(
        _ configuration: CentreConfiguration, file: String, secrets: KnownSecrets = KnownSecrets()
    ) throws -> PostgresSettings? {
        var named = NamedFiles(configuration, file: file)
        let settings = postgres(configuration, &named, secrets)
        try named.end()
        return settings
    }

    private static func postgres(
        _ configuration: CentreConfiguration, _ named: inout NamedFiles, _ secrets: KnownSecrets
    ) -> PostgresSettings? {
        guard configuration.isPostgres else { return nil }
        var password: Secret?
        if let file = configuration.storePasswordFile {
            guard
                let read = named.secret(
                    file, "the store_password_file", "write the password into it, and nothing else",
                    at: ["centre", "store_password_file"])
            else { return nil }
            secrets.learn(read)
            password = Secret(read)
        }
        guard
            var settings = named.attempt(
                at: ["centre", "store"], { try PostgresSettings(address: configuration.store, password: password) })
        else { return nil }
        settings.application = LeaseHolder.prefix + configuration.instanceName
        return settings
    }

    private static func broker(
        _ broker: BrokerSettings, _ place: [String], _ named: inout NamedFiles, _ secrets: KnownSecrets
    ) -> MQTTSettings? {
        var tls: MQTTSettings.TLS?
        if let files = broker.tls {
            let place = place + ["tls"]
            let authorities = named.path(files.caFile, "the ca_file of a broker", at: place + ["ca_file"])
            let certificate = named.path(
                files.certificateFile, "the certificate_file of a broker", at: place + ["certificate_file"])
            let key = named.path(files.keyFile, "the key_file of a broker", at: place + ["key_file"])
            guard let authorities, (certificate == nil) == (files.certificateFile == nil),
                (key == nil) == (files.keyFile == nil)
            else { return nil }
            let found = MQTTSettings.TLS(authorities: authorities, certificate: certificate, key: key)
            guard named.attempt(at: place, { try found.check() }) != nil else { return nil }
            tls = found
        }
        var password: Secret?
        if let file = broker.passwordFile {
            guard
                let read = named.secret(
                    file, "the password_file of a broker", "write the password into it, and nothing else",
                    at: place + ["password_file"])
            else { return nil }
            secrets.learn(read, user: broker.username)
            password = Secret(read)
        }
        let version: MQTTSettings.Version? =
            switch broker.version {
            case .auto: nil
            case .mqtt5: .v5
            case .mqtt311: .v311
            }
        var settings = MQTTSettings(
            host: broker.host, port: broker.port, clientID: broker.clientID, username: broker.username,
            password: password, keepAlive: broker.keepAlive, version: version, tls: tls)
        settings.secrets = secrets
        settings.addresses = broker.addresses
        settings.ackTimeout = Double(broker.ackTimeout)
        return settings
    }

    private static func webhook(
        _ route: CentreConfiguration.Route, _ place: [String], _ named: inout NamedFiles, _ secrets: KnownSecrets
    ) -> CaseWebhook? {
        guard let webhook = route.webhook else { return nil }
        secrets.learn(address: webhook.url)
        var secret: Secret?
        if let file = webhook.secretFile {
            guard
                let read = named.secret(
                    file, "the secret_file of route \(route.id)", "write the secret into it, and nothing else",
                    at: place + ["secret_file"])
            else { return nil }
            secrets.learn(read)
            secret = Secret(read)
        }
        let authorities = named.path(webhook.caFile, "the ca_file of route \(route.id)", at: place + ["ca_file"])
        guard (authorities == nil) == (webhook.caFile == nil) else { return nil }
        return CaseWebhook(route: route.id, url: webhook.url, secret: secret, authorities: authorities)
    }
}

extension CaseRules {
    package init(_ configuration: CentreConfiguration) {
        let calendar = configuration.calendar
        self.init(
            name: configuration.id,
            calendar: WorkingCalendar(
                hours: calendar.hours, holidays: calendar.holidays, workdays: calendar.workdays,
                timeZone: configuration.timeZone), timeZone: configuration.timeZone)
        prefix = configuration.numberPrefix
        kinds = configuration.kinds
        limits = configuration.limits.map { limit in
            let plain = Limits()
            return (
                limit.kinds,
                Limits(
                    accept: limit.accept ?? plain.accept, handle: limit.handle ?? plain.handle,
                    check: limit.check ?? plain.check)
            )
        }
        for place in configuration.places { for zone in place.zones { places[zone] = place.id } }
        routes = configuration.routes.map { item in
            var route = Route(
                name: item.id, kinds: item.kinds, area: item.area.map { $0.segment($0.level) } ?? "",
                department: item.department, hasTopic: item.hasTopic, hasWebhook: item.webhook != nil)
            route.hasRecord = item.hasRecord
            (route.departmentCode, route.departmentName) = (item.departmentCode, item.departmentName)
            return route
        }
        acceptsConfirmed = configuration.auto.acceptsConfirmed
        selfResolvedAfter = configuration.auto.selfResolvedAfter
        checkedClosesAfter = configuration.auto.checkedClosesAfter
    }
}

/// Files that a configuration names, and the faults of those that cannot be had, each at its key.
private struct NamedFiles {
    private let configuration: CentreConfiguration
    private let file: String
    private var faults: [ConfigurationFault] = []

    init(_ configuration: CentreConfiguration, file: String) {
        (self.configuration, self.file) = (configuration, file)
    }

    mutating func report(_ message: String, at place: [String]) {
        faults.append(configuration.fault(message, at: place, in: file))
    }

    /// Nil where `body` throws; its error is then a fault.
    mutating func attempt<Result>(at place: [String], _ body: () throws -> Result) -> Result? {
        do { return try body() } catch {
            report("\(error)", at: place)
            return nil
        }
    }

    /// Nil without a name, and where there is no such file.
    mutating func path(_ text: String?, _ what: String, at place: [String]) -> String? {
        guard let text else { return nil }
        return attempt(at: place) {
            let path = try SecretFile.path(text)
            try SecretFile.checkKind(of: path, what)
            return path
        }
    }

    /// The first line of a file.
    mutating func secret(_ text: String, _ what: String, _ form: String, at place: [String]) -> String? {
        attempt(at: place) { try SecretFile.lines(of: text, what, count: 1, form: form)[0] }
    }

    func end() throws {
        guard !faults.isEmpty else { return }
        throw ConfigurationFaults(faults: faults.sorted { ($0.line, $0.column) < ($1.line, $1.column) })
    }
}
