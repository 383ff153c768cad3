public import Console
public import Contract
public import Delivery
public import Domain
public import Foundation
public import Inference
public import Logging
public import MQTT
public import Runtime
public import Store

/// The complete, validated settings of the daemon.
public struct DaemonSettings: Sendable {
    public var site: SiteIdentity
    public var broker: MQTTSettings
    public var topics: AlertTopics
    public var models: DetectorModels
    public var threads: Int
    /// Contains the outbox.
    public var stateFolder: URL
    /// Nil where no evidence is kept.
    public var evidenceFolder: URL?
    /// Days.
    public var evidenceDays: Int
    /// libavcodec's scale, 2 (best) … 31.
    public var jpegQuality: Int
    public var masking: MaskingModels
    /// The folder of the prepared models, with their manifest and classifiers.
    public var modelsFolder = ""
    /// Departments that differ from the catalogue's.
    public var departments = Routing()
    /// Other changes to the catalogue.
    public var kinds: [KindOverride] = []
    /// Number of incidents whose masked pictures are kept after a review has found a false alarm.
    public var hardExamples = 0
    /// Whether masked pictures are sent.
    public var publishesEvidence = false
    public var outboxBudget = OutboxBudget()
    /// Bytes of pictures and messages in the evidence folder.
    public var evidenceBudget = Int.max
    /// Days for the audit log and the reviews.
    public var auditDays = 365
    /// Nil where reviews and commands are not accepted.
    public var accessPolicy: AccessPolicy? = AccessPolicy()
    /// The policy for an alert that the broker refuses.
    public var refusals = DeliveryLoop.Refusals.hold
    /// Receivers of alerts besides the broker.
    public var webhooks: [WebhookSettings] = []
    /// What the broker gets besides the native topics.
    public var dialects: [any BrokerDialect] = []
    /// Of texts that these show.
    public var language = DialectSite.Language.zh
    /// The least level that is written to the log.
    public var logLevel = Logger.Level.info
    /// The address for Prometheus; nil for none.
    public var metrics: (address: String, port: Int)?
    /// Nil for no console.
    public var console: ConsoleServer.Settings?
    /// The interfaces on which cameras may be searched for.
    public var discoveryInterfaces: [String] = []
    /// The file that all this was read from; nil where there is none that could be changed.
    public var configurationFile: String?
    public var cameras: [CameraService.Settings]
    /// Contains the credentials of all the above.
    public var secrets = KnownSecrets()

    public init(
        site: SiteIdentity, broker: MQTTSettings, topics: AlertTopics, models: DetectorModels, threads: Int,
        stateFolder: URL, evidenceFolder: URL?, evidenceDays: Int, jpegQuality: Int, masking: MaskingModels,
        cameras: [CameraService.Settings]
    ) {
        self.site = site
        self.broker = broker
        self.topics = topics
        self.models = models
        self.threads = threads
        self.stateFolder = stateFolder
        self.evidenceFolder = evidenceFolder
        self.evidenceDays = evidenceDays
        self.jpegQuality = jpegQuality
        self.masking = masking
        self.cameras = cameras
    }
}
