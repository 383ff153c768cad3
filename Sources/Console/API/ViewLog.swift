import Store
import Synchronization

/// One entry of the audit log for each thing that a session looks at, and not one for each picture.
final class ViewLog: Sendable {
    /// Then it begins anew: what is looked at again has a second entry.
    private static let most = 10_000

    private let desk: ConsoleDesk
    private let views = Mutex<Set<String>>([])

    init(_ desk: ConsoleDesk) { self.desk = desk }

    /// Nobody looks at what could not be written down: throws then, and the next request is the first again.
    func note(_ event: AuditEntry.Event, of thing: String, _ facts: [String: String], _ call: Call) async throws {
        let view = "\(call.sessionHash ?? "") \(event.rawValue) \(thing)"
        let isFirst = views.withLock { views in
            if views.count >= Self.most { views.removeAll() }
            return views.insert(view).inserted
        }
        guard isFirst else { return }
        let (name, date) = (try call.account.name, desk.now)
        let all = facts.merging(["address": call.address]) { $1 }
        do {
            try await desk.run { try $0.outbox.audit(event, by: name, facts: all, at: date) }
        } catch {
            views.withLock { _ = $0.remove(view) }
            throw error
        }
    }
}
