/// The parts of a message that say what, where and whose it is.
enum PlaceReader {
    private enum AreaKey: String, JSONKey { case code, grid, microgrid }
    private enum NameKey: String, JSONKey { case en, zh }
    private enum CodeKey: String, JSONKey { case code, system }
    private enum DepartmentKey: String, JSONKey { case id, name, role }

    private enum CameraKey: String, JSONKey { case gb28181, id, latitude, longitude, name }

    private enum ZoneKey: String, JSONKey {
        case id, name, surface
        static let optional: Set<ZoneKey> = [.surface]
    }

    private static let (areaKeys, nameKeys, codeKeys) = (
        JSONKeys<AreaKey>(), JSONKeys<NameKey>(), JSONKeys<CodeKey>()
    )
    private static let (departmentKeys, cameraKeys, zoneKeys) = (
        JSONKeys<DepartmentKey>(), JSONKeys<CameraKey>(), JSONKeys<ZoneKey>()
    )
    private static let surfaces: Set<String> = ["carriageway", "pavement", "square", "water", "green", "other"]

    static func names(_ reader: inout JSONReader) throws(JSONReader.Malformed) {
        try reader.object(nameKeys) { reader, _ throws(JSONReader.Malformed) in try reader.skipLine("name") }
    }

    static func codes(
        _ reader: inout JSONReader, _ record: inout AlertRecord, most: Int
    ) throws(JSONReader.Malformed) {
        var known: Set<String> = []
        try reader.list(most: most, "codes") { reader, _ throws(JSONReader.Malformed) in
            var (system, code) = ("", "")
            try reader.object(codeKeys) { reader, key throws(JSONReader.Malformed) in
                switch key {
                case .code: code = try reader.line("code")
                case .system: system = try reader.line("system")
                }
            }
            guard known.insert("\(system) \(code)").inserted else {
                throw JSONReader.Malformed("a code stands twice")
            }
            if record.code == nil { (record.code, record.codeSystem) = (code, system) }
        }
    }

    static func department(
        _ reader: inout JSONReader, _ record: inout AlertRecord
    ) throws(JSONReader.Malformed) {
        try reader.object(departmentKeys) { reader, key throws(JSONReader.Malformed) in
            switch key {
            case .id: if try !reader.takeNull() { _ = try reader.text() }
            case .name: try names(&reader)
            case .role:
                record.department = try reader.line("role")
                let bytes = record.department.utf8
                guard bytes.first.map({ (0x61...0x7A).contains($0) }) ?? false,
                    bytes.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D })
                else { throw JSONReader.Malformed("role must be lower-case letters, digits and hyphens") }
            }
        }
    }

    static func area(_ reader: inout JSONReader, _ record: inout AlertRecord) throws(JSONReader.Malformed) {
        try reader.object(areaKeys) { reader, key throws(JSONReader.Malformed) in
            switch key {
            case .code:
                record.area = try reader.line("area.code")
                guard record.area.utf8.count == 12, record.area.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                    throw JSONReader.Malformed("area.code must have 12 digits")
                }
            case .grid: record.grid = try reader.line("grid")
            case .microgrid: record.microgrid = try reader.line("microgrid")
            }
        }
    }

    static func camera(_ reader: inout JSONReader, _ record: inout AlertRecord) throws(JSONReader.Malformed) {
        try reader.object(cameraKeys) { reader, key throws(JSONReader.Malformed) in
            switch key {
            case .id: record.camera = try reader.line("camera.id")
            case .name: record.cameraName = try reader.line("camera.name", least: 0)
            case .gb28181:
                guard try !reader.takeNull() else { return }
                let id = try reader.line("gb28181")
                guard id.utf8.count == 20, id.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                    throw JSONReader.Malformed("gb28181 must have 20 digits")
                }
            case .longitude:
                record.longitude = try reader.takeNull() ? nil : try reader.number("longitude", -180...180)
            case .latitude: record.latitude = try reader.takeNull() ? nil : try reader.number("latitude", -90...90)
            }
        }
    }

    static func zone(_ reader: inout JSONReader, _ record: inout AlertRecord) throws(JSONReader.Malformed) {
        try reader.object(zoneKeys) { reader, key throws(JSONReader.Malformed) in
            switch key {
            case .id: record.zone = try reader.line("zone.id")
            case .name: record.zoneName = try reader.line("zone.name", least: 0)
            case .surface:
                let surface = try reader.line("surface")
                guard surfaces.contains(surface) else { throw JSONReader.Malformed("there is no such surface") }
                record.surface = surface
            }
        }
    }
}
