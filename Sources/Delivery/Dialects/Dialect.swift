public import Contract

/// What another ecosystem expects in place of the native contract, under the same incident id. Pure: it keeps nothing, and the
/// same message always becomes the same bytes, so that one that is sent again is known again.
public protocol Dialect: Sendable {
    /// Differs from all others that are told in the same way.
    var name: String { get }
}

/// What is posted to a webhook: one body for each message.
public protocol WebhookDialect: Dialect {
    /// What the body is, for `Content-Type`.
    var mediaType: String { get }
    /// Throws where the message cannot be told in this dialect: then it never can.
    func body(of message: AlertMessage) throws -> [UInt8]
}

/// What is published on the broker besides the native topics: any number of messages for each change of an incident, and what is
/// retained whatever happens.
public protocol BrokerDialect: Dialect {
    /// What is to be retained while these cameras are configured, in the order in which it is to be published; what is no longer
    /// among it is emptied in the same order.
    func standing(_ site: DialectSite, _ book: DialectBook) -> [DialectMessage]
    /// What a change of an incident says. Throws where it cannot be told: then it never can.
    func messages(_ change: IncidentChange, _ site: DialectSite) throws -> [DialectMessage]
    /// Whether something may be retained on a topic besides those of `standing`.
    func keeps(_ topic: String, _ site: DialectSite) -> Bool
}

/// The message as the broker has it, byte for byte: a CloudEvent in structured mode.
public struct NativeDialect: WebhookDialect {
    public init() {}

    public var name: String { "native" }
    public var mediaType: String { "application/cloudevents+json; charset=utf-8" }
    public func body(of message: AlertMessage) -> [UInt8] { message.payload }
}
