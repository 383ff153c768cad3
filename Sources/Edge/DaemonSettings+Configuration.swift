import Console
import Contract
import Delivery
import Domain
import Foundation
import Hashing
import Inference
import Logging
import MQTT
import Pipeline
public import Runtime
public import SiteConfiguration
import Store
import Video

/// A valid file with changes that require a restart.
public struct NeedsRestart: Error, CustomStringConvertible {
    /// E.g. `broker.host`.
    public let keys: [String]
    public let description: String
}

extension SiteIdentity.Model {
    init(_ model: DetectionModel) { self.init(name: model.name, version: model.version, sha256: model.sha256) }
}

extension DaemonSettings {
    /// Resolves the references of the configuration: reads credentials, finds the model in its manifest. Throws all
    /// `ConfigurationFaults` at once.
    ///
    /// - Parameters:
    ///   - file: the name of the configuration file in faults.
    ///   - software: name and version for the provenance of alerts.
    ///   - secrets: learns the credentials.
    public init(
        _ configuration: Configuration, file: String = "the configuration", software: String,
        secrets: KnownSecrets = KnownSecrets()
    ) throws {
        let site = configuration.site
        let folder = site.modelsDirectory
        var named = NamedThings(configuration, file: file)
        let manifest = named.attempt(at: "site", "models_directory") { try ModelManifest.load(folder: folder) }
        let found = manifest.flatMap { manifest in
            named.attempt(at: "detector", "model") {
                try manifest.detectors(configuration.detector.chosenModel, in: folder)
            }
        }
        let broker = Self.broker(configuration.broker, &named, secrets)
        var streams: [Streams] = []
        for (index, camera) in configuration.cameras.enumerated() {
            if let stream = Self.stream(camera, index: index, &named, secrets) { streams.append(stream) }
        }
        let presets = configuration.cameras.enumerated().map { Self.presets($1, index: $0, &named) }
        let webhooks = WebhookSettings.read(configuration.delivery, &named, secrets)
        named.checkFolders()
        try named.end()
        guard let models = found, let broker, streams.count == configuration.cameras.count else {
            throw SetupError(description: "\(file) names something that cannot be had")
        }
        let evidence = configuration.evidence
        self.init(
            site: SiteIdentity(
                id: site.id, place: GridLocation(area: site.area, grid: site.grid, microgrid: site.microgrid),
                software: software, configurationSHA256: try SHA256.hex(Array(configuration.text.utf8)),
                catalogue: try Catalogue.builtIn().version,
                model: .init(models.all),
                timeZone: site.timeZone),
            broker: broker,
            topics: AlertTopics(
                root: configuration.broker.topicRoot,
                kinds: configuration.broker.topicKind == .underscored ? .underscored : .dotted),
            models: models,
            threads: configuration.detector.threads, stateFolder: URL(filePath: site.stateDirectory),
            evidenceFolder: evidence.isEnabled ? URL(filePath: evidence.directory) : nil,
            evidenceDays: evidence.keepDays, jpegQuality: evidence.jpegQuality,
            masking: MaskingModels(folder: folder),
            cameras: zip(zip(configuration.cameras, streams), presets).map { pair, presets in
                let (camera, streams) = pair
                var settings = CameraService.Settings(
                    identity: CameraIdentity(
                        id: camera.id, name: camera.name, gb28181: camera.gb28181, longitude: camera.longitude,
                        latitude: camera.latitude,
                        place: GridLocation(area: camera.area, grid: camera.grid, microgrid: camera.microgrid),
                        timeZone: site.timeZone),
                    stream: streams.watched,
                    zones: camera.zones.map {
                        WatchedZone(zone: $0.zone, rules: $0.rules, preset: $0.preset, promise: $0.promise)
                    },
                    minimumScore: configuration.detector.minimumScore, hasTiles: configuration.detector.hasTiles,
                    presets: presets)
                settings.detail = streams.detail
                return settings
            })
        self.secrets = secrets
        modelsFolder = folder
        departments = site.departments
        kinds = site.kinds
        hardExamples = evidence.hardExamples
        publishesEvidence = evidence.isEnabled && evidence.isPublished
        let outbox = configuration.outbox
        outboxBudget = OutboxBudget(messages: outbox.maxMessages, bytes: outbox.maxMegabytes << 20)
        evidenceBudget = evidence.maxMegabytes << 20
        auditDays = outbox.auditDays
        refusals = .init(configuration.delivery.refusals)
        self.webhooks = webhooks
        (dialects, language) = (configuration.dialects.made, configuration.dialects.language.made)
        metrics = configuration.metrics.listen.map { ($0.address, $0.port) }
        let page = configuration.console
        console = page.listen.map {
            ConsoleServer.Settings(
                address: $0.address, port: $0.port, hosts: page.hosts, trustedProxies: page.trustedProxies)
        }
        discoveryInterfaces = page.discovery.interfaces
        logLevel = Logger.Level(rawValue: configuration.logging.level.rawValue) ?? .info
        accessPolicy = configuration.inbound.isEnabled ? configuration.inbound.policy : nil
    }

    /// Reads the file of a running daemon again. Throws where it has faults, and `NeedsRestart` where a change requires
    /// a restart.
    public init(
        reading path: String, insteadOf running: Configuration, software: String, secrets: KnownSecrets = KnownSecrets()
    ) throws {
        let configuration = try Configuration.load(path: path)
        let keys = running.changesThatNeedRestart(configuration)
        guard keys.isEmpty else {
            throw NeedsRestart(
                keys: keys,
                description: "\(path) changes \(keys.joined(separator: ", ")), which needs a restart; "
                    + "restart the service, or take back this change")
        }
        try self.init(configuration, file: path, software: software, secrets: secrets)
    }

    private static func broker(
        _ broker: BrokerSettings, _ named: inout NamedThings, _ secrets: KnownSecrets
    ) -> MQTTSettings? {
        func path(_ text: String?, _ key: String) -> String? {
            guard let text else { return nil }
            return named.attempt(at: "broker", "tls", key) { () throws(SetupError) in
                let path = try SecretFile.path(text)
                try SecretFile.checkKind(of: path, "broker, tls: \(key)")
                return path
            }
        }
        var tls: MQTTSettings.TLS?
        if let files = broker.tls {
            let authorities = path(files.caFile, "ca_file")
            let (certificate, key) = (
                path(files.certificateFile, "certificate_file"), path(files.keyFile, "key_file")
            )
            if let authorities, (certificate == nil) == (files.certificateFile == nil),
                (key == nil) == (files.keyFile == nil)
            {
                let found = MQTTSettings.TLS(authorities: authorities, certificate: certificate, key: key)
                tls = named.attempt(at: "broker", "tls") {
                    try found.check()
                    return found
                }
            }
            if tls == nil { return nil }
        }
        var password: Secret?
        if let file = broker.passwordFile {
            let read = named.attempt(at: "broker", "password_file") { () throws(SetupError) in
                try SecretFile.lines(
                    of: file, "the broker's password_file", count: 1,
                    form: "write the password into it, and nothing else")[0]
            }
            guard let read else { return nil }
            secrets.learn(read, user: broker.username)
            password = Secret(read)
        }
        var settings = MQTTSettings(
            host: broker.host, port: broker.port, clientID: broker.clientID, username: broker.username,
            password: password, keepAlive: broker.keepAlive, version: version(broker.version), tls: tls)
        settings.secrets = secrets
        settings.addresses = broker.addresses
        settings.ackTimeout = Double(broker.ackTimeout)
        return settings
    }

    private static func version(_ version: BrokerSettings.Version) -> MQTTSettings.Version? {
        switch version {
        case .auto: nil
        case .mqtt5: .v5
        case .mqtt311: .v311
        }
    }

    /// The pictures of the presets, each of which must be readable and distinguish its view from the others.
    private static func presets(
        _ camera: CameraSettings, index: Int, _ named: inout NamedThings
    ) -> [CameraPreset] {
        var presets: [CameraPreset] = []
        for (number, preset) in camera.presets.enumerated() {
            let read = named.attempt(at: "cameras", "\(index)", "presets", "\(number)", "picture") {
                () throws(SetupError) in
                let found = try CameraPreset(id: preset.id, path: preset.picture)
                if let twin = presets.first(where: { $0.isAlike(found) }) {
                    throw SetupError(
                        description:
                            "camera \(camera.id): presets \(twin.id) and \(preset.id) show the same view: give "
                            + "each the picture that was taken there, or remove one")
                }
                return found
            }
            if let read { presets.append(read) }
        }
        return presets
    }

    /// Of one camera.
    private struct Streams {
        var watched: Camera.Settings
        /// The main stream, where it is another one.
        var detail: Camera.Settings?
    }

    private static func stream(
        _ camera: CameraSettings, index: Int, _ named: inout NamedThings, _ secrets: KnownSecrets
    ) -> Streams? {
        secrets.learn(address: camera.url)
        if let main = camera.detailURL { secrets.learn(address: main) }
        // The text is not repeated: a mistyped address may contain a password.
        if !camera.url.contains("://"), !RegularFile.exists(camera.url) {
            named.report(
                "camera \(camera.id): url is the path of a file that is not there: check it, or begin with rtsp://",
                at: "cameras", "\(index)", "url")
        }
        var (user, password) = (String?.none, String?.none)
        if let file = camera.credentialsFile {
            let lines = named.attempt(at: "cameras", "\(index)", "credentials_file") { () throws(SetupError) in
                try credentials(file, camera)
            }
            guard let lines else { return nil }
            (user, password) = (lines[0], lines[1])
            secrets.learn(lines[1], user: lines[0])
        }
        var settings = Camera.Settings(
            url: CameraURL(camera.url, user: user, password: password),
            transport: transport(camera.transport),
            sampling: sampling(camera), openTimeout: camera.openTimeout, readTimeout: camera.readTimeout,
            aspect: camera.aspect)
        settings.largestPicture = Int(camera.largestPicture * 1e6)
        settings.decoding = decoding(camera.decode)
        if let file = camera.caFile {
            let path = named.attempt(at: "cameras", "\(index)", "ca_file") { () throws(SetupError) in
                let path = try SecretFile.path(file)
                try SecretFile.checkKind(of: path, "the ca_file of camera \(camera.id)")
                return path
            }
            guard let path else { return nil }
            settings.caFile = path
        }
        var streams = Streams(watched: settings)
        if let main = camera.detailURL {
            settings.url = CameraURL(main, user: user, password: password)
            streams.detail = settings
            // It vouches for the one that is encrypted.
            if settings.url.isEncrypted, !streams.watched.url.isEncrypted { streams.watched.caFile = nil }
        }
        return streams
    }

    private static func credentials(_ file: String, _ camera: CameraSettings) throws(SetupError) -> [String] {
        let what = "the credentials_file of camera \(camera.id)"
        let form = "write the user on the first and the password on the second line, and nothing else"
        let lines = try SecretFile.lines(of: file, what, count: 2, form: form)
        // As in YAML, or in a list of users; basic authentication ends a user's name at a colon.
        guard !lines[0].contains(":"), lines[0].utf8.count <= 128 else {
            throw SetupError(
                description: "\(file), \(what), has a colon in its first line, or much more than a name; \(form)")
        }
        return lines
    }

    static func transport(_ transport: CameraSettings.Transport) -> Transport {
        switch transport {
        case .auto: .auto
        case .tcp: .tcp
        case .udp: .udp
        }
    }

    static func sampling(_ camera: CameraSettings) -> SamplingPolicy {
        let promises = camera.zones.map { $0.promise ?? max(ZoneSettings.usualPromise, camera.lookEvery) }
        let promise = promises.min() ?? ZoneSettings.usualPromise
        return camera.decode == .all
            ? .every(seconds: camera.lookEvery)
            : .keyFrames(promise: promise, interval: min(camera.lookEvery, promise))
    }

    static func decoding(_ decode: CameraSettings.Decode) -> DecodingWay {
        switch decode {
        case .keyFrames, .all, .software: .software
        case .auto: .auto
        case .vaapi: .vaapi
        case .v4l2m2m: .v4l2m2m
        }
    }
}
