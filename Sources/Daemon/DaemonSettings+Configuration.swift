import Catalogue
public import Configuration
import Delivery
import Foundation
import Inference
import Video

/// What a configuration names that cannot be had: a file of credentials, a model.
public struct SetupError: Error, CustomStringConvertible {
    public let description: String
}

extension DaemonSettings {
    /// Resolves what the configuration names: reads credentials, finds the model in its manifest.
    ///
    /// - Parameter software: name and version for the provenance of alerts.
    public init(_ configuration: Configuration, software: String) throws {
        let site = configuration.site
        let folder = site.modelsDirectory
        let model = try ModelManifest.load(folder: folder).entry(configuration.detector.model).model(in: folder)
        let evidence = configuration.evidence
        self.init(
            site: SiteIdentity(
                id: site.id, place: Place(area: site.area, grid: site.grid, microgrid: site.microgrid),
                software: software, configurationSHA256: SHA256.hex(Array(configuration.text.utf8)),
                catalogue: try Catalogue.builtIn().version,
                model: .init(name: model.name, version: model.version, sha256: model.sha256)),
            broker: try Self.broker(configuration.broker),
            topics: AlertTopics(
                root: configuration.broker.topicRoot,
                kinds: configuration.broker.topicKind == .underscored ? .underscored : .dotted),
            model: model,
            threads: configuration.detector.threads, stateFolder: URL(filePath: site.stateDirectory),
            evidenceFolder: evidence.isEnabled ? URL(filePath: evidence.directory) : nil,
            evidenceDays: evidence.keepDays, jpegQuality: evidence.jpegQuality,
            masking: MaskingModels(folder: folder),
            cameras: try configuration.cameras.map { camera in
                CameraService.Settings(
                    identity: CameraIdentity(
                        id: camera.id, name: camera.name, gb28181: camera.gb28181, longitude: camera.longitude,
                        latitude: camera.latitude,
                        place: Place(area: camera.area, grid: camera.grid, microgrid: camera.microgrid),
                        timeZone: site.timeZone),
                    stream: try Self.stream(camera),
                    zones: camera.zones.map { WatchedZone(zone: $0.zone, rules: $0.rules) },
                    minimumScore: configuration.detector.minimumScore)
            })
        modelsFolder = folder
        departments = site.departments
        kinds = site.kinds
        hardExamples = evidence.hardExamples
        publishesEvidence = evidence.isEnabled && evidence.isPublished
        let outbox = configuration.outbox
        outboxBudget = OutboxBudget(messages: outbox.maxMessages, bytes: outbox.maxMegabytes << 20)
        evidenceBudget = evidence.maxMegabytes << 20
        auditDays = outbox.auditDays
        metrics = configuration.metrics.listen.map { ($0.address, $0.port) }
        authority = configuration.inbound.isEnabled ? Self.authority(configuration.inbound) : nil
    }

    /// Reads the file of a running daemon again. Throws where it has faults, or changes more than the cameras.
    public init(reading path: String, insteadOf running: Configuration, software: String) throws {
        let configuration = try Configuration.load(path: path)
        let sections = running.sections(differingFrom: configuration)
        guard sections.isEmpty else {
            throw SetupError(
                description: "\(path) changes \(sections.joined(separator: ", ")), which needs a restart; "
                    + "restart the service, or take back all but the changes of cameras")
        }
        try self.init(configuration, software: software)
    }

    private static func authority(_ inbound: InboundSettings) -> Authority {
        func parties(_ parties: [InboundSettings.Party]) -> [Authority.Party] {
            parties.map { Authority.Party(by: $0.by, area: $0.area) }
        }
        return Authority(reviewers: parties(inbound.reviewers), commanders: parties(inbound.commanders))
    }

    private static func broker(_ broker: BrokerSettings) throws -> MQTTSettings {
        let tls = try broker.tls.map { files in
            MQTTSettings.TLS(
                authorities: try SecretFile.path(files.caFile),
                certificate: try files.certificateFile.map { try SecretFile.path($0) },
                key: try files.keyFile.map { try SecretFile.path($0) })
        }
        try tls?.check()
        return MQTTSettings(
            host: broker.host, port: broker.port, clientID: broker.clientID, username: broker.username,
            password: try broker.passwordFile.map {
                Secret(try SecretFile.lines(of: $0, "the broker's password_file")[0])
            },
            keepAlive: broker.keepAlive, version: broker.version == .mqtt5 ? .v5 : .v311,
            tls: tls)
    }

    private static func stream(_ camera: CameraSettings) throws -> Camera.Settings {
        var (user, password) = (String?.none, String?.none)
        if let file = camera.credentialsFile {
            let lines = try SecretFile.lines(of: file, "the credentials_file of camera \(camera.id)")
            guard lines.count >= 2 else {
                throw SetupError(
                    description: "\(file), the credentials_file of camera \(camera.id), holds one line; "
                        + "write the user on the first and the password on the second, or leave that one empty where "
                        + "the camera has none")
            }
            (user, password) = (lines[0], lines[1])
        }
        return Camera.Settings(
            url: CameraURL(camera.url, user: user, password: password),
            transport: transport(camera.transport),
            cadence: cadence(camera), openTimeout: camera.openTimeout, readTimeout: camera.readTimeout)
    }

    private static func transport(_ transport: CameraSettings.Transport) -> Transport {
        switch transport {
        case .auto: .auto
        case .tcp: .tcp
        case .udp: .udp
        }
    }

    static func cadence(_ camera: CameraSettings) -> Cadence {
        let promise = camera.zones.map(\.promise).min() ?? 3
        return camera.decode == .keyFrames
            ? .keyFrames(promise: promise, interval: min(camera.lookEvery, promise))
            : .every(seconds: camera.lookEvery)
    }
}
