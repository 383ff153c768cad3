public import Contract

/// A durable receiver of alerts. Messages come in sequence, and none is passed over silently: the store keeps how far it has
/// come.
public protocol Sink {
    /// By which its cursor is kept; unique at a site.
    var name: String { get }
    /// Whether the message is for this sink; others are passed over.
    func wants(_ message: AlertMessage) -> Bool
    /// How many of these, from the front and at least one, may be under way at a time.
    func limit(_ waiting: [AlertMessage]) -> Int
    /// Sends in order and waits for a result for each message.
    ///
    /// - Returns: one outcome for each message, in their order.
    func send(_ messages: [AlertMessage]) async -> [DeliveryLoop.Outcome]
    /// No message comes any more.
    func close() async
}

extension Sink {
    public func wants(_ message: AlertMessage) -> Bool { true }
    public func limit(_ waiting: [AlertMessage]) -> Int { 1 }
    public func close() async {}
}
