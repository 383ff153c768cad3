import Delivery
import Domain
import Foundation
import Runtime
import SiteConfiguration
import Synchronization

/// Takes wishes to take the configuration anew, from whoever has them, and keeps what became of them.
///
/// One reload runs at a time, and reads the file when it begins: who comes while one waits shares it, who comes while one runs
/// has the next. So what was written before a wish is always read after it.
final class ReloadDesk: Sendable {
    private struct State {
        var last = 0
        /// Wished for and not begun.
        var waiting: Int?
        var reports: [Int: ReloadReport] = [:]
        var running: String
    }

    /// How many reports are kept.
    private static let most = 64

    /// One element at least for each wish that has not begun.
    private let wishes: AsyncStream<Void>
    private let arrival: AsyncStream<Void>.Continuation
    private let state: Mutex<State>

    /// - Parameter running: the SHA-256 of the configuration in use.
    init(running: String) {
        (wishes, arrival) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        state = Mutex(State(running: running))
    }

    /// The SHA-256 of the configuration in use.
    var running: String { state.withLock { $0.running } }

    /// The number under which `report` knows it.
    @discardableResult
    func wish() -> Int {
        let number = state.withLock { state in
            if let waiting = state.waiting { return waiting }
            state.last += 1
            state.waiting = state.last
            return state.last
        }
        arrival.yield()
        return number
    }

    /// Has `body` fulfil one wish after the other, each from its beginning to its end, until it returns nil or the task is
    /// cancelled. To be called once.
    func serve(_ body: (_ number: Int) async -> ReloadReport?) async {
        for await _ in wishes {
            guard let number = begin() else { continue }
            guard let report = await body(number) else { return }
            settle(number, report)
        }
    }

    /// The wish that begins now; nil where it has begun already.
    private func begin() -> Int? {
        state.withLock { state in
            defer { state.waiting = nil }
            return state.waiting
        }
    }

    private func settle(_ number: Int, _ report: ReloadReport) {
        state.withLock { state in
            state.reports[number] = report
            state.reports[number - Self.most] = nil
            if let sha256 = report.sha256 { state.running = sha256 }
        }
    }

    /// What became of a wish; nil where that takes longer, or the service ends meanwhile.
    func outcome(of number: Int, within duration: Duration) async -> ReloadReport? {
        let end = ContinuousClock.now + duration
        while .now < end, let known = report(number) {
            if let known { return known }
            do { try await Task.sleep(for: .milliseconds(50)) } catch { return nil }
        }
        return nil
    }

    /// Nil where there is no such wish any more; `.some(nil)` while it has not ended.
    func report(_ number: Int) -> ReloadReport?? {
        state.withLock { state in
            if let report = state.reports[number] { return .some(report) }
            return number > max(0, state.last - Self.most) && number <= state.last ? .some(nil) : nil
        }
    }
}

/// Over the socket in the state folder: `POST /reload` answers with the number of the wish, `GET /reload/NUMBER` with what became
/// of it, and `GET /configuration` with how the file stands to what is in use.
extension ReloadDesk {
    private struct Ticket: Codable { let number: Int }

    func take(_ path: String) -> StatusServer.Response? {
        path == "/reload" ? Self.json(Ticket(number: wish()), status: "202 Accepted") : nil
    }

    /// Nil where there is nothing at this path. Reads the file, which may block.
    func response(
        _ path: String, _ secrets: KnownSecrets, _ read: () throws -> DaemonSettings
    ) -> StatusServer.Response? {
        if path == "/configuration" { return Self.json(standing(read)) }
        guard path.hasPrefix("/reload/"), let number = Int(path.dropFirst("/reload/".count)),
            let known = report(number)
        else { return nil }
        guard var report = known else { return Self.json(Ticket(number: number), status: "202 Accepted") }
        report.reason = report.reason.map(secrets.redact)
        return Self.json(report)
    }

    private func standing(_ read: () throws -> DaemonSettings) -> ConfigurationStanding {
        do {
            let file = try read().site.configurationSHA256
            return ConfigurationStanding(running: running, file: file, needsRestart: [])
        } catch let restart as NeedsRestart {
            return ConfigurationStanding(running: running, file: nil, needsRestart: restart.keys)
        } catch {
            return ConfigurationStanding(running: running, file: nil, needsRestart: [])
        }
    }

    private static func json(_ value: some Encodable, status: String = "200 OK") -> StatusServer.Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        return StatusServer.Response(status: status, mediaType: "application/json", body: body + "\n")
    }

    /// The number in the answer to a wish.
    static func number(in body: Data) -> Int? { (try? JSONDecoder().decode(Ticket.self, from: body))?.number }
}
