import Domain
import TestSupport
import Testing

@testable import Delivery

/// What a sink does next, by an invented clock.
struct DeliveryLoopTests {
    /// Seconds until the next attempt after each of these outcomes.
    private func waits(
        _ outcomes: [DeliveryLoop.Outcome], _ refusals: DeliveryLoop.Refusals = .hold, chance: Double = 1
    ) -> [Double] {
        var loop = DeliveryLoop(refusals: refusals)
        var now = 1000.0
        return outcomes.map { outcome in
            _ = loop.conclude(outcome, now: now, chance: chance)
            guard case .rest(let until) = loop.next(now: now) else { return 0 }
            defer { now = until }
            return until - now
        }
    }

    @Test func `a message that was taken is done with, and the next one goes at once`() {
        var loop = DeliveryLoop(refusals: .hold)
        #expect(loop.conclude(.taken, now: 5, chance: 0.5) == .advance)
        #expect(loop.next(now: 5) == .send && loop.trouble == nil)
    }

    @Test func `waits after failures double up to five minutes, and begin anew after a success`() {
        let failed = DeliveryLoop.Outcome.failed(reason: "away", retryAfter: nil)
        let waits = waits(Array(repeating: failed, count: 12) + [.taken, failed])
        #expect(Array(waits.prefix(9)) == [1, 2, 4, 8, 16, 32, 64, 128, 256])
        #expect(waits[9...11].allSatisfy { $0 == 300 })
        #expect(waits[12] == 0 && waits[13] == 1)
    }

    @Test func `jitter takes at most half of a wait, and never less than the shortest is left`() {
        let failed = DeliveryLoop.Outcome.failed(reason: "away", retryAfter: nil)
        for step in 0...20 {
            let chance = Double(step) / 20
            let drawn = waits(Array(repeating: failed, count: 20), chance: chance)
            let longest = waits(Array(repeating: failed, count: 20))
            for (drawn, longest) in zip(drawn, longest) {
                #expect(drawn <= longest && drawn >= max(1, longest / 2) - 1e-9)
            }
        }
    }

    @Test func `a receiver is left in peace for as long as it asks, within an hour`() {
        #expect(waits([.failed(reason: "busy", retryAfter: 42)], chance: 0) == [42])
        // With jitter, so that not all who were told so come back at once.
        #expect(waits([.failed(reason: "busy", retryAfter: 100)], chance: 1).allSatisfy { (109...111).contains($0) })
        #expect(waits([.failed(reason: "busy", retryAfter: 1e9)]) == [3600])
        #expect(waits([.failed(reason: "busy", retryAfter: -7)]) == [1])
        // Less than the wait that is due anyway changes nothing.
        #expect(
            waits(Array(repeating: .failed(reason: "busy", retryAfter: 3), count: 4), chance: 1).suffix(2) == [4, 8])
    }

    @Test func `a refused message is held, with waits from one minute to half an hour`() {
        var loop = DeliveryLoop(refusals: .hold)
        #expect(loop.conclude(.refused(reason: "no"), now: 0, chance: 1) == .again)
        #expect(loop.trouble == .init(reason: "no", isRefusal: true, since: 0))
        let waits = waits(Array(repeating: .refused(reason: "no"), count: 8))
        #expect(waits == [60, 120, 240, 480, 960, 1800, 1800, 1800])
    }

    @Test func `a refused message is given up where refusals are skipped, and a failure never is`() {
        var loop = DeliveryLoop(refusals: .skip)
        #expect(loop.conclude(.refused(reason: "no"), now: 0, chance: 1) == .giveUp(reason: "no"))
        #expect(loop.next(now: 0) == .send && loop.trouble == nil)
        for round in 0..<100 {
            let outcome = DeliveryLoop.Outcome.failed(reason: "away", retryAfter: nil)
            #expect(loop.conclude(outcome, now: Double(round) * 400, chance: 1) == .again)
        }
    }

    @Test func `the trouble keeps its beginning until it is over, and another one has its own`() {
        var loop = DeliveryLoop(refusals: .hold)
        _ = loop.conclude(.failed(reason: "a", retryAfter: nil), now: 10, chance: 1)
        _ = loop.conclude(.failed(reason: "b", retryAfter: nil), now: 20, chance: 1)
        #expect(loop.trouble == .init(reason: "b", isRefusal: false, since: 10))
        _ = loop.conclude(.refused(reason: "c"), now: 30, chance: 1)
        #expect(loop.trouble == .init(reason: "c", isRefusal: true, since: 30))
    }

    @Test func `a message over which the connection breaks has waits of its own, which begin anew after a word`() {
        var bounds = DeliveryLoop.Waits()
        (bounds.failures, bounds.refusals, bounds.breaks) = (2...2, 2...2, 60...1800)
        var loop = DeliveryLoop(refusals: .hold, waits: bounds)
        var (now, waits) = (0.0, [Double]())
        let outcomes: [DeliveryLoop.Outcome] = [
            .refused(reason: "no"), .refused(reason: "no"), .breaks(reason: "cut"), .breaks(reason: "cut"),
            .failed(reason: "full"), .breaks(reason: "cut"),
        ]
        for outcome in outcomes {
            #expect(loop.conclude(outcome, now: now, chance: 1) == .again)
            guard case .rest(let until) = loop.next(now: now) else {
                Issue.record("no rest after \(outcome)")
                return
            }
            waits.append(until - now)
            now = until
        }
        #expect(waits == [2, 2, 60, 120, 2, 60])
        #expect(loop.trouble == .init(reason: "cut", isRefusal: true, since: now - 60))
        var skipping = DeliveryLoop(refusals: .skip, waits: bounds)
        #expect(skipping.conclude(.breaks(reason: "cut"), now: 0, chance: 1) == .giveUp(reason: "cut"))
        #expect(skipping.next(now: 0) == .send)
    }

    @Test func `what can never be sent is dropped, and a connection that ended says nothing`() {
        for refusals in DeliveryLoop.Refusals.allCases {
            var loop = DeliveryLoop(refusals: refusals)
            #expect(loop.conclude(.unsendable(reason: "too long"), now: 0, chance: 1) == .drop(reason: "too long"))
            #expect(loop.trouble == nil && loop.next(now: 0) == .send)
            _ = loop.conclude(.failed(reason: "away", remedy: "look"), now: 10, chance: 1)
            let (trouble, next) = (loop.trouble, loop.next(now: 10))
            #expect(trouble?.remedy == "look")
            #expect(loop.conclude(.unknown, now: 10, chance: 1) == .again)
            #expect(loop.trouble == trouble && loop.next(now: 10) == next)
        }
    }

    @Test func `time that stands still or a huge number of failures breaks nothing`() {
        var loop = DeliveryLoop(refusals: .hold)
        for _ in 0..<10_000 { _ = loop.conclude(.failed(reason: "", retryAfter: nil), now: 0, chance: 1) }
        #expect(loop.next(now: 0) == .rest(until: 300))
    }
}
