import Domain
import Store

/// A case in the six fields that platforms after GB/T 47678 exchange; a field that nothing here knows is left out.
///
/// The keys are the standard's, in initials. docs/centre.md says what fills each, and what does not.
package struct StandardRecord: Codable, Sendable, Hashable {
    /// Eleven digits: the county's six, then the five of the matter.
    package var matterCode: String?
    package var matterName: String?
    package var departmentCode: String?
    package var departmentName: String?
    /// Of the camera: where the matter itself is, no message says.
    package var place: String?
    /// Fifteen digits: the area's twelve, then the three of the grid.
    package var unitGrid: String?

    private enum CodingKeys: String, CodingKey {
        case matterCode = "SXDM"
        case matterName = "SXMC"
        case departmentCode = "ZGBMDM"
        case departmentName = "ZGBMMC"
        case place = "SFWZ"
        case unitGrid = "SZDYWGBSM"
    }

    private static let catalogue = try? Catalogue.builtIn()
    /// Chinese names of the catalogue's departments.
    private static let departments: [String: String] = {
        var names: [String: String] = [:]
        for kind in catalogue?.kinds ?? [] {
            guard let entry = catalogue?[kind]?.departments else { continue }
            for department in [entry.primary] + Array(entry.bySurface.values) + entry.assisting {
                names[department.role] = department.name.zh
            }
        }
        return names
    }()

    /// - Parameters:
    ///   - place: the name of the camera that saw it first; nil where it has none.
    ///   - route: by which the department hears of it, and which may name the department as the platform does.
    init(_ item: CaseRow, place: String?, route: CaseRules.Route?) {
        func digits(_ text: String, _ count: Int) -> Bool {
            text.utf8.count == count && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        // Older standards count otherwise, and a code without its county says nothing beyond it.
        if let code = item.code, item.codeSystem == KindCode.System.gbt2026.rawValue, digits(code, 5) {
            matterCode = String(item.area.prefix(6)) + code
            matterName = Self.catalogue?[AlertKind(rawValue: item.kind)]?.name.zh
        }
        departmentCode = route?.departmentCode
        departmentName = route?.departmentName ?? Self.departments[item.department]
        self.place = place.flatMap { $0.isEmpty ? nil : $0 }
        // Grids of other lengths are the site's own, not the standard's cells.
        if digits(item.area, 12), digits(item.grid, 3) { unitGrid = item.area + item.grid }
    }

    /// With the camera's name from the database.
    init(_ item: CaseRow, route: CaseRules.Route?, _ db: any SQLConnection) throws {
        let row = try db.row(
            "SELECT camera.name FROM incident JOIN camera ON camera.site = incident.site AND camera.id = incident.camera "
                + "WHERE incident.id = ?", [.text(item.lead)])
        self.init(item, place: row?.text(0), route: route)
    }
}
