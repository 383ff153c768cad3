import Store

/// What the broker has had, until the disk knows it. Where the disk takes nothing, what was acknowledged stays known here, and is
/// not sent again. Only the publisher's actor uses it.
final class DeliveryBook {
    var progress = DeliveryProgress()
    private let outbox: Outbox
    private var fault: OutboxError?

    init(_ outbox: Outbox) { self.outbox = outbox }

    func settle() {
        guard !progress.isEmpty else { return }
        do {
            try outbox.settle(progress)
            progress = DeliveryProgress()
            fault = nil
        } catch {
            fault = error
        }
    }

    /// Throws what the disk said, where it has not taken everything.
    func check() throws(OutboxError) {
        if let fault { throw fault }
    }
}
