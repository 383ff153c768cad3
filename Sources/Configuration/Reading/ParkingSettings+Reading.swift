import Analytics
import Yams

extension ParkingSettings {
    enum Key: String, CaseIterable {
        case dwell, classes, windows
        case timeZone = "time_zone"
        case occlusion
        case queueVehicles = "queue_vehicles"
        case queuePatience = "queue_patience"
    }

    static func read(_ section: Section<Key>, site: SiteSettings) -> ParkingSettings {
        var parking = ParkingSettings()
        parking.dwell = section.number(.dwell, 1...86400, "seconds") ?? parking.dwell
        parking.classes = classes(section) ?? parking.classes
        parking.windows = TimeWindows(
            windows: windows(section), timeZone: section.timeZone(.timeZone) ?? site.timeZone)
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

    private static func windows(_ section: Section<Key>) -> [TimeWindows.Window] {
        let nodes = section.list(.windows, of: "windows {days, from, to}") ?? []
        return nodes.enumerated().compactMap { index, node in
            let place = "\(section.place), window no. \(index + 1)"
            return Section(node, place: place, at: Position(node), section.log).flatMap(TimeWindows.Window.read)
        }
    }
}
