import Contract
import Domain
import Foundation
import Glibc
import Hashing
import NIOCore
import Store
import Synchronization
import TestSupport
import Testing
import Threading

@testable import Console

/// What cameras do meanwhile: at a fixed pace something is computed, and now and then an incident is written.
private final class Looks: Sendable {
    private struct State {
        var made = 0
        var late = 0
        /// Seconds from a look to its incident on the disk.
        var commits: [Double] = []
        var isEnded = false
    }

    /// Of a picture, so to speak.
    private static let bytes = [UInt8](repeating: 7, count: 1 << 21)
    static let pace = 0.1
    private let state = Mutex(State())

    /// As many cameras as there are processors.
    init(_ harness: ConsoleHarness) {
        for number in 0..<max(2, ProcessInfo.processInfo.activeProcessorCount) {
            startThread(named: "looks") { [self] in look("cam-\(number)", harness) }
        }
    }

    deinit { end() }

    func end() { state.withLock { $0.isEnded = true } }

    private func look(_ camera: String, _ harness: ConsoleHarness) {
        var due = ContinuousClock.now
        var count = 0
        while !state.withLock(\.isEnded) {
            due += .seconds(Self.pace)
            for _ in 0..<3 { _ = try? SHA256.hex(Self.bytes) }
            count += 1
            if count.isMultiple(of: 10) {
                let start = ContinuousClock.now
                _ = try? harness.report(camera)
                let took = (ContinuousClock.now - start) / .seconds(1)
                state.withLock { $0.commits.append(took) }
            }
            let isLate = ContinuousClock.now > due
            state.withLock {
                $0.made += 1
                if isLate { $0.late += 1 }
            }
            // A look that comes late leaves out the next.
            while due < .now { due += .seconds(Self.pace) }
            let rest = (due - .now) / .seconds(1)
            usleep(UInt32(max(0, rest) * 1e6))
        }
    }

    struct Count {
        /// Of all cameras.
        let perSecond: Double
        let late: Int
        /// The longest of twenty but one, in seconds.
        let commit: Double
    }

    /// What is done while something else happens.
    func count<Result>(_ body: () async throws -> Result) async throws -> (Count, Result) {
        state.withLock { state in
            state.made = 0
            state.late = 0
            state.commits = []
        }
        let start = ContinuousClock.now
        let result = try await body()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let count = state.withLock { state in
            let sorted = state.commits.sorted()
            let p95 = sorted.isEmpty ? 0 : sorted[Int(Double(sorted.count - 1) * 0.95)]
            return Count(perSecond: Double(state.made) / seconds, late: state.late, commit: p95)
        }
        return (count, result)
    }

    func count(seconds: Double) async throws -> Count {
        try await count { try await Task.sleep(for: .seconds(seconds)) }.0
    }
}

/// What clients were answered, by status; 0 is no answer.
private final class Tally: Sendable {
    private let counts = Mutex<[Int: Int]>([:])

    func add(_ status: Int) { counts.withLock { $0[status, default: 0] += 1 } }
    var all: [Int: Int] { counts.withLock(\.self) }
}

/// The incidents that were reported so far.
private final class Written: Sendable {
    private struct State {
        var ids: [String] = []
        var isEnded = false
    }

    private let state = Mutex(State())

    func append(_ id: String) { state.withLock { $0.ids.append(id) } }
    func end() { state.withLock { $0.isEnded = true } }
    var all: [String] { state.withLock { $0.ids } }
    /// Nil while there are more to come.
    var last: String? { state.withLock { $0.isEnded ? $0.ids.last : nil } }
}

/// Who means harm to the console, or its clients on bad lines: cameras and alerts notice nothing of it, and memory is bounded.
@Suite(.tags(.abuse), .serialized) struct AbuseTests {
    /// The resident set of this process, in MiB.
    private static var resident: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return ((text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096) >> 20
    }

    /// The largest that it has while something runs.
    private final class Peak: Sendable {
        private let highest = Mutex(AbuseTests.resident)
        private let isEnded = Atomic(false)

        init() {
            startThread(named: "peak") { [self] in
                while !isEnded.load(ordering: .relaxed) {
                    let now = AbuseTests.resident
                    highest.withLock { $0 = max($0, now) }
                    usleep(20_000)
                }
            }
        }

        func end() -> Int {
            isEnded.store(true, ordering: .relaxed)
            return highest.withLock(\.self)
        }
    }

    /// Short, so that a test sees them end.
    private static let limits = ConnectionDeadlines.Limits(
        head: .seconds(3), body: .seconds(3), rest: .seconds(2), mostRest: 1 << 20, taking: .seconds(3),
        leastTaken: 4096)

    /// Runs an attack beside the looks, and holds that they and memory do not notice.
    ///
    /// - Parameter mostMegabytes: that it may take more than before.
    private func attack(
        _ what: String, _ harness: ConsoleHarness, mostMegabytes: Int, _ body: @Sendable () async throws -> Void
    ) async throws {
        let looks = Looks(harness)
        defer { looks.end() }
        // Until everything has been made once.
        for _ in 0..<3 { #expect(try harness.send("GET", "/").status == 200) }
        _ = try await looks.count(seconds: 1)
        let before = try await looks.count(seconds: 4)
        let (base, peak) = (Self.resident, Peak())
        let (during, seconds) = try await looks.count {
            let start = ContinuousClock.now
            try await body()
            // Long enough to be counted.
            let left = 4 - (ContinuousClock.now - start) / .seconds(1)
            if left > 0 { try await Task.sleep(for: .seconds(left)) }
            return (ContinuousClock.now - start) / .seconds(1)
        }
        let most = peak.end()
        let after = try await looks.count(seconds: 4)
        let quiet = (before.perSecond + after.perSecond) / 2
        let ratio = during.perSecond / quiet
        let rates = String(format: "%.1f against %.1f a second, ratio %.3f", during.perSecond, quiet, ratio)
        let (commit, usual) = (during.commit * 1000, max(before.commit, after.commit) * 1000)
        let commits = String(format: "p95 %.0f against %.0f ms", commit, usual)
        let late = "late \(during.late) against \(before.late + after.late)"
        let length = String(format: "%.1f s", seconds)
        print("abuse: \(what): looks \(rates), \(late); commits \(commits); memory \(base) to \(most) MiB; \(length)")
        #expect(ratio >= 0.95, "\(what)")
        #expect(Duration.seconds(during.commit) < Patience.seconds(0.5), "\(what)")
        #expect(most - base <= mostMegabytes, "\(what): \(base) to \(most) MiB")
        // And whoever comes by the door is let in.
        let start = ContinuousClock.now
        #expect(try harness.send("GET", "/").status == 200)
        #expect(ContinuousClock.now - start < Patience.seconds(2))
    }

    /// The code of the page, uncompressed.
    private static var large: String { "/assets/\(AssetLibrary.shared.hash)/texts.js" }

    @Test(.waiting(minutes: 3)) func `a hundred clients that read nothing are sent away`() async throws {
        let harness = try await ConsoleHarness(limits: Self.limits)
        try harness.account("worker", .viewer)
        let cookies = try (0..<4).map { _ in try harness.session(of: "worker") }
        try await attack("100 clients that read nothing", harness, mostMegabytes: 64) {
            var lines: [Line] = []
            // Each asks for more than the kernel keeps.
            let request = Array("GET \(Self.large) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
            let many = Array(repeating: request, count: 2000).flatMap(\.self)
            for number in 0..<100 {
                // None of them ever reads.
                let line = try Line(harness.number, patience: 20)
                if number < 16 {
                    let cookie = cookies[number % 4]
                    line.write(
                        Array("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nCookie: \(cookie)\r\n\r\n".utf8))
                } else {
                    line.write(many, waitsForRoom: false)
                }
                lines.append(line)
            }
            // The streams have more to say than their readers take.
            for _ in 0..<400 { try harness.report() }
            try await Task.sleep(for: .seconds(5))
            // Those who asked for much have been sent away by now, and there is room.
            for line in lines.dropFirst(16) { #expect(try await eventually { line.isClosed() }) }
        }
        try await harness.stop()
    }

    @Test(.waiting(minutes: 4)) func `a thousand wrong passwords cost the cameras nothing`() async throws {
        let harness = try await ConsoleHarness(proxies: ["127.0.0.1"], limits: Self.limits)
        try harness.account("worker", .viewer)
        let answers = Tally()
        @Sendable func tryIn(_ number: Int, from address: String) throws {
            let answer = try harness.send(
                "POST", "/api/v1/session",
                body:
                    "{\"user\":\"\(number.isMultiple(of: 2) ? "worker" : "name-\(number)")\",\"password\":\"wrong\(number)\"}",
                headers: ["X-Forwarded-For": address], patience: 60)
            answers.add(answer.status)
        }
        try await attack("500 wrong passwords from one address, 500 from as many", harness, mostMegabytes: 96) {
            let threads = (0..<10).map { _ in DedicatedThread(name: "client") }
            defer { withExtendedLifetime(threads) {} }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (client, thread) in threads.enumerated() {
                    group.addTask(executorPreference: thread) {
                        for number in 0..<100 {
                            let isOne = number.isMultiple(of: 2)
                            try tryIn(
                                client * 100 + number,
                                from: isOne ? "203.0.113.9" : "10.\(client).\(number).1")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        let found = answers.all
        print("abuse: answers \(found.sorted { $0.key < $1.key })")
        #expect(found.values.reduce(0, +) == 1000)
        // Wrong, too many, or too busy; and nothing else.
        #expect(Set(found.keys).isSubset(of: [401, 429, 503]) && (found[429] ?? 0) > 300)
        // From elsewhere its owner still comes in.
        let right = try harness.send(
            "POST", "/api/v1/session", body: "{\"user\":\"worker\",\"password\":\"\(ConsoleHarness.password)\"}",
            headers: ["X-Forwarded-For": "192.0.2.1"])
        #expect(right.status == 200)
        try await harness.stop()
    }

    @Test(.waiting(minutes: 3)) func `bodies of ten megabytes, and without an end, are cut off`() async throws {
        let harness = try await ConsoleHarness(limits: Self.limits)
        let statuses = Tally()
        try await attack("bodies of 10 MB and without an end", harness, mostMegabytes: 64) {
            let threads = (0..<20).map { _ in DedicatedThread(name: "client") }
            defer { withExtendedLifetime(threads) {} }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (client, thread) in threads.enumerated() {
                    group.addTask(executorPreference: thread) {
                        let part = [UInt8](repeating: 120, count: 65_536)
                        for kind in 0..<3 {
                            let line = try Line(harness.number, patience: 5)
                            let path = ["/api/v1/session", "/api/v1/incidents/1/review", "/nothing"][
                                (client + kind) % 3]
                            let length =
                                client.isMultiple(of: 2) ? "Content-Length: 10485760" : "Transfer-Encoding: chunked"
                            line.write(
                                Array(
                                    ("\(client.isMultiple(of: 5) ? "GET" : "POST") \(path) HTTP/1.1\r\nHost: localhost\r\n"
                                        + "Content-Type: application/json\r\nOrigin: http://localhost\r\n"
                                        + "X-Gridwarden: 1\r\n\(length)\r\n\r\n").utf8))
                            var sent = 0
                            // Without an end, until the line is cut.
                            while sent < 160 {
                                if !client.isMultiple(of: 2) {
                                    guard line.write(Array("10000\r\n".utf8)) else { break }
                                }
                                guard line.write(part) else { break }
                                if !client.isMultiple(of: 2) { guard line.write([13, 10]) else { break } }
                                sent += 1
                            }
                            let answer = line.read().map { String(decoding: $0.prefix(12), as: UTF8.self) }
                            let status = answer.flatMap { Int($0.suffix(3)) } ?? 0
                            statuses.add(status)
                            #expect(sent < 160 || status != 0)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        let found = statuses.all
        print("abuse: answers \(found.sorted { $0.key < $1.key })")
        #expect(found[200] == nil)
        try await harness.stop()
    }

    @Test(.waiting(minutes: 3)) func `heads and bodies that come a byte at a time are given up`() async throws {
        let harness = try await ConsoleHarness(limits: Self.limits)
        try await attack("90 slow heads and bodies", harness, mostMegabytes: 48) {
            var lines: [Line] = []
            for number in 0..<90 {
                let line = try Line(harness.number, patience: 20)
                let body =
                    "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Origin: http://localhost\r\nX-Gridwarden: 1\r\nContent-Length: 5000\r\n\r\n{"
                line.write(
                    Array((number.isMultiple(of: 2) ? "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: " : body).utf8))
                lines.append(line)
            }
            let end = ContinuousClock.now + .seconds(6)
            while ContinuousClock.now < end {
                for line in lines { line.write([97]) }
                try await Task.sleep(for: .milliseconds(200))
            }
            // A byte now and then is no answer to a deadline.
            for line in lines { #expect(try await eventually { line.isClosed() }) }
            #expect(try harness.send("GET", "/").status == 200)
        }
        try await harness.stop()
    }

    @Test(.waiting(minutes: 3)) func `streams that are cut at any byte resume without a hole`() async throws {
        let harness = try await ConsoleHarness(limits: Self.limits)
        for number in 0..<4 { try harness.account("worker-\(number)", .viewer) }
        let cookies = try (0..<4).map { try harness.session(of: "worker-\($0)") }
        let (written, arrived) = (Written(), Tally())
        try await attack("8 streams cut at random", harness, mostMegabytes: 64) {
            let threads = (0..<8).map { _ in DedicatedThread(name: "reader") }
            defer { withExtendedLifetime(threads) {} }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (reader, thread) in threads.enumerated() {
                    group.addTask(executorPreference: thread) {
                        let line = CutReader(harness, cookies[reader % 4], seed: UInt64(reader))
                        let (seen, cuts) = try line.follow(heard: { arrived.add(reader) }, until: { written.last })
                        let all = written.all
                        // What the cameras of this test report as well comes in between.
                        let mine = seen.filter(Set(all).contains)
                        var first: [String] = []
                        for id in mine where !first.contains(id) { first.append(id) }
                        #expect(first == all, "reader \(reader): \(first.count) of \(all.count), \(cuts) cuts")
                        #expect(cuts >= 5)
                    }
                }
                group.addTask {
                    // What was before a reader came the first time is no hole.
                    #expect(try await eventually { arrived.all.count == 8 })
                    for _ in 0..<250 {
                        let id = try harness.report("mine").id.text
                        written.append(id)
                        try await Task.sleep(for: .milliseconds(15))
                    }
                    written.end()
                }
                try await group.waitForAll()
            }
        }
        try await harness.stop()
    }
}

/// Reads a stream in pieces, is cut after a random number of bytes, and comes back with the last id that it had as a whole.
private struct CutReader {
    private let harness: ConsoleHarness
    private let cookie: String
    private var random: SeededGenerator

    init(_ harness: ConsoleHarness, _ cookie: String, seed: UInt64) {
        (self.harness, self.cookie) = (harness, cookie)
        random = SeededGenerator(seed: seed)
    }

    /// The ids of incidents in the order in which they came, and how often it was cut.
    ///
    /// - Parameters:
    ///   - heard: is told of each event once there is an id to go on from.
    ///   - last: the incident after which it ends; nil while there is to come more.
    func follow(heard: () -> Void, until last: () -> String?) throws -> (seen: [String], cuts: Int) {
        var (seen, cuts, random): ([String], Int, SeededGenerator) = ([], 0, random)
        var id: String?
        while true {
            let line = try Line(harness.number, patience: 2)
            let resume = id.map { "Last-Event-ID: \($0)\r\n" } ?? ""
            line.write(
                Array("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nCookie: \(cookie)\r\n\(resume)\r\n".utf8))
            var left = Int.random(in: 1...60_000, using: &random)
            var text = ""
            while left > 0, let part = line.read(atMost: min(left, 4096)) {
                left -= part.count
                text += String(decoding: part.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
                while let end = text.range(of: "\n\n") {
                    let lines = text[..<end.lowerBound].split(separator: "\n")
                    text = String(text[end.upperBound...])
                    func value(_ name: String) -> String? {
                        lines.first { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
                    }
                    id = value("id") ?? id
                    if id != nil { heard() }
                    guard value("event") == "incident", let data = value("data"),
                        let item = try? JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any],
                        let incident = item["id"] as? String
                    else { continue }
                    seen.append(incident)
                }
                if let last = last(), seen.contains(last) { return (seen, cuts) }
            }
            if let last = last(), seen.contains(last) { return (seen, cuts) }
            cuts += 1
            guard cuts < 400 else { return (seen, cuts) }
        }
    }
}
