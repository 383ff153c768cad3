import Delivery
import Logging
public import ServiceLifecycle
import Threading

/// The store is damaged: the daemon has to go on with another one.
public struct StoreDamaged: Error, CustomStringConvertible {
    public let description: String
}

/// Finds a damaged store: reads all of it once after each start, which finds what a power cut has left, and again
/// whenever SQLite has complained. Ends the services where it is damaged.
public struct StoreWatch: Service {
    let outbox: Outbox
    let logger: Logger
    var interval: Duration = .seconds(5)

    public func run() async throws {
        let damage = await cancelWhenGracefulShutdown { () async -> StoreDamaged? in
            var known: Int?
            while !Task.isCancelled {
                let complaints = Outbox.complaints
                if complaints != known {
                    known = complaints
                    if let damage = await check() { return damage }
                }
                try? await Task.sleep(for: interval)
            }
            return nil
        }
        if let damage { throw damage }
    }

    private func check() async -> StoreDamaged? {
        do {
            try await onOwnThread(named: "store check") { try outbox.check() }
            return nil
        } catch let error as OutboxError where error.isDamage {
            return StoreDamaged(description: "\(error)")
        } catch {
            logger.warning("could not check the database", metadata: ["error": "\(error)"])
            return nil
        }
    }
}
