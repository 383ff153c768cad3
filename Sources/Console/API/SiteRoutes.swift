import Contract
import Domain
import Hummingbird
import Store

/// The site and its health.
struct SiteRoutes: Sendable {
    private let desk: ConsoleDesk

    init(_ desk: ConsoleDesk) { self.desk = desk }

    var all: [Route] {
        [
            Route(.get, "/api/v1/site", .account(.viewer)) { _ in site },
            Route(.get, "/api/v1/health", .account(.viewer)) { _ in
                Response(json: ["rows": try await desk.run { try $0.health() }])
            },
        ]
    }

    private struct Site: Encodable {
        let id: String
        let area: String
        let grid: String
        let microgrid: String
        let software: String
        let languages: [String]
        /// As of now, at the place.
        let time: String
    }

    private var site: Response {
        let site = desk.parts.site
        return Response(
            json: Site(
                id: site.id, area: site.place.area.digits, grid: site.place.grid, microgrid: site.place.microgrid,
                software: site.software, languages: ["zh", "en"],
                time: RFC3339.string(from: desk.now, in: site.timeZone)))
    }
}
