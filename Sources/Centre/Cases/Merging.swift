import Domain
import Foundation
import Store

/// When two incidents are one matter, and when they may be.
///
/// They are one by declared places alone: coordinates are a camera's, not a thing's. What lies near is suggested to people.
enum Merging {
    /// Metres within which the same may be suggested.
    static let reach = 50.0
    private static let mostCandidates = 20

    /// Whether they overlap in time, or lie less than a minute apart.
    static func meet(_ one: IncidentRow, _ other: IncidentRow) -> Bool {
        func end(_ incident: IncidentRow) -> Double {
            incident.isOpen ? .infinity : incident.closed ?? incident.lastSeen
        }
        return one.firstSeen - end(other) < CaseRules.nearness && other.firstSeen - end(one) < CaseRules.nearness
    }

    /// The open case of this kind and place that an incident belongs to; nil where there is none.
    static func candidate(
        for incident: IncidentRow, place: String, _ db: any SQLConnection
    ) throws -> CaseRow? {
        let stages = CaseStage.allCases.filter(\.isOpen)
        let marks = stages.map { _ in "?" }.joined(separator: ", ")
        let items = try db.rows(
            "SELECT \(CaseRow.columns) FROM casefile WHERE place = ? AND kind = ? AND stage IN (\(marks)) "
                + "ORDER BY found_at DESC LIMIT \(mostCandidates)",
            [.text(place), .text(incident.kind)] + stages.map { .text($0.rawValue) }
        ).map(CaseRow.init)
        return try items.first { try IncidentRow.of(case: $0.id, db).contains { meet($0, incident) } }
    }

    /// Another case that may be the same matter.
    struct Suggestion: Sendable, Hashable {
        let caseID: String
        let number: String
        /// Between the cameras.
        let metres: Double
    }

    /// Open cases of the same kind and time whose cameras stand within 50 m of those of this case; nearest first.
    static func suggestions(for item: CaseRow, _ db: any SQLConnection) throws -> [Suggestion] {
        var found: [String: Suggestion] = [:]
        for incident in try IncidentRow.of(case: item.id, db) {
            guard let place = try position(of: incident, db) else { continue }
            for (other, metres) in try near(place, incident, db) where meet(incident, other) {
                guard let id = other.caseID, id != item.id, found[id].map({ metres < $0.metres }) ?? true,
                    let twin = try CaseRow.find(id, db), twin.stage.isOpen
                else { continue }
                found[id] = Suggestion(caseID: id, number: twin.number, metres: metres)
            }
        }
        return found.values.sorted { ($0.metres, $0.number) < ($1.metres, $1.number) }
    }

    private static func position(
        of incident: IncidentRow, _ db: any SQLConnection
    ) throws -> (latitude: Double, longitude: Double)? {
        let row = try db.row(
            "SELECT lat, lon FROM camera WHERE site = ? AND id = ?", [.text(incident.site), .text(incident.camera)])
        guard let latitude = row?.real(0), let longitude = row?.real(1) else { return nil }
        return (latitude, longitude)
    }

    /// Incidents of this kind that are not over, or have been for less than an hour, at cameras within reach.
    private static func near(
        _ place: (latitude: Double, longitude: Double), _ incident: IncidentRow, _ db: any SQLConnection
    ) throws -> [(IncidentRow, Double)] {
        let latitude = reach / 111_000
        let longitude = latitude / max(0.01, cos(place.latitude * .pi / 180))
        let cameras = try db.rows(
            "SELECT site, id, lat, lon FROM camera WHERE lat BETWEEN ? AND ? AND lon BETWEEN ? AND ?",
            [
                .real(place.latitude - latitude), .real(place.latitude + latitude),
                .real(place.longitude - longitude), .real(place.longitude + longitude),
            ])
        var found: [(IncidentRow, Double)] = []
        for camera in cameras {
            let metres = distance(place, (camera.real(2) ?? 0, camera.real(3) ?? 0))
            guard metres <= reach else { continue }
            let rows = try db.rows(
                "SELECT \(IncidentRow.columns) FROM incident WHERE kind = ? AND site = ? AND camera = ? "
                    + "AND ended_at IS NULL",
                [.text(incident.kind), .text(camera.name(0)), .text(camera.name(1))])
            found += rows.map { (IncidentRow($0), metres) }
        }
        return found
    }

    /// Metres between two points on the ground (haversine).
    static func distance(
        _ one: (latitude: Double, longitude: Double), _ other: (latitude: Double, longitude: Double)
    ) -> Double {
        let radian = Double.pi / 180
        let (dLatitude, dLongitude) = (
            (other.latitude - one.latitude) * radian, (other.longitude - one.longitude) * radian
        )
        let chord =
            pow(sin(dLatitude / 2), 2)
            + cos(one.latitude * radian) * cos(other.latitude * radian) * pow(sin(dLongitude / 2), 2)
        return 2 * 6_371_000 * asin(min(1, chord.squareRoot()))
    }
}
