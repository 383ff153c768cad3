import Console
import Contract
import Foundation
import Store

/// Tells every open page of what has changed. It asks the database, so that pages hear of what other centres and commands have
/// done as well; without readers it asks nothing.
actor ChangeFeed {
    /// Open streams, and those of one session.
    private static let (most, mostOfSession) = (200, 4)
    /// Who was away for longer reads everything anew.
    private static let longestGap: Int64 = 1000
    /// Cases in one go; more are told as one `refresh`.
    private static let batch = 50

    private struct Reader {
        let stream: EventStream
        let session: String
        let scope: CaseScope
        /// The newest change that it has.
        var last: Int64
    }

    private nonisolated let desk: PageDesk
    private let access: AccessDesk
    private let period: Duration
    private let beats: Int
    private var readers: [Int: Reader] = [:]
    private var count = 0
    private var opening = 0
    private var isEnded = false
    private var running: Task<Void, Never>?

    /// - Parameters:
    ///   - period: between two looks for changes.
    ///   - beats: looks between two signs of life.
    init(_ desk: PageDesk, _ access: AccessDesk, period: Duration = .milliseconds(250), beats: Int = 60) {
        (self.desk, self.access, self.period, self.beats) = (desk, access, period, beats)
    }

    nonisolated var route: Route {
        .row(.get, "/api/v1/events", .account(.viewer)) { call in
            let (id, stream) = try await self.open(
                session: call.sessionHash ?? "", call.scope(self.desk), since: call.eventID)
            return .events(stream, of: call) { await self.close(id) }
        }
    }

    /// A stream for a session, which goes on after `since` where that is known. Throws `Fault.busy` where too many are open.
    func open(
        session: String, _ scope: CaseScope, since: EventID?
    ) async throws -> (id: Int, stream: EventStream) {
        guard !isEnded, readers.count + opening < Self.most,
            readers.values.count(where: { $0.session == session }) < Self.mostOfSession
        else { throw Fault.busy }
        opening += 1
        defer { opening -= 1 }
        count += 1
        let (id, stream) = (count, EventStream())
        let current = try await desk.run { try $0.event() }
        let isKnown = since.map {
            $0.epoch == current.epoch && $0.change <= current.change
                && current.change - $0.change <= Self.longestGap
        }
        let start = isKnown == true ? since?.change ?? current.change : current.change
        let hello = ["server_time": desk.parts.text(desk.now), "version": desk.parts.software]
        stream.send("hello", id: EventID(epoch: current.epoch, change: start), Self.json(hello))
        if isKnown == false { stream.send("reset", id: current, "{}") }
        readers[id] = Reader(stream: stream, session: session, scope: scope, last: start)
        if running == nil { running = Task { await run() } }
        return (id, stream)
    }

    func close(_ id: Int) {
        readers[id]?.stream.end()
        readers[id] = nil
    }

    /// Ends all streams.
    nonisolated func end() { Task { await self.endAll() } }

    private func endAll() {
        isEnded = true
        for id in Array(readers.keys) { close(id) }
    }

    /// Looks for changes while anybody reads.
    private func run() async {
        var looks = 0
        while !readers.isEmpty {
            await pump()
            looks += 1
            if looks % beats == 0 { await beat() }
            try? await Task.sleep(for: period)
        }
        running = nil
    }

    private func pump() async {
        guard let oldest = readers.values.map(\.last).min() else { return }
        // Who comes meanwhile may lack what is older than this, and is served in the next round.
        let served = Set(readers.keys)
        let found = try? await desk.run { parts in
            let changes = try parts.store.read { try CaseChanges.after(oldest, limit: Self.batch + 1, $0) }
            let isTooMuch = changes.count > Self.batch
            let summaries = isTooMuch ? [] : try parts.queries.summaries(changes.map(\.id), nil)
            return (
                newest: isTooMuch
                    ? try parts.store.read { try CaseChanges.newest($0) } : changes.last?.change ?? oldest,
                isTooMuch: isTooMuch, numbers: Dictionary(changes.map { ($0.id, $0.change) }) { $1 },
                items: summaries.map { ($0.item, Self.json(CaseView($0, parts))) }
            )
        }
        // The next look tries again.
        guard let found, found.newest > oldest else { return }
        for (id, reader) in readers where served.contains(id) && reader.last < found.newest {
            readers[id]?.last = found.newest
            if found.isTooMuch {
                send("refresh", EventID(epoch: desk.parts.epoch, change: found.newest), "{}", to: id)
                continue
            }
            var hasAny = false
            for (item, json) in found.items where reader.scope.covers(item) {
                let change = found.numbers[item.id] ?? 0
                guard change > reader.last else { continue }
                hasAny = true
                send("case", EventID(epoch: desk.parts.epoch, change: change), json, to: id)
            }
            if hasAny { send("numbers", nil, "{}", to: id) }
        }
    }

    private func send(_ name: String, _ event: EventID?, _ data: String, to id: Int) {
        if readers[id]?.stream.send(name, id: event, data) == false { readers[id] = nil }
    }

    /// Says that the connection lives, and ends the streams of sessions that have ended.
    private func beat() async {
        let date = access.now
        let data = Self.json(["server_time": desk.parts.text(desk.now)])
        for (id, reader) in readers {
            let isOpen = try? await access.run { try $0.session(reader.session, at: date) != nil }
            if isOpen == false { close(id) } else { send("tick", nil, data, to: id) }
        }
    }

    private static func json(_ value: some Encodable) -> String {
        String(decoding: WireJSON.bytes(value), as: UTF8.self)
    }
}
