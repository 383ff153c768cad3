import Foundation
import TestSupport
import Testing
import Threading

@testable import Video

@Suite(.waiting) struct LookDispatcherTests {
    private let dispatcher = LookDispatcher(places: 1)

    private func due(_ deadline: Double, isPressing: Bool = true) -> DecodePlanner.Due {
        .init(deadline: deadline, limit: deadline + 2, isPressing: isPressing)
    }

    @Test func `who waits gets the place that is given back`() async throws {
        let first = try #require(dispatcher.turn(for: due(5)))
        let done = MonotonicEvent()
        let waiter = Thread { [dispatcher] in
            // Held until it is given back by nobody holding it.
            if dispatcher.turn(for: .init(deadline: 5, limit: 7, isPressing: true)) != nil { done.signal() }
        }
        waiter.start()
        #expect(try await eventually { dispatcher.waiting == 1 })
        first.end()
        done.wait(seconds: 10)
        #expect(try await eventually { dispatcher.waiting == 0 })
        let last = dispatcher.turn(for: due(5))
        #expect(last != nil)
        withExtendedLifetime(first) {}
    }

    @Test func `a place that is given back twice is one place`() throws {
        let first = try #require(dispatcher.turn(for: due(5)))
        first.end()
        first.end()
        let second = try #require(dispatcher.turn(for: due(5)))
        #expect(dispatcher.turn(for: due(5, isPressing: false)) == nil)
        withExtendedLifetime(second) {}
    }

    @Test func `who finds no place in time goes without, and is counted where it was needed`() throws {
        let first = try #require(dispatcher.turn(for: due(5)))
        #expect(dispatcher.turn(for: due(5, isPressing: false)) == nil)
        #expect(dispatcher.turn(for: due(-5)) == nil)
        #expect(dispatcher.load == .init(needed: 2, late: 1))
        withExtendedLifetime(first) {}
        #expect(dispatcher.waiting == 0)
    }
}
