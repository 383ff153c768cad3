import Foundation
import Testing

@testable import Centre
@testable import Console

@Suite struct PageAssetTests {
    private let files: [String: String]
    private let own: [String: String]

    init() {
        func texts(_ files: [(name: String, bytes: [UInt8])]) -> [String: String] {
            Dictionary(files.map { ($0.name, String(decoding: $0.bytes, as: UTF8.self)) }) { first, _ in first }
        }
        own = texts(AssetLibrary.ofCentre)
        files = texts(AssetLibrary.embedded.filter { CentrePage.shared.contains($0.name) }).merging(own) { $1 }
    }

    @Test func `every file of the centre's folder is embedded as it is`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/Centre/Assets")
        #expect(Set(try FileManager.default.contentsOfDirectory(atPath: folder.path)) == Set(own.keys))
        for (name, text) in own {
            #expect(try String(contentsOf: folder.appending(path: name), encoding: .utf8) == text, "\(name)")
        }
        #expect(files.count == own.count + CentrePage.shared.count)
    }

    /// A module and all that it imports before it runs.
    private func modules(_ name: String, _ known: Set<String> = []) throws -> Set<String> {
        guard !known.contains(name) else { return known }
        let code = try #require(files[name], "\(name)")
        return try code.matches(of: /(?:from|import) '\.\/([a-z0-9]+\.js)'/).reduce(known.union([name])) {
            try modules(String($1.1), $0)
        }
    }

    @Test func `the code of the centre's pages takes at most 300 KiB and twelve requests for every day`() throws {
        #expect(files.values.map(\.utf8.count).reduce(0, +) < 300 << 10)
        let shell = try #require(files["centre.html"])
        let named = shell.matches(of: /\{assets\}\/([a-z0-9]+\.(?:js|css))/).map { String($0.1) }
        #expect(Set(named) == ["centre.js", "style.css", "centre.css"])
        for page in ["screen.js", "list.js"] {
            // Besides them the shell itself and both sheets.
            let all = try modules(page, try modules("centre.js"))
            #expect(all.count + 3 <= 12, "\(page): \(all.sorted())")
        }
    }

    @Test func `nothing of the centre is inline that the policy would refuse`() {
        for (name, text) in own where name != "centre.css" {
            #expect(!text.contains(" style="), "\(name)")
            #expect(text.firstMatch(of: /\son[a-z]+=["']/) == nil, "\(name)")
            #expect(text.firstMatch(of: /<script(?![^>]*src=)[^>]*>/) == nil, "\(name)")
            #expect(!text.contains("eval(") && !text.contains("new Function"), "\(name)")
        }
        for (name, text) in own { #expect(text.firstMatch(of: /https?:\/\//) == nil, "\(name)") }
    }

    /// Key, Chinese, English.
    private func texts(_ name: String) throws -> [(key: String, zh: String, en: String)] {
        try #require(files[name]).matches(of: /'([a-zA-Z0-9_.\-]+)': \['([^']*)', '([^']*)'\]/).map {
            (String($0.1), String($0.2), String($0.3))
        }
    }

    @Test func `every text of the centre is there in both languages, with the same placeholders, and is used`() throws {
        let texts = try texts("words.js")
        let lines = try #require(files["words.js"]).components(separatedBy: "\n").filter { $0.contains("': ['") }
        #expect(texts.count == lines.count && texts.count > 100)
        for (key, zh, en) in texts {
            func places(_ text: String) -> Set<String> { Set(text.matches(of: /\{\d\}/).map { String($0.0) }) }
            #expect(!zh.isEmpty && !en.isEmpty && places(zh) == places(en), "\(key)")
            #expect(zh.firstMatch(of: /\p{Han}[,;:!?()]|[,;:!?()]\p{Han}/) == nil, "\(key): \(zh)")
        }
        let code = files.filter { $0.key.hasSuffix(".js") && !["texts.js", "words.js"].contains($0.key) }
            .values.joined(separator: "\n")
        let keys = Set(texts.map(\.key) + (try self.texts("texts.js")).map(\.key))
        let whole = Set(code.matches(of: /\bt\('([a-zA-Z0-9_.\-]+)'[,)]/).map { String($0.1) })
        #expect(whole.subtracting(keys).isEmpty, "\(whole.subtracting(keys).sorted())")
        let begun = Set(code.matches(of: /'([a-z]+\.(?:[a-z]+\.)?)' \+/).map { String($0.1) })
        let unused = texts.map(\.key).filter { key in
            !whole.contains(key) && !code.contains("'\(key)'") && !begun.contains(where: key.hasPrefix)
        }
        #expect(unused.isEmpty, "\(unused)")
    }
}
