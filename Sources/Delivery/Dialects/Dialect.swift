public import Contract

/// Turns a message of the store into what another ecosystem expects, under the same incident id. Pure: it keeps nothing, and the
/// same message always becomes the same bytes, so that one that is sent again is known again.
public protocol Dialect: Sendable {
    /// Differs from all others.
    var name: String { get }
    /// What the body is, for `Content-Type`.
    var mediaType: String { get }
    /// Throws where the message cannot be told in this dialect: then it never can.
    func body(of message: AlertMessage) throws -> [UInt8]
}

/// The message as the broker has it, byte for byte: a CloudEvent in structured mode.
public struct NativeDialect: Dialect {
    public init() {}

    public var name: String { "native" }
    public var mediaType: String { "application/cloudevents+json; charset=utf-8" }
    public func body(of message: AlertMessage) -> [UInt8] { message.payload }
}
