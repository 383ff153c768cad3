import Analytics
import Yams

extension ParkingSettings {
    enum Key: String, RuleKey {
        case dwell, classes, windows
        case timeZone = "time_zone"
        case holidays, occlusion
        case queueVehicles = "queue_vehicles"
        case queuePatience = "queue_patience"
    }

    static func read(_ section: Section<Key>, dwell: Double, site: SiteSettings) -> ParkingSettings {
        var parking = ParkingSettings()
        parking.dwell = section.dwell ?? dwell
        parking.classes = classes(section) ?? parking.classes
        parking.windows = .read(section, site: site)
        parking.occlusion = section.number(.occlusion, 0...3600, "seconds") ?? parking.occlusion
        parking.queueVehicles = section.integer(.queueVehicles, 0...50) ?? parking.queueVehicles
        parking.queuePatience = section.number(.queuePatience, 0...3600, "seconds") ?? parking.queuePatience
        return parking
    }

    private static func classes(_ section: Section<Key>) -> Set<ObjectClass>? {
        guard let nodes = section.list(.classes, of: "vehicle classes") else { return nil }
        let allowed = ObjectClass.allCases.filter { $0.isMotorVehicle || $0 == .motorcycle }
        let names = allowed.map(\.rawValue)
        if nodes.isEmpty { section.report("classes is empty: name at least one of \(Wording.list(names))", .classes) }
        let classes = nodes.compactMap { node -> ObjectClass? in
            if let name = allowed.first(where: { $0.rawValue == node.scalar?.string }) { return name }
            section.log.report(
                "\(section.place): there is no vehicle class \(Wording.quoted(node.scalar?.string ?? "")): "
                    + "use \(Wording.list(names))", at: Position(node))
            return nil
        }
        return Set(classes)
    }
}
