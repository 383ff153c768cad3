import Domain
import Foundation
import Synchronization
internal import Threading

/// Lets the cameras' threads take turns by a `LookSchedule`: as many pictures are decoded and looked at together as there are
/// processors, so that what is decoded is new, and few pictures are in memory.
public final class LookDispatcher: Sendable {
    public static let shared = LookDispatcher(places: ProcessInfo.processInfo.activeProcessorCount)

    /// How often looks had to wait, since the start.
    public struct Load: Sendable, Equatable {
        /// Looks without which a promise would have been broken.
        public let needed: Int
        /// Those of them that came too late, or not at all.
        public let late: Int

        public init(needed: Int, late: Int) { (self.needed, self.late) = (needed, late) }
    }

    private struct State {
        var schedule: LookSchedule
        var events: [UInt64: MonotonicEvent] = [:]
        var last: UInt64 = 0
    }

    private let state: Mutex<State>
    private let uptime: @Sendable () -> Double

    /// Seconds that a camera waits for a place: no longer than the buffers of its connection hold what it sends meanwhile.
    private static let patience = 1.0
    /// The same where a later picture would do.
    private static let leisure = 0.1

    init(places: Int, uptime: @escaping @Sendable () -> Double = Clocks.system.uptime) {
        state = Mutex(State(schedule: LookSchedule(places: places)))
        self.uptime = uptime
    }

    public var load: Load {
        let load = state.withLock { $0.schedule.load(at: uptime()) }
        return Load(needed: load.pressing, late: load.late)
    }

    /// How many wait for a place.
    var waiting: Int { state.withLock(\.schedule.waiting) }

    /// A place for one look, or nil where there was none in time: the next key frame asks again. Blocking.
    func turn(for look: DecodePlanner.Due) -> LookTurn? {
        let event = MonotonicEvent()
        let now = uptime()
        let (id, isGranted) = state.withLock { state in
            state.last += 1
            let request = LookSchedule.Request(
                id: state.last, deadline: now + look.deadline, limit: now + look.limit, isPressing: look.isPressing)
            let isGranted = state.schedule.ask(request, at: now)
            if !isGranted { state.events[request.id] = event }
            return (request.id, isGranted)
        }
        if isGranted { return LookTurn(self) }
        event.wait(seconds: look.isPressing ? Self.patience : Self.leisure)
        let hasGivenUp = state.withLock { state in
            state.events[id] = nil
            return state.schedule.giveUp(id, at: uptime())
        }
        return hasGivenUp ? nil : LookTurn(self)
    }

    fileprivate func end() {
        state.withLock { state in
            guard let next = state.schedule.end(at: uptime()) else { return }
            // Who is named but does not wait any more finds its place when it gives up.
            state.events[next]?.signal()
        }
    }
}

/// The place of one look, until `end` or until nobody has it any more.
final class LookTurn: Sendable {
    private let dispatcher: LookDispatcher
    private let hasEnded = Atomic<Bool>(false)

    fileprivate init(_ dispatcher: LookDispatcher) { self.dispatcher = dispatcher }

    deinit { end() }

    var isOver: Bool { hasEnded.load(ordering: .relaxed) }

    func end() {
        guard !hasEnded.exchange(true, ordering: .relaxed) else { return }
        dispatcher.end()
    }
}
