public import Contract

/// A durable receiver of alerts beside the broker. It takes one message at a time, in sequence, and none is passed over
/// silently: the store keeps how far it has come.
public protocol Sink: Sendable {
    /// By which its cursor is kept; unique at a site.
    var name: String { get }
    /// Whether the message is for this sink; others are passed over.
    func wants(_ message: AlertMessage) -> Bool
    /// Sends one message and waits for the receiver's word, for as long as the sink allows.
    func send(_ message: AlertMessage) async -> DeliveryLoop.Outcome
    /// No message comes any more.
    func close() async
}
