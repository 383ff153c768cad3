import Console
import Contract
import Domain
import Foundation
import Store
import Threading

/// What the page has of its centre.
struct PageParts: Sendable {
    let id: String
    let area: AreaCode
    let software: String
    let store: any SQLDatabase
    let rules: CaseRules
    let catalogue: Catalogue
    let pictures: PictureFolder
    /// For steps that people take.
    let desk: CaseDesk
    let now: @Sendable () -> Date
    /// Of the numbers of changes.
    let epoch: String

    var queries: CaseQueries { CaseQueries(store: store) }
    var overview: OverviewQueries { OverviewQueries(store: store, timeZone: rules.timeZone) }

    /// The newest change, of which a page asks for what comes after it.
    func event() throws -> EventID {
        EventID(epoch: epoch, change: try store.read { try CaseChanges.newest($0) })
    }

    func text(_ date: Double) -> String {
        RFC3339.string(from: Date(timeIntervalSince1970: date), in: rules.timeZone)
    }
}

/// What blocks for the database, on one thread of the page's own.
actor PageDesk {
    private nonisolated let executor = DedicatedThread(name: "page")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    nonisolated let parts: PageParts
    nonisolated var now: Double { parts.now().timeIntervalSince1970 }

    init(_ parts: PageParts) { self.parts = parts }

    func run<Result: Sendable>(_ body: @Sendable (PageParts) throws -> Result) throws -> Result { try body(parts) }
}

extension Call {
    /// What the account of a request sees, or the part of it that `area` and `grid` of the address name.
    func scope(_ desk: PageDesk) throws -> CaseScope {
        try CaseScope(account, centre: desk.parts.area).narrowed(area: query("area"), grid: query("grid"))
    }

    /// All that the account sees.
    func whole(_ desk: PageDesk) throws -> CaseScope { CaseScope(try account, centre: desk.parts.area) }
}
