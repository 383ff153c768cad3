import Domain
import Logging
import Pipeline
import ServiceLifecycle
import Threading
import Video

/// Follows how often looks come too late, and sheds kinds by it.
struct Shedding: Service {
    /// The kinds that no look is promised for at the moment, the least severe first, for cameras and the site's state; see
    /// `LoadShedder`.
    let shed: Adjustable<[AlertKind]>
    let logger: Logger
    /// All kinds that cameras are watched for, with their severities.
    let kinds: @Sendable () -> [AlertKind: Int]
    /// Called after each change.
    let changed: @Sendable () -> Void
    var load: @Sendable () -> LookDispatcher.Load = { LookDispatcher.shared.load }
    var clocks = Clocks.system
    var pause: @Sendable () async -> Void = { try? await Task.sleep(for: .seconds(LoadShedder.interval)) }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var shedder = LoadShedder()
            while true {
                await pause()
                guard !Task.isCancelled else { return }
                let before = shedder.shed
                guard shedder.take(load(), of: kinds(), at: clocks.uptime()) else { continue }
                tell(before, shedder.shed)
            }
        }
    }

    private func tell(_ before: [AlertKind], _ now: [AlertKind]) {
        shed.value = now
        for kind in now where !before.contains(kind) {
            logger.warning(
                "more is to be looked at than there is time: nothing is promised for this kind until the load falls",
                metadata: ["kind": "\(kind)"])
        }
        for kind in before where !now.contains(kind) {
            logger.notice("this kind is looked at as promised again", metadata: ["kind": "\(kind)"])
        }
        changed()
    }
}
