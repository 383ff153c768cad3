import Contract
import Domain
import Foundation
import NIOCore
import Store
import Synchronization

/// Tells every open page of what has changed: each change is read and encoded once, whatever the number of readers.
/// Without readers it does nothing.
actor Broadcaster {
    /// Open streams, and those of one session.
    private static let (most, mostOfSession) = (16, 4)
    /// Who was away for longer reads everything anew.
    private static let longestGap: Int64 = 1000
    private static let batch = 100

    private struct Reader {
        let stream: EventStream
        let session: String
        let account: Account
        /// The newest change that it has.
        var last: Int64
    }

    private let desk: ConsoleDesk
    private let tick: Duration
    private var readers: [Int: Reader] = [:]
    private var count = 0
    /// Streams that wait for the store.
    private var opening = 0
    private var isPumping = false
    private var isDirty = false
    /// Cameras whose state has changed and was not told yet.
    private var changedCameras: Set<String> = []
    private var isTellingCameras = false
    private var ticking: Task<Void, Never>?
    private nonisolated let isWatched = Atomic(false)
    private nonisolated let observation = Mutex<(any Sendable)?>(nil)

    init(_ desk: ConsoleDesk, tick: Duration = .seconds(15)) { (self.desk, self.tick) = (desk, tick) }

    /// From now on it hears of each transaction.
    nonisolated func begin() {
        let observed = desk.parts.outbox.observeIncidents { [weak self] in
            guard let self, isWatched.load(ordering: .relaxed) else { return }
            Task { await self.pump() }
        }
        observation.withLock { $0 = observed }
        desk.parts.cameras.observe { [weak self] camera in
            guard let self, isWatched.load(ordering: .relaxed) else { return }
            Task { await self.tell(camera) }
        }
    }

    /// Ends all streams.
    nonisolated func end() {
        observation.withLock { $0 = nil }
        Task { await self.endAll() }
    }

    private func endAll() {
        for reader in readers.values { reader.stream.end() }
        readers = [:]
        settle()
    }

    /// A stream for a session, which goes on after `since` where this store can tell what came then.
    ///
    /// Throws `Fault.busy` where too many are open.
    func open(session: String, _ account: Account, since: EventID?) async throws -> (id: Int, stream: EventStream) {
        guard readers.count + opening < Self.most,
            readers.values.count(where: { $0.session == session }) < Self.mostOfSession
        else { throw Fault.busy }
        opening += 1
        defer { opening -= 1 }
        let stream = EventStream()
        count += 1
        let id = count
        let (current, sequence) = try await desk.run { parts in
            (
                EventID(epoch: parts.outbox.epoch, change: try parts.outbox.lastIncidentChange()),
                try parts.outbox.lastSettled()
            )
        }
        let isKnown = since.map {
            $0.epoch == current.epoch && $0.change <= current.change
                && current.change - $0.change <= Self.longestGap
        }
        let start = isKnown == true ? since?.change ?? current.change : current.change
        stream.send(hello(EventID(epoch: current.epoch, change: start), sequence: sequence))
        if isKnown == false { stream.send(Self.event("reset", id: current, data: "{}")) }
        readers[id] = Reader(stream: stream, session: session, account: account, last: start)
        settle()
        await pump()
        return (id, stream)
    }

    func close(_ id: Int) {
        readers[id]?.stream.end()
        readers[id] = nil
        settle()
    }

    private func settle() {
        isWatched.store(!readers.isEmpty, ordering: .relaxed)
        if readers.isEmpty {
            ticking?.cancel()
            ticking = nil
        } else if ticking == nil {
            ticking = Task { [weak self, tick] in
                while true {
                    do { try await Task.sleep(for: tick) } catch { return }
                    await self?.beat()
                }
            }
        }
    }

    /// Sends what has changed, until nothing has. One runs at a time, so that each reader has everything in order.
    private func pump() async {
        isDirty = true
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        while isDirty {
            isDirty = false
            while let oldest = readers.values.map(\.last).min() {
                // Who comes meanwhile may lack what is older than this, and is served in the next round.
                let served = Set(readers.keys)
                let found = try? await desk.run {
                    (epoch: $0.outbox.epoch, items: try $0.outbox.incidentChanges(after: oldest, limit: Self.batch))
                }
                // The next change, or the next beat, tries again.
                guard let found, let newest = found.items.last?.change else { break }
                for item in found.items {
                    let id = EventID(epoch: found.epoch, change: item.change)
                    let data = Self.json(IncidentItem(item, desk.parts.catalogue))
                    send(Self.event("incident", id: id, data: data), item, to: served)
                }
                for (id, reader) in readers where served.contains(id) && reader.last < newest {
                    readers[id]?.last = newest
                }
            }
        }
    }

    private func send(_ bytes: ByteBuffer, _ item: Outbox.IndexedIncident, to served: Set<Int>) {
        let area = item.event.data.area.code
        for (id, reader) in readers
        where served.contains(id) && reader.last < item.change && reader.account.covers(area) {
            if !reader.stream.send(bytes) { readers[id] = nil }
        }
    }

    /// Sends a camera as it is now. Without an id: who was away reads all cameras anew.
    private func tell(_ camera: String) async {
        changedCameras.insert(camera)
        guard !isTellingCameras else { return }
        isTellingCameras = true
        defer { isTellingCameras = false }
        while !changedCameras.isEmpty {
            let changed = changedCameras
            changedCameras = []
            let rows = (try? await desk.run { try $0.cameras.rows() }) ?? []
            for var row in rows where changed.contains(row.id) {
                row.zones = nil
                let bytes = Self.event("camera", id: nil, data: Self.json(row))
                for (id, reader) in readers where reader.account.covers(row.area) {
                    if !reader.stream.send(bytes) { readers[id] = nil }
                }
            }
        }
    }

    /// Says that the connection lives, and ends the streams of sessions that have ended.
    private func beat() async {
        let date = desk.now
        let time = RFC3339.string(from: date, in: desk.parts.site.timeZone)
        let bytes = Self.event("tick", id: nil, data: Self.json(["server_time": time]))
        for (id, reader) in readers {
            let isOpen = try? await desk.run { try $0.outbox.session(reader.session, at: date) != nil }
            if isOpen == false || !reader.stream.send(bytes) { close(id) }
        }
        settle()
        await pump()
    }

    private func hello(_ id: EventID, sequence: Int64) -> ByteBuffer {
        struct Hello: Encodable {
            let serverTime: String
            let lastSequence: Int64
            let version: String

            private enum CodingKeys: String, CodingKey {
                case version
                case serverTime = "server_time"
                case lastSequence = "last_sequence"
            }
        }
        let site = desk.parts.site
        let hello = Hello(
            serverTime: RFC3339.string(from: desk.now, in: site.timeZone), lastSequence: sequence,
            version: site.software)
        return Self.event("hello", id: id, data: Self.json(hello))
    }

    private static func json(_ value: some Encodable) -> String {
        String(decoding: WireJSON.bytes(value), as: UTF8.self)
    }

    private static func event(_ name: String, id: EventID?, data: String) -> ByteBuffer {
        let id = id.map { "id: \($0.text)\n" } ?? ""
        return ByteBuffer(string: "\(id)event: \(name)\ndata: \(data)\n\n")
    }
}
