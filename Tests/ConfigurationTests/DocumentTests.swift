import Foundation
import SiteConfiguration
import TestSupport
import Testing

/// Edits of the text, which leave alone what they are not about.
@Suite struct DocumentTests {
    private func path(_ text: String) throws -> ConfigurationPath { try ConfigurationPath(text) }

    private func edited(_ text: String, _ edit: (inout ConfigurationDocument) throws -> Void) throws -> String {
        var document = try ConfigurationDocument(text: text, file: "f")
        try edit(&document)
        return document.text
    }

    private func set(_ text: String, _ place: String, _ value: String) throws -> String {
        try edited(text) { try $0.set(path(place), to: ConfigurationValue(yaml: value)) }
    }

    @Test(arguments: [
        ("a: {b: 1}", "a.b", "2", "a: {b: 2}"),
        ("a:\n  b: 'x'   # why\nc: 1", "a.b", "it's", "a:\n  b: 'it''s'   # why\nc: 1"),
        ("a:\n  b: \"0\"\n", "a.b", "007", "a:\n  b: \"007\"\n"),
        ("a:\n  b: 1\n\n# next\nc: 1\n", "a.d.e", "2", "a:\n  b: 1\n  d:\n    e: 2\n\n# next\nc: 1\n"),
        ("a: # one\nc: 1\r\n", "a.d", "2", "a: # one\n  d: 2\nc: 1\r\n"),
        ("a:\r\n  b: 1\r\nc: 1", "a.d", "2", "a:\r\n  b: 1\r\n  d: 2\r\nc: 1"),
        ("a: {}\n", "a.d", "2", "a: {d: 2}\n"),
        ("a: [1, 2]  # x\n", "a[2]", "3", "a: [1, 3]  # x\n"),
        ("a: 1\n\nb: 1\n", "c", "{d: 1}", "a: 1\n\nb: 1\n\nc:\n  d: 1\n"),
        ("a: 1\nb: 1", "c", "1", "a: 1\nb: 1\nc: 1"),
        (
            "a:\n  - id: x\n    b: 1\n  - id: y\n    b: 1\n", "a.y.c", "东: 门",
            "a:\n  - id: x\n    b: 1\n  - id: y\n    b: 1\n    c:\n      东: 门\n"
        ),
        ("a: 1\n", "a", "\"x: y\"", "a: \"x: y\"\n"),
        ("a: >\n  one\n  two\nb: 1\n", "a", "three", "a: three\nb: 1\n"),
        ("\u{FEFF}a: 1\n", "a", "2", "\u{FEFF}a: 2\n"),
        (
            "rules: {parking.motor: , env.burning: {dwell: 1}}", "rules.parking.motor.dwell", "5",
            "rules: {parking.motor: {dwell: 5}, env.burning: {dwell: 1}}"
        ),
        (
            "rules:\n  parking.motor:   # none\n", "rules.parking.motor.dwell", "5",
            "rules:\n  parking.motor:   # none\n    dwell: 5\n"
        ),
        ("rules:\n  x:\n", "rules.env.burning.dwell", "5", "rules:\n  x:\n  env.burning:\n    dwell: 5\n"),
    ])
    func `a value is set where it stands, or at the end of its section`(
        before: String, place: String, value: String, after: String
    ) throws {
        #expect(try set(before, place, value) == after)
    }

    @Test func `an item is added to its list, which is made where there is none`() throws {
        let item = try ConfigurationValue(yaml: "{id: z2, polygon: [[0, 0], [1, 0.5]], rules: {parking.motor: }}")
        let block = try edited("zones:\n  - id: x   # first\n\n# end\n") { try $0.add(item, to: path("zones")) }
        #expect(
            block
                == "zones:\n  - id: x   # first\n  - id: z2\n    polygon: [[0, 0], [1, 0.5]]\n    rules:\n      parking.motor:\n\n# end\n"
        )
        #expect(
            try edited("zones: [{id: x}]") { try $0.add(item, to: path("zones")) }
                == "zones: [{id: x}, {id: z2, polygon: [[0, 0], [1, 0.5]], rules: {parking.motor: }}]")
        #expect(
            try edited("a:\n  b: 1") { try $0.add(.text("h:1"), to: path("a.hosts")) }
                == "a:\n  b: 1\n  hosts: [\"h:1\"]")
        #expect(
            try edited("a: 1\nzones:\nb: 1") { try $0.add(item, to: path("zones")) }
                == "a: 1\nzones:\n  - id: z2\n    polygon: [[0, 0], [1, 0.5]]\n    rules:\n      parking.motor:\nb: 1")
    }

    @Test(arguments: [
        ("a: 1   # x\n# y\nb: 1\n", "a", "# y\nb: 1\n"),
        ("t:\n  a: 1\nb: 1\n", "t.a", "t: {}\nb: 1\n"),
        ("t: {a: 1, b: 2}\n", "t.a", "t: {b: 2}\n"),
        ("t: {a: 1, b: 2}\n", "t.b", "t: {a: 1}\n"),
        ("t: [1, 2, 3]\n", "t[2]", "t: [1, 3]\n"),
        ("l:\n- id: x\n  b: 1\n- id: y\n", "l.x", "l:\n- id: y\n"),
        ("l:\n- id: x\n", "l.x", "l: []\n"),
        (
            "rules:\n  env.burning: {dwell: 1}\n  parking.motor:\n", "rules.parking.motor",
            "rules:\n  env.burning: {dwell: 1}\n"
        ),
    ])
    func `a key goes with its lines and nothing else`(before: String, place: String, after: String) throws {
        #expect(try edited(before) { try $0.remove(path(place)) } == after)
    }

    @Test func `a path names keys, items by their id or number, and kinds with their dot`() throws {
        let text = """
            cameras:
              - id: "1"
                x: first
              - id: cam-01
                rules: {parking.motor: {dwell: 7}}
            """
        let document = try ConfigurationDocument(text: text, file: "f")
        for place in [
            "cameras.cam-01.rules.parking.motor.dwell", "cameras[2].rules[parking.motor].dwell",
            "cameras[\"cam-01\"].rules.'parking.motor'.dwell", "cameras[cam-01].rules[\"parking.motor\"]['dwell']",
        ] {
            #expect(try document.value(at: path(place)) == .text("7"), "\(place)")
        }
        #expect(try document.value(at: path("cameras.1.x")) == .text("first"))
        #expect(try document.value(at: path("cameras[\"1\"].x")) == .text("first"))
        for place in [
            "", ".", "a.", ".a", "a..b", "a[", "a[]", "a[1", "a]b", "a\"b\"", "'a", "a['b]", "a[99999999999999999999]",
        ] {
            #expect(throws: ConfigurationEditFault.self, "\(place)") { try path(place) }
        }
        for place in [
            "cameras.none.x", "cameras[3]", "cameras[0]", "site.id", "cameras.cam-01.rules.parking.motor.dwell.more",
        ] {
            let fault = #expect(throws: ConfigurationEditFault.self) { try document.value(at: path(place)) }
            #expect(fault?.reason == .missing, "\(place)")
        }
    }

    @Test func `what cannot be edited without changing more is refused, and nothing is changed`() throws {
        for (text, place) in [("? a\n: 1\nb: 1\n", "a"), ("a: [b: 1]", "a[1].c"), ("a: !!str\nb: 1\n", "a")] {
            var document = try ConfigurationDocument(text: text, file: "f")
            #expect(throws: ConfigurationEditFault.self) { try document.set(path(place), to: .text("2")) }
            #expect(document.text == text)
        }
        #expect(throws: ConfigurationEditFault.self) { try edited("a: 1") { try $0.remove(path("a")) } }
    }

    // MARK: Random documents

    private enum Edit {
        case set(ConfigurationValue)
        case add(ConfigurationValue)
        case remove
    }

    /// The edit on values alone; the path is that of an existing value, or of a key that a map lacks.
    private func apply(_ edit: Edit, _ steps: ArraySlice<String>, to value: ConfigurationValue) -> ConfigurationValue {
        guard let step = steps.first else {
            switch (edit, value) {
            case (.set(let new), _): return new
            case (.add(let new), .list(let items)): return .list(items + [new])
            case (.add(let new), _): return .list([new])
            case (.remove, _): return value
            }
        }
        let isLast = steps.count == 1
        switch value {
        case .map(var entries):
            if let index = entries.firstIndex(where: { "[\"\($0.key)\"]" == step }) {
                if isLast, case .remove = edit {
                    entries.remove(at: index)
                } else {
                    entries[index].value = apply(edit, steps.dropFirst(), to: entries[index].value)
                }
            } else {
                entries.append(.init(String(step.dropFirst(2).dropLast(2)), apply(edit, steps.dropFirst(), to: .empty)))
            }
            return .map(entries)
        case .list(var items):
            let index = (Int(step.dropFirst().dropLast()) ?? 1) - 1
            if isLast, case .remove = edit {
                items.remove(at: index)
            } else {
                items[index] = apply(edit, steps.dropFirst(), to: items[index])
            }
            return .list(items)
        case .empty:
            return .map([.init(String(step.dropFirst(2).dropLast(2)), apply(edit, steps.dropFirst(), to: .empty))])
        case .text: return value
        }
    }

    /// Every value with its steps.
    private func all(_ value: ConfigurationValue, _ steps: [String] = []) -> [(
        steps: [String], value: ConfigurationValue
    )] {
        let inner =
            switch value {
            case .map(let entries): entries.map { ("[\"\($0.key)\"]", $0.value) }
            case .list(let items): items.enumerated().map { ("[\($0.offset + 1)]", $0.element) }
            case .empty, .text: [(String, ConfigurationValue)]()
            }
        return [(steps, value)] + inner.flatMap { all($0.1, steps + [$0.0]) }
    }

    @Test func `an edit of the text means the same as the edit of what it says, and touches no other line`() throws {
        var random = SeededGenerator(seed: 12)
        var (done, refused) = (0, 0)
        for round in 0..<1200 {
            let made = RandomDocument(&random)
            var document = try ConfigurationDocument(text: made.text, file: "f")
            guard document.value == made.value else {
                Issue.record("round \(round): the test's own document reads otherwise:\n\(made.text)")
                return
            }
            guard let (steps, old) = all(made.value).dropFirst().randomElement(using: &random) else { continue }
            let new = RandomDocument.tree(&random, depth: 2)
            var target = steps
            let edit: Edit
            switch (Int.random(in: 0..<4, using: &random), old) {
            case (0, _): edit = .remove
            case (1, .list), (1, .empty): edit = .add(new)
            case (1, .map), (2, .map), (2, .empty):
                target.append("[\"new\"]")
                edit = .set(new)
            default: edit = .set(new)
            }
            let meant = apply(edit, target[...], to: made.value)
            let text = target.joined().dropFirst(0)
            // The first step of a path is not in brackets.
            let place = try path(target[0].dropFirst().dropLast() + target.dropFirst().joined())
            do {
                switch edit {
                case .set(let value): try document.set(place, to: value)
                case .add(let value): try document.add(value, to: place)
                case .remove: try document.remove(place)
                }
            } catch {
                refused += 1
                #expect(document.text == made.text)
                if case .remove = edit, case .map(let entries) = made.value, entries.count == 1, target.count == 1 {
                    continue
                }
                Issue.record("round \(round): \(text) \(edit) refused: \(error)\n\(made.text)")
                return
            }
            done += 1
            let read = try ConfigurationDocument(text: document.text, file: "f").value
            guard document.value == meant, read == meant else {
                Issue.record("round \(round): \(text) \(edit) says otherwise:\n\(made.text)\n---\n\(document.text)")
                return
            }
            if let trouble = touched(made, document.text, steps, edit, isNew: target != steps) {
                Issue.record("round \(round): \(text) \(edit): \(trouble)\n\(made.text)\n---\n\(document.text)")
                return
            }
        }
        #expect(done > 1100, "\(refused) would have emptied the file")
    }

    /// What was changed that had to stay.
    private func touched(
        _ made: RandomDocument, _ text: String, _ steps: [String], _ edit: Edit, isNew: Bool
    ) -> String? {
        guard made.text.contains(made.lineBreak) else { return nil }
        if made.lineBreak == "\r\n", text.replacing("\r\n", with: "").contains("\n") { return "a line ends otherwise" }
        let mark = "\u{FEFF}".unicodeScalars
        guard made.text.unicodeScalars.starts(with: mark) == text.unicodeScalars.starts(with: mark) else {
            return "a mark"
        }
        func lines(_ text: String) -> [String] {
            let text = String(text.unicodeScalars.drop { $0 == "\u{FEFF}" })
            return text.split(separator: made.lineBreak, omittingEmptySubsequences: false).map(String.init)
        }
        let (before, after) = (lines(made.text), lines(text))
        var allowed = IndexSet()
        func allow(_ path: String) { if let span = made.spans[path] { allowed.insert(integersIn: span) } }
        let path = steps.joined()
        allow(path)
        // The last key or item: the whole section is rewritten as an empty one.
        if case .remove = edit { allow(steps.dropLast().joined()) }
        for change in after.difference(from: before) {
            if case .remove(let offset, let element, _) = change, !allowed.contains(offset) {
                return "line \(offset + 1) is another: \(element)"
            }
        }
        // A section in lines only gets new ones: none of its own goes.
        if isNew, !made.inFlow.contains(path), case .map(let entries)? = value(at: steps, in: made.value),
            !entries.isEmpty,
            let span = made.spans[path], made.spans[path + "[\"\(entries[0].key)\"]"].map({ $0 != span }) ?? false,
            !entries.contains(where: { made.inFlow.contains(path + "[\"\($0.key)\"]") })
        {
            let removed = after.difference(from: before).removals
            if !removed.isEmpty { return "lines went though one came" }
        }
        return nil
    }

    private func value(at steps: [String], in value: ConfigurationValue) -> ConfigurationValue? {
        all(value).first { $0.steps == steps }?.value
    }

    @Test func `whatever the text is, an edit of it is refused and changes nothing, or means what it says`() throws {
        var random = SeededGenerator(seed: 34)
        let marks = Array("[]{}:,-?&*!|>'\"%@#\n\r\t 0".utf8)
        var (done, refused) = (0, 0)
        for _ in 0..<1500 {
            var bytes = Array(RandomDocument(&random).text.utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = marks.randomElement(using: &random) ?? 0
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard var document = try? ConfigurationDocument(text: text, file: "f"),
                let (steps, old) = all(document.value).dropFirst().randomElement(using: &random),
                let place = try? path(steps[0].dropFirst().dropLast() + steps.dropFirst().joined())
            else { continue }
            let before = document.value
            do {
                switch Int.random(in: 0..<3, using: &random) {
                case 0: try document.remove(place)
                case 1 where old == .empty: try document.add(.text("x"), to: place)
                default: try document.set(place, to: .text("x: y"))
                }
                let read = try ConfigurationDocument(text: document.text, file: "f").value
                #expect(read == document.value)
                done += 1
            } catch {
                #expect(document.text == text && document.value == before)
                refused += 1
            }
        }
        #expect(done > 300, "\(done) done, \(refused) refused")
    }

    @Test func `each key of the reference can be set and taken out, and the rest stays`() throws {
        let text = try Sample.fullExample()
        let document = try ConfigurationDocument(text: text, file: "f")
        let before = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (number, (steps, value)) in all(document.value).dropFirst().enumerated() {
            let place = try path(steps[0].dropFirst(2).dropLast(2) + steps.dropFirst().joined())
            // One in four is enough for the time that it takes.
            if number % 4 == 0 {
                let removed = try edited(text) { try $0.remove(place) }
                let after = removed.split(separator: "\n", omittingEmptySubsequences: false)
                #expect(after.difference(from: before).insertions.count <= 1)
            }
            guard number % 4 == 1, case .text = value else { continue }
            let changed = try edited(text) { try $0.set(place, to: .text("新值: x")) }
            let lines = changed.split(separator: "\n", omittingEmptySubsequences: false).difference(from: before)
            #expect(lines.insertions.count == 1 && lines.removals.count == 1, "\(steps)")
        }
    }
}
