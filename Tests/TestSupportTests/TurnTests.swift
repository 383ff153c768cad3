import Foundation
import Glibc
import Synchronization
import Testing

@testable import TestSupport

private final class Count: Sendable {
    private let count = Atomic(0)
    var now: Int { count.load(ordering: .relaxed) }

    @discardableResult
    func add(_ number: Int) -> Int { count.add(number, ordering: .relaxed).newValue }
}

/// What keeps tests apart from each other, and ends those that hang.
@Suite struct TurnTests {
    private struct Refused: Error {}

    private func take(_ turn: Turn, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await turn.provideScope(for: #require(Test.current), testCase: Test.Case.current, performing: body)
    }

    @Test func `an empty lane lends a place, and gets it back`() async {
        let lender = Lane(places: 1)
        let lane = Lane(places: 1, lender: lender)
        // Two at once: each goes on only when both are there.
        let both = Gathering(count: 2)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 { group.addTask { await lane.withPlace { await both.arrive() } } }
        }
        let (running, beside) = (Count(), Count())
        await lender.withPlace {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        await lane.withPlace {
                            if running.add(1) > 1 { beside.add(1) }
                            await Task.yield()
                            running.add(-1)
                        }
                    }
                }
            }
        }
        #expect(beside.now == 0)
    }

    @Test func `as many tests wait at a time as the environment says, at least one, else four`() {
        #expect(Turn.places(told: nil) == 4 && Turn.places(told: "many") == 4)
        #expect(Turn.places(told: "2") == 2 && Turn.places(told: "0") == 1)
        let told = ProcessInfo.processInfo.environment["GRIDWARDEN_WAITING"]
        #expect(Turn.waitingPlaces == Turn.places(told: told))
    }

    @Test func `as many as a lane has places run at once, and no more`() async {
        let lane = Lane(places: Turn.places(told: "2"))
        let both = Gathering(count: 2)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 { group.addTask { await lane.withPlace { await both.arrive() } } }
        }
        let (running, beyond) = (Count(), Count())
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    await lane.withPlace {
                        if running.add(1) > 2 { beyond.add(1) }
                        await Task.yield()
                        running.add(-1)
                    }
                }
            }
        }
        #expect(beyond.now == 0)
    }

    private final class Served: Sendable {
        let names = Mutex<[String]>([])
    }

    @Test func `who may take longest is served first, and among equals who came first`() async {
        let lane = Lane(places: 1)
        let served = Served()
        let tasks = await lane.withPlace {
            var tasks: [Task<Void, Never>] = []
            for (name, rank) in [("short", 1.0), ("long", 4), ("longest", 6), ("as long", 4)] {
                tasks.append(Task { await lane.withPlace(rank: rank) { served.names.withLock { $0.append(name) } } })
                while lane.queue < tasks.count { await Task.yield() }
            }
            return tasks
        }
        for task in tasks { await task.value }
        #expect(served.names.withLock { $0 } == ["longest", "long", "as long", "short"])
    }

    @Test func `who waits for a place is served in turn, and a failure gives its place back`() async throws {
        let turn = Turn(Lane(places: 1), limit: 60)
        let running = Count()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    do {
                        try await take(turn) {
                            #expect(running.add(1) == 1)
                            defer { running.add(-1) }
                            try await Task.sleep(for: .milliseconds(1))
                            if number.isMultiple(of: 2) { throw Refused() }
                        }
                        #expect(!number.isMultiple(of: 2))
                    } catch is Refused { #expect(number.isMultiple(of: 2)) }
                }
            }
            try await group.waitForAll()
        }
        #expect(running.now == 0)
    }

    /// Three one after another take longer than the limit, each alone does not.
    @Test func `the limit counts from the beginning of a test's own work`() async throws {
        let turn = Turn(Lane(places: 1), limit: 2)
        let begin = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask { try await take(turn) { try await Task.sleep(for: Patience.seconds(0.8)) } }
            }
            try await group.waitForAll()
        }
        #expect(ContinuousClock.now - begin > Patience.seconds(2))
    }

    @Test func `a test that hangs is cancelled at its limit, named, and gives its place back`() async throws {
        let turn = Turn(Lane(places: 1), limit: 0.2)
        let cancelled = Count()
        try await withKnownIssue {
            try await take(turn) {
                do { try await Task.sleep(for: .seconds(3600)) } catch {
                    cancelled.add(1)
                    throw error
                }
            }
        } matching: {
            $0.comments.contains { $0.rawValue.contains("a hang?") }
        }
        #expect(cancelled.now == 1)
        try await take(turn) {}
    }

    /// More than any pool of this process has threads.
    @Test func `tests that block their threads stop nobody`() async throws {
        let count = 4 * ProcessInfo.processInfo.activeProcessorCount
        let turn = Turn(Lane(places: count), limit: 60)
        let blocked = Count()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask {
                    try await take(turn) {
                        blocked.add(1)
                        let end = ContinuousClock.now + Patience.seconds(20)
                        while blocked.now < count, .now < end { usleep(1000) }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(blocked.now == count)
    }

    @Test func `a helper that blocks says so to a test without a thread of its own`() async throws {
        withKnownIssue {
            Turn.isNeeded(by: "a broker")
        } matching: {
            $0.comments.contains { $0.rawValue.contains("a broker blocks its thread") }
        }
        try await take(Turn(Lane(places: 1), limit: 60)) { Turn.isNeeded(by: "a broker") }
    }

    @Suite(.waiting) struct InASuite {
        @Test func `a test has the turn of its suite`() { #expect(Turn.current?.limit == 60) }

        @Test(.heavy(minutes: 7))
        func `a test may say a turn other than that of its suite`() { #expect(Turn.current?.limit == 420) }
    }
}

@Suite(.waiting) struct PatienceTests {
    @Test func `a wait is never shorter than what is written`() {
        #expect(Patience.slowness >= 1)
        #expect(Patience.seconds(3) >= .seconds(3))
    }

    @Test func `what comes to be so is waited for, what does not is told`() async throws {
        let asked = Count()
        #expect(try await eventually { asked.add(1) == 3 })
        #expect(try await !eventually(seconds: 0.2) { false })
    }

    /// As where other tests hold all threads: each time that it is asked takes longer than a half of the wait.
    @Test(.heavy) func `a wait counts only the time in which it could ask`() async throws {
        let asked = Count()
        let came = try await eventually(seconds: 1) {
            usleep(UInt32(600_000 * Patience.slowness))
            return asked.add(1) == 4
        }
        #expect(came)
    }
}

/// Lets those who arrive go on when all are there.
private actor Gathering {
    private let count: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(count: Int) { self.count = count }

    func arrive() async {
        await withCheckedContinuation { continuation in
            waiting.append(continuation)
            guard waiting.count == count else { return }
            for one in waiting { one.resume() }
        }
    }
}
