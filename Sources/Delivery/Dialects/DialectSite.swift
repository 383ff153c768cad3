public import Contract
public import Domain
public import Foundation

/// What dialects know of a site: its cameras with what is watched there.
public struct DialectSite: Sendable, Equatable {
    public struct Camera: Sendable, Equatable {
        public var identity: CameraIdentity
        public var zones: [Zone]

        public init(identity: CameraIdentity, zones: [Zone]) {
            self.identity = identity
            self.zones = zones
        }

        /// To be shown.
        var name: String { identity.name.isEmpty ? identity.id : identity.name }
    }

    public struct Zone: Sendable, Equatable {
        public var id: String
        public var name: String
        public var kinds: [Kind]

        public init(id: String, name: String, kinds: [Kind]) {
            self.id = id
            self.name = name
            self.kinds = kinds
        }

        /// To be shown.
        var shown: String { name.isEmpty ? id : name }
    }

    public struct Kind: Sendable, Equatable {
        public var kind: AlertKind
        public var name: LocalizedName

        public init(_ kind: AlertKind, name: LocalizedName) {
            self.kind = kind
            self.name = name
        }
    }

    /// Masked pictures that may leave the box.
    public struct Pictures: Sendable, Equatable {
        public var folder: URL
        /// Seconds for which they are kept.
        public var age: Int

        public init(folder: URL, age: Int) {
            self.folder = folder
            self.age = age
        }
    }

    public enum Language: String, Sendable, CaseIterable { case zh, en }

    public var site: SiteIdentity
    public var topics: AlertTopics
    public var cameras: [Camera]
    /// Of texts that are shown.
    public var language: Language
    /// Nil where none leave the box.
    public var pictures: Pictures?

    public init(
        site: SiteIdentity, topics: AlertTopics, cameras: [Camera], language: Language = .zh, pictures: Pictures? = nil
    ) {
        self.site = site
        self.topics = topics
        self.cameras = cameras
        self.language = language
        self.pictures = pictures
    }

    /// Everything that is watched, in the order of the configuration.
    var rules: [DialectBook.Rule] {
        cameras.flatMap { camera in
            camera.zones.flatMap { zone in
                zone.kinds.map { DialectBook.Rule(camera: camera.identity.id, zone: zone.id, kind: $0.kind.rawValue) }
            }
        }
    }

    func text(_ name: LocalizedName) -> String { language == .zh ? name.zh : name.en }
    func text(zh: String, en: String) -> String { language == .zh ? zh : en }
}

/// Dialects that the broker gets, and what they know.
public struct BrokerDialects: Sendable {
    public var dialects: [any BrokerDialect]
    public var site: DialectSite

    public init(_ dialects: [any BrokerDialect], site: DialectSite) {
        self.dialects = dialects
        self.site = site
    }
}
