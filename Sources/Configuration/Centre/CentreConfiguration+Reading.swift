import Domain
import Foundation
import Yams

extension CentreConfiguration {
    enum RootKey: String, CaseIterable { case centre, logging }

    enum Key: String, CaseIterable {
        case id, area
        case timeZone = "time_zone"
        case instance, brokers, store
        case storePasswordFile = "store_password_file"
        case folder, keep
        case numberPrefix = "number_prefix"
        case kinds, calendar, limits, places, routes, auto, console
    }

    static let storeForm = "the path of a file, or postgresql://user@host:5432/database"
    static let areaForm = "an area code of 2, 4, 6, 9 or 12 digits, e.g. 320583102"

    /// Nil only where `log` has a fault.
    static func read(_ root: Node, text: String, _ log: FaultLog) -> CentreConfiguration? {
        guard let file = Section<RootKey>(root, place: "the file", at: Position(), log),
            let nowhere = try? AreaCode("000000000000")
        else { return nil }
        let catalogue: Catalogue
        do { catalogue = try Catalogue.builtIn() } catch {
            log.report("\(error); install gridwarden again", at: Position())
            return nil
        }
        if file.node(.centre) == nil { file.reportMissing(.centre, example: "{id: …, area: …, brokers: […]}") }
        guard let section: Section<Key> = file.section(.centre) else { return nil }
        var centre = CentreConfiguration(
            id: section.identifier(.id, example: "kunshan") ?? "", area: area(section, .area) ?? nowhere, text: text)
        if section.node(.area) == nil { section.reportMissing(.area, example: "\"320583\"") }
        centre.timeZone = section.timeZone(.timeZone) ?? centre.timeZone
        if section.node(.instance) != nil { centre.instance = section.identifier(.instance, example: "a") }
        centre.brokers = brokers(section, centre)
        centre.store = store(section) ?? centre.store
        centre.storePasswordFile = section.text(.storePasswordFile)
        centre.folder = section.text(.folder) ?? centre.folder
        for key in [Key.storePasswordFile, .instance] where section.node(key) != nil && !centre.isPostgres {
            section.report("\(key.rawValue) is of use with a store that begins with postgresql:// only", key)
        }
        centre.keep = section.section(.keep, place: "centre, keep").map(Keep.read) ?? centre.keep
        centre.numberPrefix =
            section.text(.numberPrefix, form: "1 to 16 letters and digits") {
                (1...16).contains($0.utf8.count) && $0.utf8.allSatisfy { Form.isCode(String(UnicodeScalar($0))) }
            } ?? centre.numberPrefix
        centre.kinds = (section.list(.kinds, of: "kinds, e.g. [parking.*]") ?? []).compactMap {
            kind($0, catalogue, section)
        }
        centre.calendar = section.node(.calendar).map { WorkCalendar.read($0, section) } ?? centre.calendar
        centre.limits = items(section, .limits, "limit") { Limit.read($0, catalogue) }
        centre.places = places(section)
        centre.routes = routes(section, centre.area, catalogue)
        centre.auto = section.section(.auto, place: "centre, auto").map(Auto.read) ?? centre.auto
        centre.console = section.section(.console, place: "centre, console").map(Page.read) ?? centre.console
        centre.logging = file.section(.logging).map(LoggingSettings.read) ?? centre.logging
        return centre
    }

    static func area<Key: RawRepresentable & Hashable>(_ section: Section<Key>, _ key: Key) -> AreaCode?
    where Key.RawValue == String {
        section.text(key, form: areaForm) { (try? AreaCode($0)) != nil }.flatMap { try? AreaCode($0) }
    }

    private static func brokers(_ section: Section<Key>, _ centre: CentreConfiguration) -> [BrokerSettings] {
        if section.node(.brokers) == nil { section.reportMissing(.brokers, example: "[{host: 192.168.1.10}]") }
        // What a broker's settings are named by, where they have no name of their own.
        let named = SiteSettings(
            id: "centre-\(centre.id)" + (centre.instance.map { "-\($0)" } ?? ""), area: centre.area)
        let brokers = items(section, .brokers, "broker") { BrokerSettings.read($0, site: named) }
        if section.node(.brokers) != nil, brokers.isEmpty {
            section.report("brokers is empty: add at least one broker", .brokers)
        }
        if Set(brokers.map(\.topicRoot)).count > 1 {
            section.report("all brokers need the same topic_root: it is one tree of topics", .brokers)
        }
        return brokers
    }

    private static func store(_ section: Section<Key>) -> String? {
        guard let store = section.raw(.store) else { return nil }
        if store.contains("://") { return address(store, section) }
        guard !store.isEmpty, !store.hasSuffix("/"), store.count <= 256, !store.contains(where: \.isNewline) else {
            section.report("store must be the path of a file", .store)
            return nil
        }
        return store
    }

    /// The address is read by libpq later on; a fault repeats none of it, since it may hold a password.
    private static func address(_ store: String, _ section: Section<Key>) -> String? {
        guard ["postgresql://", "postgres://"].contains(where: store.hasPrefix), store.utf8.count <= 1024,
            !store.contains(where: \.isWhitespace)
        else {
            section.report(
                "store must be the path of a file, or an address such as postgresql://user@host:5432/database", .store)
            return nil
        }
        let rest = store.drop { $0 != ":" }.dropFirst(3)
        let user = rest.prefix { $0 != "/" && $0 != "?" }
        guard !(user.contains("@") && user.prefix { $0 != "@" }.contains(":")), !rest.contains("password=") else {
            section.report(
                "store must not hold a password: write it into a file, and name that with store_password_file", .store)
            return nil
        }
        return store
    }

    /// A kind of the catalogue or a family of it.
    static func kind<Key>(_ node: Node, _ catalogue: Catalogue, _ section: Section<Key>) -> String? {
        let text = node.scalar?.string ?? ""
        let isKnown =
            text.hasSuffix("*")
            ? catalogue.kinds.contains { $0.isCovered(by: text) } : catalogue[AlertKind(rawValue: text)] != nil
        if isKnown { return text }
        section.log.report("\(section.place): \(Wording.noKind(text, catalogue))", at: Position(node))
        return nil
    }

    static func items<Item, Outer, Inner: RawRepresentable & CaseIterable & Hashable>(
        _ section: Section<Outer>, _ key: Outer, _ noun: String, _ read: (Section<Inner>) -> Item?
    ) -> [Item] where Inner.RawValue == String {
        let keys = Wording.list(Array(Inner.allCases).map(\.rawValue))
        return (section.list(key, of: "\(noun)s {\(keys)}") ?? []).enumerated().compactMap { index, node in
            Section<Inner>(
                node, place: "\(section.place), \(noun) no. \(index + 1)", at: Position(node), section.log
            ).flatMap(read)
        }
    }

    private static func places(_ section: Section<Key>) -> [Place] {
        var ids = UniqueIDs("place")
        for node in section.node(.places)?.sequence ?? [] { ids.take(node, place: "a place", section.log) }
        var zones: [String: String] = [:]
        return items(section, .places, "place") { (place: Section<Place.Key>) in
            let read = Place.read(place)
            for zone in read.zones {
                guard let other = zones.updateValue(read.id, forKey: zone) else { continue }
                place.report("the zone \(zone) belongs to place \(other) already", .zones)
            }
            return read
        }
    }

    private static func routes(_ section: Section<Key>, _ area: AreaCode, _ catalogue: Catalogue) -> [Route] {
        var ids = UniqueIDs("route")
        for node in section.node(.routes)?.sequence ?? [] { ids.take(node, place: "a route", section.log) }
        return items(section, .routes, "route") { Route.read($0, in: area, catalogue) }
    }
}
