import Foundation
import SiteConfiguration
import TestSupport
import Testing

@Suite(.heavy)
struct HostileTextTests {
    private func faults(ofFile bytes: [UInt8]) throws -> [String] {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).yaml")
        defer { try? FileManager.default.removeItem(at: path) }
        try Data(bytes).write(to: path)
        do throws(ConfigurationFaults) {
            _ = try Configuration.load(path: path.path)
            return []
        } catch {
            return error.faults.map { "\($0.line):\($0.column): \($0.message)" }
        }
    }

    @Test func `a missing file and a directory are refused as what they are`() {
        for (path, message) in [("/nonexistent/g.yaml", "there is no such file"), ("/tmp", "this is a directory")] {
            #expect { try Configuration.load(path: path) } throws: {
                "\($0)".hasPrefix("\(path):1:1: \(message)")
            }
        }
    }

    @Test func `bytes that are not UTF-8 are refused with their place`() throws {
        let bytes = Array("site:\n  id: é".utf8) + [0xFF, 0x0A]
        #expect(try faults(ofFile: bytes) == ["2:8: this byte is not UTF-8: save the file as UTF-8"])
    }

    @Test func `a file that is too large is refused, and so is an endless one`() throws {
        let bytes = [UInt8](repeating: 0x23, count: (1 << 20) + 1)
        #expect(try faults(ofFile: bytes).first?.contains("larger than 1 MiB") ?? false)
        #expect {
            try Configuration.load(path: "/dev/zero")
        } throws: { "\($0)".contains("a pipe, a socket or a device") }
    }

    @Test(
        arguments: ["", "\n\n", "# x", "a", "- a", "---\n...", "null", "{}", "[", "? x"])
    func `a text that is no map of keys is at fault`(_ text: String) { #expect(!Sample.faults(text).isEmpty) }

    @Test func `a bomb of aliases is one fault`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...20 {
            let aliases = [String](repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(Sample.faults(text + "? *a20\n: 1\n").count == 1)
    }

    @Test(arguments: ["[", "{a: ", "- ", "? ", "[{a: "])
    func `nests that are too deep are faults and no crash`(_ open: String) {
        for count in [100, 990, 100_000] {
            #expect(!Sample.faults(String(repeating: open, count: count)).isEmpty)
        }
    }

    private static let values = [
        "", "~", "-1", "0", "1e308", "9223372036854775808", "[]", "{}", "[[]]", "[{}]", "2026-02-30", "0000-00-00",
        "9999-12-31", "[2026-10-01, 2026-10-01, x]",
        "[{name: n, polygon: [[0, 0], [1, 0], [1, 1]], until: 9999-12-31}]",
        "[{name: [], polygon: {}, until: [], windows: {}}]", "[{from: \"24:00\", to: \"00:00\"}]", "water", "\"*\"",
    ]

    @Test(arguments: 0..<10)
    func `each mutation of the example is read, or refused with faults that have a place`(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let example = Array(try Sample.fullExample().utf8)
        for _ in 0..<100 {
            var bytes = example
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
            case 1:
                let start = Int.random(in: 0..<bytes.count, using: &random)
                bytes.removeSubrange(start..<min(bytes.count, start + Int.random(in: 1..<200, using: &random)))
            case 2:
                // Another value after some colon.
                let colons = bytes.indices.dropLast().filter { bytes[$0] == 0x3A && bytes[$0 + 1] == 0x20 }
                guard let colon = colons.randomElement(using: &random) else { break }
                let end = bytes[colon...].firstIndex(of: 0x0A) ?? bytes.endIndex
                let value = Self.values.randomElement(using: &random) ?? ""
                bytes.replaceSubrange((colon + 1)..<end, with: " \(value)".utf8)
            default:
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    let index = Int.random(in: 0..<bytes.count, using: &random)
                    // Mostly what YAML gives a meaning to.
                    let marks = Array("[]{}:,-?&*!|>'\"%@#\n\t 0".utf8)
                    bytes[index] =
                        Bool.random(using: &random)
                        ? marks.randomElement(using: &random) ?? 0 : .random(in: 0...255, using: &random)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            do {
                let configuration = try Configuration.parse(text: text, file: "f")
                #expect(!configuration.cameras.isEmpty && configuration.text == text)
            } catch {
                #expect(!error.faults.isEmpty)
                #expect(error.faults.allSatisfy { $0.line >= 1 && $0.column >= 1 && !$0.message.contains("\n") })
            }
        }
    }
}
