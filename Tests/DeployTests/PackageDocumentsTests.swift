import Foundation
import TestSupport
import Testing

/// What the Debian package ships to read.
@Suite struct PackageDocumentsTests {
    private static let scripts = Footage.packageRoot.appending(path: "deploy/deb")

    @Test func `every link of a document leads to a file of the package`() throws {
        let folder = try TemporaryFolder()
        try RecipeBroker.run(Self.scripts.appending(path: "documents.sh").path, [folder.file("doc").path])
        let root = folder.file("doc").resolvingSymlinksInPath()
        let names = try FileManager.default.subpathsOfDirectory(atPath: root.path)
        #expect(["README.md", "SECURITY.md", "docs/operator.md"].allSatisfy(names.contains))
        var count = 0
        for name in names where name.hasSuffix(".md") {
            let document = root.appending(path: name)
            for link in try String(contentsOf: document, encoding: .utf8).matches(of: #/\]\(([^)#\s]+)[^)]*\)/#) {
                guard !link.output.1.contains(/^[a-z]+:/) else { continue }
                let target = document.deletingLastPathComponent().appending(path: String(link.output.1)).standardized
                #expect(
                    target.path.hasPrefix(root.path + "/") && FileManager.default.fileExists(atPath: target.path),
                    "\(name): \(link.output.1) is not in the package, see deploy/deb/documents.sh")
                count += 1
            }
        }
        #expect(count > 50)
    }

    @Test func `the copyright file names every Swift package`() throws {
        struct Resolved: Decodable {
            struct Pin: Decodable { let identity: String }
            let pins: [Pin]
        }
        let file = Footage.packageRoot.appending(path: "Package.resolved")
        let pins = try JSONDecoder().decode(Resolved.self, from: Data(contentsOf: file)).pins
        let copyright = try RecipeBroker.run(
            Self.scripts.appending(path: "copyright.py").path, [#require(Self.checkouts).path])
        #expect(pins.count > 5)
        for pin in pins { #expect(copyright.contains("\n\(pin.identity), https://"), "\(pin.identity)") }
    }

    /// Above the program of the tests, whichever scratch folder that is in.
    private static var checkouts: URL? {
        var folder = Bundle.main.bundleURL.resolvingSymlinksInPath()
        while folder.pathComponents.count > 1 {
            let found = folder.appending(path: "checkouts")
            if FileManager.default.fileExists(atPath: found.path) { return found }
            folder.deleteLastPathComponent()
        }
        return nil
    }
}
