import Delivery
import Logging
import ServiceLifecycle
import Store
import Synchronization
import Threading

/// Runs the webhooks beside the broker until the site stops. A reload brings, changes and takes away some while the others run on.
///
/// What is under way at a stop goes again after the next start: no stop waits for a receiver, and no reload either.
final class SinkFleet: Service {
    private struct Member {
        let settings: WebhookSettings
        let runner: SinkRunner
        let task: Task<Void, Never>
    }

    /// Their threads may be in a call to a disk that hangs.
    private static let farewell = Duration.seconds(1)
    /// A disk that is full now is asked again.
    private static let storeWait = Duration.seconds(10)

    private let outbox: Outbox
    private let board: SinkBoard
    private let logger: Logger
    private let make: @Sendable (WebhookSettings) -> SinkRunner
    private let changed: @Sendable () -> Void
    private let runners = Mutex<[SinkRunner]>([])
    /// The newest one that has not been taken over.
    private let wishes: AsyncStream<[WebhookSettings]>
    private let wish: AsyncStream<[WebhookSettings]>.Continuation

    /// - Parameter changed: called once others run than before.
    init(
        _ webhooks: [WebhookSettings], outbox: Outbox, board: SinkBoard, logger: Logger,
        changed: @escaping @Sendable () -> Void, make: @escaping @Sendable (WebhookSettings) -> SinkRunner
    ) {
        self.outbox = outbox
        self.board = board
        self.logger = logger
        self.changed = changed
        self.make = make
        (wishes, wish) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        wish.yield(webhooks)
    }

    /// From now on there are these. Waits for nothing.
    func adopt(_ webhooks: [WebhookSettings]) { wish.yield(webhooks) }

    /// Says that the store holds something new.
    func notify() { for runner in runners.withLock(\.self) { runner.notify() } }

    func run() async throws {
        let sending = Task { await send() }
        await cancelWhenGracefulShutdown { _ = await finishes { await sending.value } }
        sending.cancel()
        await finishes(within: Self.farewell) { await sending.value }
    }

    private func send() async {
        var members: [String: Member] = [:]
        for await webhooks in wishes {
            await goOver(to: webhooks, &members)
        }
        await end(members)
    }

    private func goOver(to webhooks: [WebhookSettings], _ members: inout [String: Member]) async {
        let leaving = members.filter { !webhooks.contains($0.value.settings) }
        // One that was changed goes on where it was, and never beside what it was: nothing may overtake.
        await end(leaving)
        for name in leaving.keys {
            members[name] = nil
            board.forget(name)
        }
        while !Task.isCancelled {
            do {
                try await onOwnThread(named: "sinks") { [outbox] in try outbox.serve(sinks: webhooks.map(\.name)) }
                break
            } catch {
                logger.error("the sinks wait for the disk", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: Self.storeWait)
            }
        }
        guard !Task.isCancelled else { return }
        for webhook in webhooks where members[webhook.name] == nil {
            let runner = make(webhook)
            members[webhook.name] = Member(settings: webhook, runner: runner, task: Task { await runner.run() })
        }
        let running = members.values.map(\.runner)
        runners.withLock { $0 = running }
        changed()
    }

    private func end(_ members: [String: Member]) async {
        for member in members.values { member.task.cancel() }
        for member in members.values { await member.task.value }
    }
}
