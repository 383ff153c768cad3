import Foundation
import Glibc
public import Testing
import Threading

/// When a test runs, on which thread, and for how long at most.
///
/// Swift Testing starts all tests at once on a few threads, and its own limit counts from there. A test with a turn waits
/// for a place without a thread; then it has a thread of its own, on which it may block, and its limit begins to count.
/// Who has the longest limit is served first, so that the longest tests do not begin last.
/// The last turn that is said of a test holds, so that a test may say another than its suite.
public struct Turn: TestTrait, SuiteTrait, TestScoping {
    private static let waiting = Lane(places: places(told: ProcessInfo.processInfo.environment["GRIDWARDEN_WAITING"]))
    /// Half of the processors, to leave something to those that wait; one more where nobody waits.
    private static let heavy = Lane(places: max(1, ProcessInfo.processInfo.activeProcessorCount / 2), lender: waiting)
    /// That of the running test.
    @TaskLocal static var current: Turn?

    private let lane: Lane
    /// After which the test is held for a hang, in seconds on an ordinary machine.
    let limit: Double

    public var isRecursive: Bool { true }

    init(_ lane: Lane, limit: Double) {
        self.lane = lane
        self.limit = limit
    }

    fileprivate static func heavy(minutes: Int) -> Turn { Turn(heavy, limit: 60 * Double(minutes)) }
    fileprivate static func waiting(minutes: Int) -> Turn { Turn(waiting, limit: 60 * Double(minutes)) }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @concurrent @Sendable () async throws -> Void
    ) async throws {
        guard Self.current == nil else { return try await body() }
        let turn = test.traits.reversed().lazy.compactMap { $0 as? Turn }.first ?? self
        defer { if Self.waiting.isEmpty { Self.heavy.admit() } }
        try await Self.$current.withValue(turn) {
            try await turn.lane.withPlace(rank: turn.limit) {
                try await turn.run(body) { limit in
                    Issue.record("took longer than \(limit): a hang?", sourceLocation: test.sourceLocation)
                    return "\(test.name) does not end \(limit) after its limit"
                }
            }
        }
    }

    /// Runs `body` on a thread of its own, and cancels it at the limit.
    ///
    /// - Parameter exceeded: is told of it, and returns what the process says when it ends because the body, cancelled,
    ///   has not ended after the same time again: a run that hangs would not even name who hangs.
    private func run(
        _ body: @concurrent @Sendable () async throws -> Void, exceeded: @Sendable (Duration) -> String
    ) async throws {
        let limit = Patience.seconds(limit)
        let thread = DedicatedThread(name: "test")
        try await withoutActuallyEscaping(body) { body in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask(executorPreference: thread) {
                    try await body()
                    return true
                }
                group.addTask {
                    var passed = Duration.zero
                    while passed < limit { passed += try await Patience.pass(min(limit, .seconds(1))) }
                    return false
                }
                defer { group.cancelAll() }
                guard try await group.next() == false else { return }
                let complaint = exceeded(limit)
                group.cancelAll()
                let end = Task.detached {
                    try await Task.sleep(for: limit)
                    FileHandle.standardError.write(Data("\(complaint): the whole run ends.\n".utf8))
                    _exit(1)
                }
                defer { end.cancel() }
                // What it says of having been cancelled is of no interest.
                _ = try? await group.next()
            }
        }
    }

    /// How many tests wait for something outside at a time in this process.
    static var waitingPlaces: Int { waiting.places }

    /// - Parameter told: what `GRIDWARDEN_WAITING` in the environment says.
    static func places(told: String?) -> Int { max(1, told.flatMap { Int($0) } ?? 4) }

    /// Says of a helper that blocks its thread if the test that called it has none of its own.
    static func isNeeded(by what: String) {
        guard Test.current != nil, current == nil else { return }
        Issue.record("\(what) blocks its thread: the test needs .waiting or .heavy, see docs/testing.md")
    }
}

extension Trait where Self == Turn {
    /// For a test that keeps a processor busy for more than a second: few at a time.
    public static var heavy: Self { .heavy(minutes: 5) }

    /// For a test that keeps a processor busy for more than a second: few at a time.
    ///
    /// - Parameter minutes: after which it is held for a hang, on an ordinary machine (`Patience`).
    public static func heavy(minutes: Int) -> Self { Turn.heavy(minutes: minutes) }

    /// For a test that waits for something outside: a broker, a camera, a child process, time.
    public static var waiting: Self { .waiting(minutes: 1) }

    /// For a test that waits for something outside: a broker, a camera, a child process, time.
    ///
    /// - Parameter minutes: after which it is held for a hang, on an ordinary machine (`Patience`).
    public static func waiting(minutes: Int) -> Self { Turn.waiting(minutes: minutes) }
}
