import Dispatch
import Foundation
import Glibc
import TestSupport
import Testing

@testable import SiteConfiguration

/// Real files, links, rights and locks.
@Suite struct StoreTests {
    private let folder: TemporaryFolder
    private let file: URL

    init() throws {
        folder = try TemporaryFolder()
        file = folder.file("gridwarden.yaml")
        try Sample.minimal.write(to: file, atomically: true, encoding: .utf8)
    }

    private var text: String { get throws { try String(contentsOf: file, encoding: .utf8) } }
    private var store: ConfigurationStore { ConfigurationStore(path: file.path) }

    @discardableResult
    private func set(_ path: String, _ value: String, _ store: ConfigurationStore? = nil) throws
        -> ConfigurationStore.Change
    {
        try (store ?? self.store).edit { try $0.set(ConfigurationPath(path), to: .text(value)) }
    }

    private func rights(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func `a change keeps the rights of the file and leaves nothing beside it but the lock and the versions`()
        throws
    {
        chmod(file.path, 0o640)
        try set("broker.host", "b2")
        #expect(try text == Sample.minimal.replacing("localhost", with: "b2"))
        #expect(try rights(file.path) == 0o640)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
        #expect(names == [".gridwarden.yaml.lock", ".gridwarden.yaml.versions", "gridwarden.yaml"])
        let versions = folder.file(".gridwarden.yaml.versions").path
        #expect(try rights(versions) == 0o700)
        for name in try FileManager.default.contentsOfDirectory(atPath: versions) {
            #expect(try rights(versions + "/" + name) == 0o600)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away")) func `a change by root keeps the owner`()
        throws
    {
        chown(file.path, 1234, 4321)
        chmod(file.path, 0o640)
        try set("broker.host", "b2")
        let versions = folder.file(".gridwarden.yaml.versions").path
        let all =
            [file.path, folder.file(".gridwarden.yaml.lock").path, versions]
            + (try FileManager.default.contentsOfDirectory(atPath: versions).map { versions + "/" + $0 })
        for path in all {
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_uid == 1234 && status.st_gid == 4321, "\(path)")
        }
        #expect(try rights(file.path) == 0o640)
    }

    @Test func `what a kill has left is cleared away, and no link in its place is followed`() throws {
        let other = folder.file("other")
        try "other".write(to: other, atomically: true, encoding: .utf8)
        let part = folder.file(".gridwarden.yaml.part").path
        try FileManager.default.createSymbolicLink(atPath: part, withDestinationPath: "other")
        try set("broker.host", "b2")
        #expect(try String(contentsOf: other, encoding: .utf8) == "other")
        #expect(!FileManager.default.fileExists(atPath: part))
        #expect(try text.contains("b2"))
    }

    @Test func `what would be wrong is told with its place in the new text, and not written`() throws {
        let faults = #expect(throws: ConfigurationFaults.self) {
            try store.edit {
                try $0.set(ConfigurationPath("broker.keep_alive"), to: .text("4"))
                try $0.set(ConfigurationPath("evidence.keep_days"), to: .text("0"))
            }
        }
        #expect(faults?.faults.map { "\($0.line):\($0.column)" } == ["6:15", "18:14"])
        struct Refusal: Error {}
        #expect(throws: Refusal.self) {
            try set("broker.host", "b2", ConfigurationStore(path: file.path) { _ in throw Refusal() })
        }
        #expect(try text == Sample.minimal)
        #expect(try store.versions().isEmpty)
    }

    @Test func `a trial writes nothing`() throws {
        let change = try store.edit(isTrial: true) { try $0.set(ConfigurationPath("broker.host"), to: .text("b2")) }
        #expect(change.after != change.before)
        #expect(try text == Sample.minimal && store.versions().isEmpty)
    }

    @Test func `what a link leads to is changed, and the link stays`() throws {
        let link = folder.file("link.yaml")
        try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "gridwarden.yaml")
        try set("broker.host", "b2", ConfigurationStore(path: link.path))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == "gridwarden.yaml")
        #expect(try text.contains("b2"))
    }

    @Test func `a file that somebody changes meanwhile is left to them`() throws {
        let (file, other) = (file, Sample.minimal + "# by hand\n")
        let store = ConfigurationStore(path: file.path) { _ in
            // Between reading and writing.
            try other.write(to: file, atomically: true, encoding: .utf8)
        }
        let fault = #expect(throws: ConfigurationStoreFault.self) { try set("broker.host", "b2", store) }
        #expect(fault?.reason == .changed)
        #expect(try text == other)
    }

    @Test func `who waits too long for another process is told`() throws {
        let lock = try FileLock(of: file, patience: 0)
        let fault = #expect(throws: ConfigurationStoreFault.self) {
            try set("broker.host", "b2", ConfigurationStore(path: file.path, patience: 0.05))
        }
        #expect(fault?.reason == .busy)
        withExtendedLifetime(lock) {}
    }

    @Test(.waiting) func `of many changes at a time none is lost and none is mixed`() throws {
        let store = ConfigurationStore(path: file.path, patience: 600)
        DispatchQueue.concurrentPerform(iterations: 6) { number in
            for _ in 0..<5 {
                _ = try? store.edit { document in
                    let path = try ConfigurationPath("broker.keep_alive")
                    let old: Int
                    if case .text(let text) = try? document.value(at: path) { old = Int(text) ?? 0 } else { old = 10 }
                    try document.set(path, to: .text("\(old + 1)"))
                    try document.set(ConfigurationPath("cameras.cam-01.name"), to: .text("writer \(number)"))
                }
            }
        }
        #expect(try Configuration.load(path: file.path).broker.keepAlive == 40)
        #expect(try store.versions().count == 20)
    }

    @Test func `undo goes back step by step, over changes by hand, and twenty versions are kept`() throws {
        func host() throws -> String { try Configuration.load(path: file.path).broker.host }
        for number in 1...3 { try set("broker.host", "b\(number)") }
        _ = try store.undo()
        #expect(try host() == "b2")
        _ = try store.undo()
        #expect(try host() == "b1")
        _ = try store.undo()
        #expect(try text == Sample.minimal)
        let fault = #expect(throws: ConfigurationStoreFault.self) { try store.undo() }
        #expect(fault?.reason == .noVersion)
        // Nothing is lost by going back.
        _ = try store.undo(to: 4)
        #expect(try host() == "b3")
        #expect(try store.versions().map(\.backTo) == [nil, nil, nil, nil, 3, 2, 1, 4])
        _ = try store.undo()
        #expect(try host() == "b2")

        try text.replacing("b2", with: "by-hand").write(to: file, atomically: true, encoding: .utf8)
        try set("broker.port", "1884")
        _ = try store.undo()
        #expect(try host() == "by-hand")
        try text.replacing("by-hand", with: "again").write(to: file, atomically: true, encoding: .utf8)
        _ = try store.undo()
        #expect(try host() == "by-hand")

        for number in 1...30 { try set("broker.host", "c\(number)") }
        let versions = try store.versions()
        #expect(versions.count == ConfigurationStore.mostVersions)
        #expect(try store.text(ofVersion: versions[0].number).contains("c11\n"))
        #expect(throws: ConfigurationStoreFault.self) { try store.text(ofVersion: 1) }
    }

    @Test func `a difference is shown as diff does`() throws {
        let old = (1...20).map { "\($0)\n" }.joined()
        let new = old.replacing("\n2\n", with: "\ntwo\n").replacing("\n9\n", with: "\n9\n9a\n").replacing(
            "20\n", with: "")
        try old.write(to: folder.file("f before"), atomically: true, encoding: .utf8)
        try new.write(to: folder.file("f after"), atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/diff")
        process.currentDirectoryURL = folder.url
        process.arguments = ["-U3", "--label", "f before", "--label", "f after", "f before", "f after"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let made = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(LineDifference.unified(old, new, name: "f") == made)
        #expect(LineDifference.unified(old, old, name: "f").isEmpty)
    }
}
