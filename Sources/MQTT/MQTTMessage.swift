/// A topic and what is published there.
public struct MQTTMessage: Sendable, Hashable {
    public var topic: String
    public var payload: [UInt8]
    public var retain: Bool
    /// Seconds after which a broker deletes it; nil: never. MQTT 3.1.1 has no such thing.
    public var expiry: UInt32?

    public init(topic: String, payload: [UInt8], retain: Bool = false, expiry: UInt32? = nil) {
        self.topic = topic
        self.payload = payload
        self.retain = retain
        self.expiry = expiry
    }

    public init(topic: String, text: String, retain: Bool = false) {
        self.init(topic: topic, payload: Array(text.utf8), retain: retain)
    }
}
