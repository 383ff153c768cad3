import Domain
import Foundation
import Testing

@testable import Contract
@testable import Delivery

/// Who may ask for how much in an hour.
struct RequestBudgetTests {
    private static let hour = Date(timeIntervalSince1970: 1_795_478_400)
    private var budget = RequestBudget(AccessPolicy())

    private mutating func ask(
        _ name: String?, at place: String = "a", of class: Reply.Class = .review, hours: Double = 0
    ) -> Bool {
        let date = Self.hour.addingTimeInterval(hours * 3600)
        return budget.take(budget.sender(`class`, at: place, by: name, on: date)) == .taken
    }

    private mutating func count(
        _ requests: Int, _ name: (Int) -> String?, at place: String = "a", hours: Double = 0
    ) -> Int {
        (0..<requests).count { ask(name($0), at: place, hours: hours) }
    }

    @Test mutating func `one sender gets its share and the surplus, all others their share`() {
        #expect(count(5000, { _ in "loud" }) == 1000)
        #expect(count(5000, { _ in "quiet" }) == 100)
        #expect(count(5000, { _ in nil }) == 100)
        #expect(count(5000, { _ in "loud" }, at: "b") == 100)
        #expect(ask("loud", of: .command))
        #expect(count(5000, { _ in "loud" }, hours: 1) == 1000)
    }

    @Test mutating func `invented names take no known name's share, no other place's, and little memory`() {
        let worker = budget.sender(.review, at: "a", by: "worker", on: Self.hour)
        #expect(budget.take(worker) == .taken)
        budget.accept(worker)
        for hours in 1...3 {
            if hours > 1 {
                budget.accept(budget.sender(.review, at: "a", by: "worker", on: Self.hour.addingTimeInterval(3600 * 2)))
            }
            let taken = count(20_000, { "invented-\(hours)-\($0)" }, hours: Double(hours))
            #expect(taken <= RequestBudget.mostNames * 2 + 1000)
            #expect(ask("worker", hours: Double(hours)))
            #expect(ask("newcomer", at: "b", hours: Double(hours)))
            #expect(budget.senders <= RequestBudget.mostNames + 2)
        }
    }

    @Test mutating func `the names of a list have their own shares, whoever else asks`() {
        budget = RequestBudget(AccessPolicy(reviewers: [.init(by: "desk"), .init(by: "worker")]))
        #expect(count(20_000, { "invented-\($0)" }) == 1000)
        #expect(count(500, { _ in "desk" }) == 100)
        #expect(count(500, { _ in "worker" }) == 100)
        #expect(budget.senders == 3)
    }

    @Test mutating func `the first beyond the share is told from the others, and a very long name is none`() {
        let long = budget.sender(.review, at: "a", by: String(repeating: "n", count: 16_000), on: Self.hour)
        #expect(long == budget.sender(.review, at: "a", by: nil, on: Self.hour))
        #expect(count(1000, { _ in nil }) == 1000)
        #expect(budget.take(long) == .beyond(isFirst: true))
        #expect(budget.take(long) == .beyond(isFirst: false))
    }
}
