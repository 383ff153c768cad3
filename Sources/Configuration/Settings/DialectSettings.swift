/// What the broker gets besides the native topics, for other ecosystems. All of it is off by default.
public struct DialectSettings: Sendable, Hashable {
    /// Of texts that are shown there.
    public enum Language: String, Sendable, CaseIterable { case zh, en }

    public struct HomeAssistant: Sendable, Hashable {
        public var isEnabled = false
        /// Below which Home Assistant looks for entities.
        public var discoveryPrefix = "homeassistant"
        /// Below which the states of zones and the pictures are.
        public var topicPrefix = "gridwarden"

        public init() {}
    }

    public struct ONVIF: Sendable, Hashable {
        public var isEnabled = false
        /// Differs from that of every other producer at the broker.
        public var topicPrefix: String

        public init(topicPrefix: String) { self.topicPrefix = topicPrefix }
    }

    public struct Frigate: Sendable, Hashable {
        public var isEnabled = false
        public var topicPrefix = "frigate"

        public init() {}
    }

    public var language = Language.zh
    public var homeAssistant = HomeAssistant()
    public var onvif: ONVIF
    public var frigate = Frigate()

    /// - Parameter site: its id.
    public init(site: String) { onvif = ONVIF(topicPrefix: site) }
}
