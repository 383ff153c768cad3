import Domain
import Foundation
import Testing

@testable import SiteConfiguration

@Suite struct CentreConfigurationTests {
    private static let minimal = """
        centre:
          id: kunshan
          area: "320583"
          brokers: [{host: localhost}]

        """

    private func faults(_ text: String) -> [String] {
        do {
            _ = try CentreConfiguration.parse(text: text, file: "f")
            return []
        } catch {
            return error.faults.map { "\($0.line):\($0.column): \($0.message)" }
        }
    }

    @Test func `what is required is enough, and the rest has its defaults`() throws {
        let centre = try CentreConfiguration.parse(text: Self.minimal, file: "f")
        #expect(centre.id == "kunshan" && centre.area.segment(centre.area.level) == "320583")
        #expect(
            centre.brokers.map(\.clientID) == ["gridwarden-centre-kunshan"]
                && centre.brokers.first?.topicRoot == "mg/v1")
        #expect(centre.keep == .init() && centre.auto == .init() && centre.calendar == .init())
        #expect(centre.limits.isEmpty && centre.places.isEmpty && centre.routes.isEmpty && centre.kinds.isEmpty)
        #expect(
            faults("logging: {level: info}") == [
                "1:1: the file: centre is missing: add it, e.g. centre: {id: …, area: …, brokers: […]}"
            ])
    }

    @Test func `the example is read, and says the defaults where there are some`() throws {
        let path = Sample.root.appending(path: "deploy/centre.example.yaml").path
        let example = try CentreConfiguration.load(path: path)
        let plain = try CentreConfiguration.parse(text: Self.minimal, file: "f")
        #expect(
            example.store == plain.store && example.folder == plain.folder && example.keep == plain.keep
                && example.auto == plain.auto)
        #expect(
            example.calendar == plain.calendar && example.timeZone == plain.timeZone && example.logging == plain.logging
        )
        #expect(example.numberPrefix == plain.numberPrefix && example.kinds == plain.kinds)
        #expect(example.limits.first?.accept == .plain(600) && example.limits.first?.handle == .working(7200))
        #expect(example.routes.first?.hasTopic == true && example.places.first?.zones.count == 2)
        #expect(plain.console.listen == nil && example.console.listen?.port == 8090 && !example.console.isInsecure)
    }

    @Test func `a database of PostgreSQL has its folder elsewhere, and each of several centres a name of its own`()
        throws
    {
        let text = Self.minimal + "  store: postgresql://centre@db1,db2/centre\n  instance: b\n"
        let centre = try CentreConfiguration.parse(text: text, file: "f")
        #expect(
            centre.isPostgres && centre.folderPath == "/var/lib/gridwarden-centre" && centre.instanceName == "kunshan/b"
        )
        #expect(centre.brokers.map(\.clientID) == ["gridwarden-centre-kunshan-b"])
        let plain = try CentreConfiguration.parse(text: Self.minimal, file: "f")
        #expect(
            !plain.isPostgres && plain.folderPath == "/var/lib/gridwarden-centre" && plain.instanceName == "kunshan")
    }

    @Test(arguments: [
        ("id: Kun shan", "id must be 1 to 64 lower-case letters"),
        ("area: \"3205\\\"", "this is not YAML"),
        ("area: \"32058\"", "area must be an area code of 2, 4, 6, 9 or 12 digits"),
        ("brokers: []", "brokers is empty"),
        ("brokers: [{host: a}, {host: b, topic_root: x}]", "all brokers need the same topic_root"),
        ("brokers: [{hoost: a}]", "did you mean host?"),
        ("store: mysql://db/centre", "or an address such as postgresql://user@host:5432/database"),
        ("store: \"postgresql://centre:topsecret9@db/centre\"", "store must not hold a password"),
        ("store: \"postgresql://db/centre?password=topsecret9\"", "store must not hold a password"),
        ("store_password_file: password", "is of use with a store that begins with postgresql:// only"),
        ("instance: a", "is of use with a store that begins with postgresql:// only"),
        ("store: /var/", "store must be the path of a file"),
        ("keep: {messages_days: 0}", "messages_days must be a whole number of days from 1 to 3650"),
        ("number_prefix: Q-X!", "number_prefix must be 1 to 16 letters and digits"),
        ("kinds: [parking.moto]", "parking.motor"),
        ("calendar: {hours: [{from: \"9\", to: \"17:00\"}]}", "HH:MM"),
        ("calendar: {holidays: [2026-10-01], workdays: [2026-10-01]}", "both a holiday and a workday"),
        ("limits: [{kind: parking.*, accept: 10m}]", "accept must be a count and min, h, d, wh"),
        ("limits: [{accept: 10 min}]", "kind is missing"),
        ("places: [{id: gate, zones: [a/b]}]", "must be site/camera/zone"),
        ("places: [{id: gate, zones: [a/b/c]}, {id: gate, zones: []}]", "the same id"),
        ("places: [{id: gate, zones: [a/b/c]}, {id: door, zones: [a/b/c]}]", "belongs to place gate already"),
        ("routes: [{id: p, kind: parking.*, department: traffic-police}]", "nobody hears of a case by this route"),
        ("routes: [{id: p, kind: parking.*, department: Police!, topic: true}]", "department must be a slug"),
        ("routes: [{id: p, kind: parking.*, department: police, topic: true, area: \"3206\"}]", "lies outside"),
        (
            "routes: [{id: p, kind: parking.*, department: police, webhook: {url: \"ftp://x\"}}]",
            "url must be an address"
        ),
        ("routes: [{id: p, kind: parking.*, department: police, webhook: {}}]", "url is missing"),
        (
            "routes: [{id: p, kind: parking.*, department: police, topic: true, department_code: \"1\"}]",
            "stands in the record only: add record: true"
        ),
        ("auto: {close_checked_after: 1 wd}", "close_checked_after must be a count and min, h or d"),
        ("colour: red", "there is no key \"colour\""),
    ])
    func `each fault is told with its place and its remedy`(line: String, expected: String) throws {
        let key = line.prefix { $0 != ":" }
        var lines = Self.minimal.split(separator: "\n").map(String.init)
        lines.removeAll { $0.trimmingCharacters(in: .whitespaces).hasPrefix("\(key):") }
        lines.append("  " + line)
        let faults = faults(lines.joined(separator: "\n"))
        #expect(faults.count >= 1 && faults.contains { $0.contains(expected) }, "\(faults)")
        #expect(faults.allSatisfy { $0.hasPrefix("\(lines.count):") }, "\(faults)")
    }

    // MARK: The reference

    private static let isWriting = ProcessInfo.processInfo.environment["GRIDWARDEN_WRITE"] != nil

    private func compare<Key: FieldKey>(_ type: Key.Type) {
        #expect(Key.fields.map(\.key).sorted() == Key.allCases.map(\.rawValue).sorted(), "\(type)")
        for field in Key.fields {
            #expect(!field.what.en.isEmpty && !field.what.zh.isEmpty && !field.what.en.hasSuffix("."), "\(field.key)")
        }
    }

    @Test func `every key that the reader takes has one field, and the other way round`() {
        compare(CentreConfiguration.RootKey.self)
        compare(CentreConfiguration.Key.self)
        compare(CentreConfiguration.Keep.Key.self)
        compare(CentreConfiguration.Limit.Key.self)
        compare(CentreConfiguration.Place.Key.self)
        compare(CentreConfiguration.Route.Key.self)
        compare(CentreConfiguration.Route.Webhook.Key.self)
        compare(CentreConfiguration.Auto.Key.self)
    }

    /// The lines of the example with the comments of the fields, whatever comments it has.
    private func commented(_ text: String, _ fields: [Field]) -> String {
        var (made, stack): ([String], [(indent: Int, fields: [Field])]) = ([], [(-1, fields)])
        var isHead = true
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            let bare = line.drop { $0 == " " }
            let indent = line.count - bare.count
            if bare.hasPrefix("# ") || bare == "#" {
                if isHead { made.append(line) }
                continue
            }
            isHead = false
            guard let match = bare.firstMatch(of: /^#?(- )?([a-z_0-9]+):/) else {
                made.append(line)
                continue
            }
            let column = indent + (match.output.1 == nil ? 0 : 2)
            while stack.count > 1, let last = stack.last, last.indent >= column { stack.removeLast() }
            if let field = stack.last?.fields.first(where: { $0.key == match.output.2 }) {
                let blanks = String(repeating: " ", count: indent)
                made += field.comment(width: 120 - indent).map { blanks + $0 }
                stack.append((column, field.parts))
            }
            made.append(line)
        }
        return made.joined(separator: "\n")
    }

    private func settle(_ made: String, _ found: String, _ file: URL) throws {
        guard made != found else { return }
        if Self.isWriting {
            try made.write(to: file, atomically: true, encoding: .utf8)
        } else {
            Issue.record("\(file.lastPathComponent) and the fields differ: run this with GRIDWARDEN_WRITE=1")
        }
    }

    @Test func `the comments of the example are those of the fields`() throws {
        let file = Sample.root.appending(path: "deploy/centre.example.yaml")
        let found = try String(contentsOf: file, encoding: .utf8)
        try settle(commented(found, CentreConfiguration.fields), found, file)
    }

    @Test func `the tables of the documentation are those of the fields`() throws {
        let tables: [(name: String, fields: [Field])] = [
            ("centre", CentreConfiguration.Key.fields), ("centre.keep", CentreConfiguration.Keep.Key.fields),
            ("centre.calendar", CentreConfiguration.WorkCalendar.fields),
            ("centre.limits", CentreConfiguration.Limit.Key.fields),
            ("centre.places", CentreConfiguration.Place.Key.fields),
            ("centre.routes", CentreConfiguration.Route.Key.fields),
            ("centre.routes.webhook", CentreConfiguration.Route.Webhook.Key.fields),
            ("centre.auto", CentreConfiguration.Auto.Key.fields),
            ("centre.console", CentreConfiguration.Page.Key.fields),
        ]
        let file = Sample.root.appending(path: "docs/centre.md")
        let found = try String(contentsOf: file, encoding: .utf8)
        #expect(found.split(separator: "<!-- keys of ").count - 1 == tables.count, "a table is made of no fields")
        var made = found
        for (name, fields) in tables {
            let begin = try #require(made.range(of: "<!-- keys of \(name) -->\n"), "\(name)")
            let end = try #require(made[begin.upperBound...].range(of: "<!-- end -->"), "\(name)")
            // Every change needs a restart: that is said once.
            let rows = (Field.head + fields.map(\.row)).map { row in
                row.split(separator: "|", omittingEmptySubsequences: false).dropLast(2).joined(separator: "|") + "|\n"
            }
            made.replaceSubrange(begin.upperBound..<end.lowerBound, with: rows.joined())
        }
        try settle(made, found, file)
    }
}
