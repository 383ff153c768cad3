import Analytics
import Domain
import Foundation
import Testing

@testable import SiteConfiguration

/// The fields, what the readers take, and what the reference says: one and the same. With GRIDWARDEN_WRITE set, the reference is
/// written anew.
@Suite struct FieldTests {
    private static let isWriting = ProcessInfo.processInfo.environment["GRIDWARDEN_WRITE"] != nil

    private func compare<Key: FieldKey>(_ type: Key.Type) {
        #expect(Key.fields.map(\.key).sorted() == Key.allCases.map(\.rawValue).sorted(), "\(type)")
        for field in Key.fields {
            #expect(!field.what.en.isEmpty && !field.what.zh.isEmpty && !field.what.en.hasSuffix("."), "\(field.key)")
        }
    }

    @Test func `every key that a reader takes has one field, and the other way round`() {
        compare(Configuration.Key.self)
        compare(SiteSettings.Key.self)
        compare(Routing.Route.Key.self)
        compare(LocalizedName.Key.self)
        compare(KindOverride.Key.self)
        compare(KindOverride.CodeKey.self)
        compare(BrokerSettings.Key.self)
        compare(TLSSettings.Key.self)
        compare(DetectorSettings.Key.self)
        compare(EvidenceSettings.Key.self)
        compare(InboundSettings.Key.self)
        compare(AccessPolicy.Party.Key.self)
        compare(DeliverySettings.Key.self)
        compare(DeliverySettings.Webhook.Key.self)
        compare(DialectSettings.Key.self)
        compare(DialectSettings.HomeAssistant.Key.self)
        compare(DialectSettings.ONVIF.Key.self)
        compare(DialectSettings.Frigate.Key.self)
        compare(OutboxSettings.Key.self)
        compare(LoggingSettings.Key.self)
        compare(MetricsSettings.Key.self)
        compare(ConsoleSettings.Key.self)
        compare(DiscoverySettings.Key.self)
        compare(CameraSettings.Key.self)
        compare(PresetSettings.Key.self)
        compare(ZoneSettings.Key.self)
        #expect(Set(RuleFields.all.map(\.key)) == Set(Rules.kinds.map(\.rawValue)))
    }

    /// Every field outside of the rules with its path in the minimal file.
    private func all(_ fields: [Field], _ above: String) -> [(path: String, field: Field)] {
        fields.flatMap { field -> [(String, Field)] in
            let path = above.isEmpty ? field.key : "\(above).\(field.key)"
            switch field.form {
            case .section where ["rules", "kinds"].contains(field.key): return [(path, field)]
            case .section(let inner): return [(path, field)] + all(inner, path)
            case .sections(let inner) where field.key == "cameras":
                return [(path, field)] + all(inner, path + ".cam-01")
            case .sections(let inner) where field.key == "zones": return [(path, field)] + all(inner, path + ".np1")
            default: return [(path, field)]
            }
        }
    }

    /// The faults of the minimal file with this value; no fault of another key counts.
    private func faults(_ path: String, _ value: String) throws -> [String] {
        var document = try ConfigurationDocument(text: Sample.minimal, file: "f")
        try document.set(ConfigurationPath(path), to: .text(value))
        let key = path.split(separator: ".").last ?? ""
        return Sample.faults(document.text).filter { $0.contains(": \(key) must be") }
    }

    @Test func `the readers take what the fields say, to the ends of each range, and nothing else`() throws {
        for (path, field) in all(Configuration.fields, "") {
            switch field.form {
            case .number(let range, _):
                #expect(try faults(path, "\(range.lowerBound)") == [], "\(path)")
                #expect(try faults(path, "\(range.upperBound)") == [], "\(path)")
                #expect(try faults(path, "\(range.lowerBound - 0.01)").count == 1, "\(path)")
                #expect(try faults(path, "\(range.upperBound + 0.01)").count == 1, "\(path)")
            case .integer(let range, _):
                #expect(try faults(path, "\(range.lowerBound)") == [], "\(path)")
                #expect(try faults(path, "\(range.upperBound)") == [], "\(path)")
                #expect(try faults(path, "\(range.lowerBound - 1)").count == 1, "\(path)")
                #expect(try faults(path, "\(range.upperBound + 1)").count == 1, "\(path)")
            case .choice(let names):
                for name in names { #expect(try faults(path, name) == [], "\(path)") }
                #expect(try faults(path, "none-of-them").count == 1, "\(path)")
            case .boolean:
                #expect(try faults(path, "false") == [] && faults(path, "true") == [], "\(path)")
                #expect(try faults(path, "yes").count == 1, "\(path)")
            default: break
            }
        }
    }

    @Test func `a key at its default says what a file without it does`() throws {
        let plain = try Configuration.parse(text: Sample.minimal, file: "f")
        var count = 0
        for (path, field) in all(Configuration.fields, "") {
            // Without its section there is no encryption at all.
            guard let standard = field.standard, !path.hasPrefix("broker.tls.") else { continue }
            let text = standard.replacing("<id>", with: path.contains("zones") ? "np1" : "cam-01")
                .replacing("<site id>", with: "s1").replacing("<site area>", with: "320583102201")
                .replacing("<site grid>", with: "000").replacing("<site microgrid>", with: "00")
                .replacing("<state_directory>", with: plain.site.stateDirectory)
            var document = try ConfigurationDocument(text: Sample.minimal, file: "f")
            let isText = ![.sections([]), .section([])].contains(field.form) && field.parts.isEmpty
            let value: ConfigurationValue = isText ? .text(text) : try ConfigurationValue(yaml: text)
            try document.set(ConfigurationPath(path), to: value)
            let read = try Configuration.parse(text: document.text, file: "f")
            #expect(read.isSame(as: plain), "\(path): \(text)")
            count += 1
        }
        #expect(count > 30)
    }

    @Test func `a field is found by its keys, and knows whether a change needs a restart`() {
        #expect(Configuration.field(at: ["broker", "tls", "ca_file"])?.needsRestart == false)
        #expect(Configuration.field(at: ["broker", "topic_root"])?.needsRestart == true)
        #expect(Configuration.field(at: ["cameras", "zones", "promise"])?.takes == "0.2…60 seconds")
        #expect(Configuration.field(at: ["site", "kinds", "parking.motor", "dwell"])?.takes == "1…86400 seconds")
        #expect(Configuration.field(at: ["cameras", "colour"]) == nil)
    }

    @Test func `what a reload takes over is no more than this`() {
        func live(_ fields: [Field], _ above: String) -> [String] {
            fields.filter { !$0.needsRestart }.flatMap { field -> [String] in
                let path = above.isEmpty ? field.key : "\(above).\(field.key)"
                if case .section(let inner) = field.form, field.key != "kinds" { return live(inner, path) }
                return [path]
            }
        }
        // Each of these is adopted by ConfigurationReload, or belongs to the settings of each camera.
        #expect(
            live(Configuration.fields, "") == [
                "site.departments", "site.kinds", "broker.host", "broker.port", "broker.hosts", "broker.protocol",
                "broker.client_id", "broker.username", "broker.password_file", "broker.topic_kind", "broker.product",
                "broker.keep_alive", "broker.ack_timeout", "broker.tls.ca_file", "broker.tls.certificate_file",
                "broker.tls.key_file",
                "detector.minimum_score", "detector.tiles", "evidence.publish", "evidence.keep_days",
                "evidence.max_megabytes", "evidence.jpeg_quality", "evidence.hard_examples", "inbound.enabled",
                "inbound.reviewers", "inbound.commanders", "delivery.refusals", "delivery.webhooks",
                "dialects.language", "dialects.home_assistant.enabled", "dialects.home_assistant.discovery_prefix",
                "dialects.home_assistant.topic_prefix", "dialects.onvif.enabled", "dialects.onvif.topic_prefix",
                "dialects.frigate.enabled", "dialects.frigate.topic_prefix",
                "outbox.max_messages", "outbox.max_megabytes", "outbox.audit_days", "cameras", "metrics.listen",
                "logging.level",
            ])
    }

    @Test func `what needs a restart is told by its keys, not what derives from them or was written out`() throws {
        let plain = try Configuration.parse(text: Sample.minimal, file: "f")
        func changes(_ edits: (path: String, value: String)...) throws -> [String] {
            var document = try ConfigurationDocument(text: Sample.minimal, file: "f")
            for edit in edits { try document.set(ConfigurationPath(edit.path), to: .text(edit.value)) }
            return try plain.changesThatNeedRestart(Configuration.parse(text: document.text, file: "f"))
        }
        #expect(try changes(("site.id", "s2")) == ["site.id"])
        #expect(try changes(("detector.threads", "1"), ("broker.topic_root", "a/b")) == ["broker.topic_root"])
        #expect(try changes(("broker.port", "1884"), ("logging.level", "debug"), ("evidence.keep_days", "3")) == [])
        #expect(try changes(("broker.tls.ca_file", "/x"), ("cameras.cam-01.name", "x")) == [])
        #expect(
            try changes(("evidence.enabled", "false"), ("detector.threads", "2"), ("broker.topic_kind", "underscored"))
                == [
                    "detector.threads", "evidence.enabled",
                ])
    }

    // MARK: The reference

    /// Compares, or writes.
    private func settle(_ made: String, _ found: String, _ file: String) throws {
        guard made != found else { return }
        if Self.isWriting {
            try made.write(to: Sample.root.appending(path: file), atomically: true, encoding: .utf8)
        } else {
            let change = made.split(separator: "\n", omittingEmptySubsequences: false)
                .difference(from: found.split(separator: "\n", omittingEmptySubsequences: false))
            Issue.record(
                """
                \(file) and the fields differ: correct one of them, or run this with GRIDWARDEN_WRITE=1. There should stand:
                \(change.insertions.map { "\($0)" }.joined(separator: "\n"))
                """)
        }
    }

    /// The line (from 0) and column of the first of each key outside of the rules, with its field.
    private func places(
        _ part: SourceLayout.Part, in layout: SourceLayout, _ fields: [Field]
    ) -> [(line: Int, column: Int, field: Field)] {
        switch part.content {
        case .scalar: return []
        case .list(let items): return items.first.map { places($0.value, in: layout, fields) } ?? []
        case .map(let pairs):
            return pairs.flatMap { pair -> [(line: Int, column: Int, field: Field)] in
                guard let field = fields.first(where: { $0.key == pair.key }) else { return [] }
                let line = (layout.lines.firstIndex { $0 > pair.keyStart } ?? layout.lines.count) - 1
                let inner = field.key == "rules" ? [] : places(pair.value, in: layout, field.parts)
                return [(line, layout.column(pair.keyStart), field)] + inner
            }
        }
    }

    @Test func `the comments of the reference file are those of the fields`() throws {
        let full = try Sample.fullExample()
        let layout = try SourceLayout(full, #require(SourceText.compose(full, FaultLog(file: "f"))))
        let found = try Sample.example()
        var lines = found.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let places = places(layout.root, in: layout, Configuration.fields)
        #expect(places.count > 70)
        for (line, column, field) in places.sorted(by: { $0.line > $1.line }) {
            func isComment(_ text: String) -> Bool { text.drop { $0 == " " }.hasPrefix("# ") }
            var first = line
            while first > 0, isComment(lines[first - 1]) { first -= 1 }
            // An example of the key above ends with its last bracket.
            if let example = lines[first..<line].lastIndex(where: { $0.contains("# E.g.") }) {
                var open = 0
                first = example
                repeat {
                    open += lines[first].reduce(0) { $0 + ("[{".contains($1) ? 1 : "]}".contains($1) ? -1 : 0) }
                    first += 1
                } while open > 0
            }
            let blanks = String(repeating: " ", count: column)
            lines.replaceSubrange(first..<line, with: field.comment(width: 120 - column).map { blanks + $0 })
        }
        try settle(lines.joined(separator: "\n"), found, "deploy/gridwarden.example.yaml")
    }

    @Test func `the tables of the documentation are those of the fields`() throws {
        let tables: [(name: String, fields: [Field])] = [
            ("site", SiteSettings.Key.fields), ("site.departments", Routing.Route.Key.fields),
            ("site.kinds", KindOverride.Key.fields), ("broker", BrokerSettings.Key.fields),
            ("broker.tls", TLSSettings.Key.fields),
            ("detector", DetectorSettings.Key.fields), ("evidence", EvidenceSettings.Key.fields),
            ("inbound", InboundSettings.Key.fields), ("inbound.reviewers", AccessPolicy.Party.Key.fields),
            ("delivery", DeliverySettings.Key.fields), ("delivery.webhooks", DeliverySettings.Webhook.Key.fields),
            ("dialects", DialectSettings.Key.fields),
            ("dialects.home_assistant", DialectSettings.HomeAssistant.Key.fields),
            ("dialects.onvif", DialectSettings.ONVIF.Key.fields),
            ("dialects.frigate", DialectSettings.Frigate.Key.fields),
            ("outbox", OutboxSettings.Key.fields), ("cameras", CameraSettings.Key.fields),
            ("presets", PresetSettings.Key.fields), ("zones", ZoneSettings.Key.fields),
            ("metrics", MetricsSettings.Key.fields), ("console", ConsoleSettings.Key.fields),
            ("console.discovery", DiscoverySettings.Key.fields),
            ("logging", LoggingSettings.Key.fields),
        ]
        let found = try Sample.docs()
        #expect(found.split(separator: "<!-- keys of ").count - 1 == tables.count, "a table is made of no fields")
        var made = found
        for (name, fields) in tables {
            let begin = try #require(made.range(of: "<!-- keys of \(name) -->\n"), "\(name)")
            let end = try #require(made[begin.upperBound...].range(of: "<!-- end -->"), "\(name)")
            let rows = (Field.head + fields.map(\.row)).map { $0 + "\n" }.joined()
            made.replaceSubrange(begin.upperBound..<end.lowerBound, with: rows)
        }
        try settle(made, found, "docs/configuration.md")
    }
}

extension Configuration {
    /// But for the text.
    fileprivate func isSame(as other: Configuration) -> Bool {
        sections(differingFrom: other).isEmpty && cameras == other.cameras
    }
}
