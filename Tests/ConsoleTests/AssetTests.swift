import Foundation
import Testing

@testable import Console

@Suite struct AssetTests {
    private let files: [String: String]

    init() throws {
        files = Dictionary(
            uniqueKeysWithValues: AssetLibrary.embedded.map { ($0.name, String(decoding: $0.bytes, as: UTF8.self)) })
    }

    private var folder: URL {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/Console/Assets")
    }

    /// Key, Chinese, English.
    private func texts() throws -> [(key: String, zh: String, en: String)] {
        try #require(files["texts.js"]).matches(of: /'([a-zA-Z0-9_.\-]+)': \['([^']*)', '([^']*)'\]/).map {
            (String($0.1), String($0.2), String($0.3))
        }
    }

    @Test func `every file of the folder is embedded as it is`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(names) == Set(files.keys))
        for (name, text) in files {
            #expect(try String(contentsOf: folder.appending(path: name), encoding: .utf8) == text, "\(name)")
        }
    }

    /// A module and all that it imports before it runs.
    private func modules(_ name: String, _ known: Set<String> = []) throws -> Set<String> {
        guard !known.contains(name) else { return known }
        let code = try #require(files[name], "\(name)")
        return try code.matches(of: /from '\.\/([a-z0-9]+\.js)'/).reduce(known.union([name])) {
            try modules(String($1.1), $0)
        }
    }

    @Test func `the code of each page takes at most 300 KiB and twelve requests, where it is for every day`() throws {
        #expect(files.values.map(\.utf8.count).reduce(0, +) < 300 << 10)
        let shell = try #require(files["shell.html"])
        let named = shell.matches(of: /\{assets\}\/([a-z0-9]+\.(?:js|css))/).map { String($0.1) }
        #expect(Set(named) == ["app.js", "style.css"])
        let app = try modules("app.js")
        let pages = try #require(files["app.js"]).matches(of: /import\('\.\/([a-z0-9]+\.js)'\)/).map { String($0.1) }
        #expect(pages.contains("health.js"))
        // Besides them the shell itself and the sheet.
        for page in pages {
            let most = ["cameras.js", "health.js", "sign.js"].contains(page) ? 12 : 17
            #expect(try modules(page, app).count + 2 <= most, "\(page)")
        }
        for (name, text) in files {
            let addresses = text.matches(of: /https?:\/\/[^"' ]+/).map { String($0.0) }
            #expect(addresses.allSatisfy { $0 == "http://www.w3.org/2000/svg" }, "\(name): \(addresses)")
        }
    }

    @Test func `nothing is inline that the policy would refuse`() throws {
        for (name, text) in files where name != "style.css" {
            #expect(!text.contains(" style="), "\(name)")
            #expect(text.firstMatch(of: /\son[a-z]+=["']/) == nil, "\(name)")
            #expect(text.firstMatch(of: /<script(?![^>]*src=)[^>]*>/) == nil, "\(name)")
            #expect(!text.contains("eval(") && !text.contains("new Function"), "\(name)")
        }
    }

    @Test func `every text is there in both languages, with the same placeholders`() throws {
        let texts = try texts()
        let lines = try #require(files["texts.js"]).components(separatedBy: "\n").filter { $0.contains("': ['") }
        #expect(texts.count == lines.count && texts.count > 100)
        #expect(Set(texts.map(\.key)).count == texts.count)
        for (key, zh, en) in texts {
            func places(_ text: String) -> Set<String> { Set(text.matches(of: /\{\d\}/).map { String($0.0) }) }
            #expect(!zh.isEmpty && !en.isEmpty && places(zh) == places(en), "\(key)")
            // Full-width punctuation beside Chinese letters.
            #expect(zh.firstMatch(of: /\p{Han}[,;:!?()]|[,;:!?()]\p{Han}/) == nil, "\(key): \(zh)")
        }
    }

    @Test func `every text is used, and every text that is used is there`() throws {
        let code = files.filter { $0.key.hasSuffix(".js") && $0.key != "texts.js" }.values.joined(separator: "\n")
        let keys = Set(try texts().map(\.key))
        let whole = Set(code.matches(of: /\bt\('([a-zA-Z0-9_.\-]+)'[,)]/).map { String($0.1) })
        #expect(whole.subtracting(keys).isEmpty)
        // Begun in the code and ended by a value.
        let begun = Set(code.matches(of: /'([a-z]+\.(?:[a-z]+\.)?)' \+/).map { String($0.1) })
        #expect(!begun.isEmpty)
        let unused = keys.filter { key in
            !whole.contains(key) && !code.contains("'\(key)'") && !begun.contains(where: key.hasPrefix)
        }
        #expect(unused.isEmpty)
    }
}
