import Foundation
import Store

/// What the centre knows of a site in one epoch, while it runs.
struct SiteStream: Sendable {
    var row: SiteRow
    var book: SequenceBook
    var plan = ReplayPlan()
    /// As the table `gap` has them.
    var written: [SequenceBook.Hole] = []
    var writtenLost: [ClosedRange<Int64>] = []
}

/// All sites by their streams. A transaction works on an overlay, which is adopted once it is written.
struct SiteStreams {
    private struct Key: Hashable {
        let site: String
        let epoch: String
    }

    private var streams: [Int64: SiteStream] = [:]
    private var numbers: [Key: Int64] = [:]
    private var bySite: [String: [Int64]] = [:]
    /// The one that was heard of last, by site.
    private var newest: [String: Int64] = [:]
    private var changed: [Int64: SiteStream] = [:]
    private var isNew: [(site: String, epoch: String, stream: Int64)] = []
    private var last: Int64 = 0

    /// Reads what was kept.
    ///
    /// - Parameter isOurs: of which sites.
    init(_ db: any SQLConnection, at now: Double, of isOurs: (String) -> Bool = { _ in true }) throws {
        let gaps = try GapRows.open(db)
        for row in try SiteRow.all(db) where isOurs(row.id) {
            let book = try row.book(db, at: now)
            streams[row.stream] = SiteStream(
                row: row, book: book, written: gaps[row.stream] ?? [], writtenLost: book.lost)
            numbers[Key(site: row.id, epoch: row.epoch)] = row.stream
            bySite[row.id, default: []].append(row.stream)
            newest[row.id] = row.stream
        }
    }

    init() {}

    /// Forgets the other sites.
    mutating func keep(_ isOurs: (String) -> Bool) {
        discard()
        streams = streams.filter { isOurs($0.value.row.id) }
        numbers = numbers.filter { isOurs($0.key.site) }
        bySite = bySite.filter { isOurs($0.key) }
        newest = newest.filter { isOurs($0.key) }
    }

    /// Sites that were not known here.
    mutating func add(_ others: SiteStreams) {
        streams.merge(others.streams) { $1 }
        numbers.merge(others.numbers) { $1 }
        bySite.merge(others.bySite) { $1 }
        newest.merge(others.newest) { $1 }
    }

    /// To be called at the beginning of a transaction that may see new sites: others may have given numbers out.
    mutating func begin(_ db: any SQLConnection) throws {
        last = try db.row("SELECT COALESCE(MAX(stream), 0) FROM site")?.integer(0) ?? 0
    }

    subscript(stream: Int64) -> SiteStream? {
        get { changed[stream] ?? streams[stream] }
        set { changed[stream] = newValue }
    }

    var all: [SiteStream] { streams.values.map { changed[$0.row.stream] ?? $0 } }
    /// The names of all sites, in order.
    var sites: [String] { newest.keys.sorted() }

    /// Those of one site.
    func of(_ site: String) -> [SiteStream] {
        ((bySite[site] ?? []) + isNew.filter { $0.site == site }.map(\.stream)).compactMap { self[$0] }
    }

    /// The one that a site was last heard of by; nil for an unknown site.
    func current(_ site: String) -> Int64? { isNew.last { $0.site == site }?.stream ?? newest[site] }

    func find(_ site: String, epoch: String) -> Int64? {
        isNew.last { $0.site == site && $0.epoch == epoch }?.stream ?? numbers[Key(site: site, epoch: epoch)]
    }

    /// The stream of a site and epoch; a new one where it is not known.
    mutating func stream(_ site: String, epoch: String, area: String, place: String, at now: Double) -> Int64 {
        if let stream = find(site, epoch: epoch) { return stream }
        let stream = last + Int64(isNew.count) + 1
        changed[stream] = SiteStream(
            row: SiteRow(stream: stream, id: site, epoch: epoch, area: area, place: place, seen: now),
            book: SequenceBook())
        isNew.append((site, epoch, stream))
        return stream
    }

    /// Writes the rows that have changed.
    mutating func write(_ db: any SQLConnection, at now: Double) throws {
        for (stream, var site) in changed {
            site.row.contiguous = site.book.contiguous
            try site.row.write(db)
            if site.book.lost != site.writtenLost {
                try GapRows.writeLost(stream, site.book.lost, db, at: now)
                site.writtenLost = site.book.lost
            }
            changed[stream] = site
        }
    }

    /// The transaction is written.
    mutating func adopt() {
        for (site, epoch, stream) in isNew {
            numbers[Key(site: site, epoch: epoch)] = stream
            bySite[site, default: []].append(stream)
        }
        for (stream, site) in changed {
            streams[stream] = site
            let other = newest[site.row.id].flatMap { streams[$0] }
            if other.map({ $0.row.seen <= site.row.seen }) ?? true { newest[site.row.id] = stream }
        }
        discard()
    }

    /// The transaction is not written.
    mutating func discard() { (changed, isNew) = ([:], []) }
}
