import Foundation
import TestSupport
import Testing

/// How tests are named, and how docs/testing.md names them.
@Suite(.heavy) struct TestNameTests {
    private struct File {
        let path: String
        /// Without the spaces before them; a name on a line of its own is put behind its `func`.
        let lines: [Substring]

        init(_ path: String) throws {
            self.path = path
            lines = try TestNameTests.text("Tests/\(path)").replacing("func\n        `", with: "func `")
                .split(separator: "\n").map { $0.drop { $0 == " " } }
        }

        /// Each type that is declared, and each name in backticks.
        var declared: (types: String, names: [Substring]) {
            let names = lines.compactMap { line in line.firstRange(of: "func `").map { line[$0.upperBound...] } }
            return (lines.filter { $0.contains("struct ") }.joined(separator: "\n"), names)
        }
    }

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: Footage.packageRoot.appending(path: path), encoding: .utf8)
    }

    private static func files() throws -> [File] {
        let paths = FileManager.default.enumerator(atPath: Footage.packageRoot.appending(path: "Tests").path)
        return try (paths?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix("Tests.swift") }.map(File.init)
    }

    @Test func `each test is named by a sentence in backticks and has no display name`() throws {
        var count = 0
        for file in try Self.files() {
            var isDeclared = false
            for line in file.lines {
                if line.hasPrefix("@Test") { isDeclared = true }
                #expect(!line.hasPrefix("@Test(\""), "\(file.path): \(line)")
                guard isDeclared, let name = line.firstRange(of: "func ")?.upperBound else { continue }
                isDeclared = false
                count += 1
                #expect(line[name...].hasPrefix("`"), "\(file.path): \(line)")
            }
        }
        #expect(count > 1000)
    }

    /// A long name may end with `…`, and `…/` stands for the suite that was named before it.
    @Test func `each test that the documentation names exists`() throws {
        let files = try Self.files().map(\.declared)
        var (suite, count) = ("", 0)
        for code in try Self.text("docs/testing.md").split(separator: "`") {
            let parts = code.split(separator: "/", maxSplits: 1)
            guard parts.count == 2, parts[0] == "…" || parts[0].hasSuffix("Tests"), parts[0] != "Tests",
                !parts[0].contains(" ")
            else { continue }
            if parts[0] != "…" { suite = String(parts[0]) }
            let name = parts[1].hasSuffix("…") ? "\(parts[1].dropLast())" : "\(parts[1])`"
            let isThere = files.contains { file in
                file.names.contains { $0.hasPrefix(name) } && file.types.contains("struct \(suite)")
            }
            #expect(isThere, "\(suite)/\(parts[1])")
            count += 1
        }
        #expect(count > 100)
    }

    /// `file:function`, below `Sources`.
    @Test func `each function on the ways of docs/architecture.md exists, and the composition is a table`() throws {
        var count = 0
        for step in try Self.text("docs/architecture.md").matches(of: /`([A-Za-z+\/]+\.swift):([A-Za-z]+)`/) {
            let (file, name) = (step.output.1, step.output.2)
            let code = (try? Self.text("Sources/\(file)")) ?? ""
            let forms = name == "init" ? ["init("] : ["func \(name)", "var \(name)", "let \(name)"]
            let isThere = forms.contains { code.contains($0) }
            #expect(isThere, "docs/architecture.md: \(file):\(name)")
            count += 1
        }
        #expect(count > 100)
        let lines = try Self.text("Sources/Edge/Edge.swift").split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 61)
    }
}
