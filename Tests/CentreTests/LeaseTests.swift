import Domain
import Foundation
import Postgres
import Store
import Synchronization
import TestSupport
import Testing

@testable import Centre
@testable import Contract
@testable import MQTT

/// Several centres on one database.
@Suite(
    .enabled(if: PostgresServer.isInstalled, "needs PostgreSQL, from 14 on: apt-get install postgresql"),
    .waiting(minutes: 3))
struct LeaseTests {
    /// Two centres that have shared out the sites.
    private func pair() throws -> (Room, Room) {
        let one = try Room(.postgres)
        let two = try Room(.postgres, sharing: one.database, time: one.time, name: "b")
        for _ in 0..<3 {
            one.pass()
            two.pass()
        }
        return (one, two)
    }

    private func sequence(_ street: Street, _ number: Int64, _ room: Room) throws -> MQTTMessage {
        try street.alert(street.incident(at: room.time.now), number)
    }

    @Test func `two centres have about as many sites each, and each message is written by one of them`() throws {
        let (one, two) = try pair()
        let (mine, others) = (one.leases.held, two.leases.held)
        #expect(mine.shares.isDisjoint(with: others.shares) && mine.shares.union(others.shares).count == Leases.shares)
        #expect(mine.duties.isDisjoint(with: others.duties) && mine.duties.union(others.duties).count == 3)
        #expect(abs(mine.shares.count - others.shares.count) <= 4)
        #expect(one.leases.holders.map(\.name).sorted() == ["a", "b"] && one.leases.holders.count { $0.isOurs } == 1)
        let streets = try (1...24).map { try Street($0) }
        let nonsense = (0..<10).map { MQTTMessage(topic: "mg/v1/alert/nonsense/\($0)", text: "x") }
        for number in Int64(1)...3 {
            let messages = try streets.map { try sequence($0, number, one) } + nonsense
            one.take(messages)
            two.take(messages)
        }
        #expect(try one.count("message") == 72 && one.count("casefile") == 72 && one.count("site") == 24)
        #expect(one.figures.stored + two.figures.stored == 72 && one.figures.stored > 0 && two.figures.stored > 0)
        #expect(try one.count("refusal") == 30 && one.check() == [])
    }

    @Test func `a killed centre's sites are the other one's, who asks how far they have come`() throws {
        let (one, two) = try pair()
        let streets = try (1...12).map { try Street($0) }
        let first = try streets.map { try sequence($0, 1, one) }
        one.take(first)
        two.take(first)
        let lost = streets.filter { one.leases.held.shares.contains(Leases.share(of: $0.site.id)) }
        #expect(!lost.isEmpty && lost.count < streets.count)
        try #require(one.database).kill()
        // Nobody has these.
        two.take(try lost.map { try sequence($0, 2, two) })
        #expect(try two.count("message") == 12)
        _ = two.sentMessages()
        for _ in 0..<5 where two.leases.held.shares.count < Leases.shares {
            Thread.sleep(forTimeInterval: 0.2)
            two.pass(1)
        }
        #expect(two.leases.held.shares.count == Leases.shares && two.leases.held.duties.count == 3)
        let pings = try two.asked(.command).filter { $0["command"] as? String == "ping" }
        #expect(pings.count >= lost.count)
        for street in lost { two.take(street.report(last: 2, at: two.time.now)) }
        two.pass(6)
        #expect(try two.asked(.command).count { $0["command"] as? String == "replay" } == lost.count)
        // One that it ignored before is no repetition.
        two.take(try lost.map { try sequence($0, 2, two) } + lost.map { try sequence($0, 3, two) })
        #expect(try two.count("message") == 12 + 2 * lost.count && two.check() == [])
        two.pass(1)
        #expect(try two.queries.sites().allSatisfy { $0.missing.isEmpty })
    }

    @Test func `a centre whose session was lost writes nothing by what it knew before`() throws {
        let (one, two) = try pair()
        let streets = try (1...12).map { try Street($0) }
        one.take(try streets.map { try sequence($0, 1, one) })
        two.take(try streets.map { try sequence($0, 1, one) })
        try #require(one.database).writer.cut()
        for _ in 0..<5 where two.leases.held.shares.count < Leases.shares {
            Thread.sleep(forTimeInterval: 0.2)
            two.pass(1)
        }
        #expect(two.leases.held.shares.count == Leases.shares)
        // The first one still thinks that half of them are its own.
        let messages = try streets.map { try sequence($0, 2, one) }
        one.take(messages)
        two.take(messages)
        #expect(try two.count("message") == 24 && two.check() == [])
        #expect(two.figures.stored >= 12 && one.figures.stored + two.figures.stored == 24)
        // And gets its half back.
        for _ in 0..<3 {
            one.pass(1)
            two.pass(1)
        }
        #expect(abs(one.leases.held.shares.count - two.leases.held.shares.count) <= 4)
    }

    @Test func `what is due is done by one centre, and what a site is asked by the one that has it`() throws {
        let (one, two) = try pair()
        let streets = try (1...6).map { try Street($0) }
        let incidents = streets.map { $0.incident(at: one.time.now) }
        for room in [one, two] { room.take(try zip(streets, incidents).map { try $0.alert($1, 1) }) }
        for item in try one.cases(.found) { _ = try one.desk.take(.step(.accept, isConfirmed: true), case: item.id) }
        one.pass(1)
        two.pass(1)
        let reviews = try one.asked(.review).count + two.asked(.review).count
        #expect(reviews == 6)
        for room in [one, two] {
            room.take(try zip(streets, incidents).map { try $0.alert($1.cleared(at: one.time.now), 2) })
        }
        one.pass(601)
        two.pass(1)
        #expect(try one.cases(.selfResolved).count == 6 && one.check() == [])
        #expect(one.leases.does(.deliveries) != two.leases.does(.deliveries))
    }
}
