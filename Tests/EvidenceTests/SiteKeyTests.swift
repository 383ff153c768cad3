import Foundation
import TestSupport
import Testing

@testable import Evidence

@Suite struct SiteKeyTests {
    private func mode(_ file: URL) throws -> Int {
        try #require(
            try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int)
    }

    @Test func `the key is made once, for the service's user only`() throws {
        let folder = try TemporaryFolder()
        let key = try SiteKey(stateFolder: folder.url)
        #expect(key.notices.count == 1 && key.notices[0].contains("was made"))
        #expect(try mode(folder.file(SiteKey.fileName)) == 0o600)
        let again = try SiteKey(stateFolder: folder.url)
        #expect(again.publicKey == key.publicKey && again.notices == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [SiteKey.fileName])
        #expect(LedgerKey(key.publicKey.description) == key.publicKey)
        #expect(try SiteKey().publicKey != SiteKey().publicKey)
    }

    @Test func `a key that others could read is closed to them, and told`() throws {
        let folder = try TemporaryFolder()
        let key = try SiteKey(stateFolder: folder.url)
        chmod(folder.file(SiteKey.fileName).path, 0o644)
        let again = try SiteKey(stateFolder: folder.url)
        #expect(again.publicKey == key.publicKey && again.notices.first?.contains("could be read by others") == true)
        #expect(try mode(folder.file(SiteKey.fileName)) == 0o600)
    }

    @Test(arguments: ["", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
    func `what is no key is set aside, and told`(content: String) throws {
        let folder = try TemporaryFolder()
        try Data(content.utf8).write(to: folder.file(SiteKey.fileName))
        chmod(folder.file(SiteKey.fileName).path, 0o600)
        let key = try SiteKey(stateFolder: folder.url)
        #expect(key.notices.count == 1 && key.notices[0].contains("holds no key"))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
        #expect(names.count == 2 && names[1].hasPrefix("site.key.damaged-"))
        #expect(try SiteKey(stateFolder: folder.url).publicKey == key.publicKey)
    }

    @Test func `a link in place of the key is not followed`() throws {
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        let foreign = try SiteKey(stateFolder: other.url)
        try FileManager.default.createSymbolicLink(
            at: folder.file(SiteKey.fileName), withDestinationURL: other.file(SiteKey.fileName))
        let key = try SiteKey(stateFolder: folder.url)
        #expect(key.publicKey != foreign.publicKey && key.notices[0].contains("is a link"))
    }

    @Test func `public keys are read from a text or a file, and nothing else passes for one`() throws {
        let folder = try TemporaryFolder()
        let keys = [try SiteKey().publicKey, try SiteKey().publicKey]
        try Data("# ours\n\(keys[0])\n\n  \(keys[1])\n".utf8).write(to: folder.file("keys"))
        #expect(try LedgerKey.read(folder.file("keys").path) == keys)
        #expect(try LedgerKey.read(keys[1].description) == [keys[1]])
        try Data("\(keys[0])\nx\n".utf8).write(to: folder.file("bad"))
        try Data().write(to: folder.file("empty"))
        for argument in [folder.file("bad").path, folder.file("empty").path, folder.file("none").path, "ed25519:AAAA"] {
            #expect(throws: Ledger.LedgerError.self) { try LedgerKey.read(argument) }
        }
    }

    @Test func `openssl holds the signature of a record for right`() throws {
        let folder = try TemporaryFolder()
        let key = try SiteKey(stateFolder: folder.url)
        _ = try Ledger(folder: folder.url, site: "edge-01", key: key)
        let text = try Data(contentsOf: folder.file(Ledger.fileName)).dropLast()
        let line = try #require(LedgerLine.parse(Array(text)))
        try Data(LedgerLine.signed(line.hash)).write(to: folder.file("message"))
        try Data(try #require(line.signature)).write(to: folder.file("signature"))
        func openssl(_ arguments: String...) throws -> Int32 {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/openssl")
            process.arguments = arguments
            process.currentDirectoryURL = folder.url
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            return process.terminationStatus
        }
        #expect(try openssl("pkey", "-in", SiteKey.fileName, "-pubout", "-out", "public.pem") == 0)
        #expect(
            try openssl(
                "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", "message", "-sigfile",
                "signature") == 0)
    }
}
