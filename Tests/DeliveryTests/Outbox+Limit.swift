import GRDB

@testable import Store

extension Outbox {
    /// A disk that is full once the file has so many pages more; nil makes room.
    func limit(morePages: Int?) throws {
        try pool.writeWithoutTransaction { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(morePages.map { pages + $0 } ?? 1_073_741_823)")
        }
    }
}
