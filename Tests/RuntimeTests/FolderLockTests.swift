import Evidence
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Runtime

struct FolderLockTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func lock() throws -> FolderLock {
        try FolderLock(
            folder.file("state"), what: "the state folder", key: "site.state_directory",
            now: Date(timeIntervalSince1970: 1_795_480_000))
    }

    @Test func `the second one is told who has the folder since when, and has it once the first has gone`() throws {
        var first: FolderLock? = try lock()
        let held = #expect(throws: FolderLock.Held.self) { try lock() }
        let path = folder.file("state").path
        #expect(
            held?.description
                == "the state folder \(path) is used by another gridwarden (pid \(getpid()) since 2026-11-24T00:26:40Z); "
                + "stop that one, or give this one another folder (site.state_directory)")
        withExtendedLifetime(first) {}
        first = nil
        _ = try lock()
    }

    @Test func `what somebody else has written into the file is not repeated`() throws {
        let first = try lock()
        let file = folder.file("state").appending(path: FolderLock.name)
        try Data("pid 1 since \u{1B}[2J\n".utf8).write(to: file)
        let held = #expect(throws: FolderLock.Held.self) { try lock() }
        #expect(held?.description.contains("used by another gridwarden; stop") == true)
        withExtendedLifetime(first) {}
    }

    @Test func `evidence is intact with the lock of a daemon in its folder, and not with anything else in its place`()
        throws
    {
        let evidence = folder.file("evidence")
        let lock = try FolderLock(evidence, what: "the evidence folder", key: "evidence.directory")
        let ledger = try Ledger(folder: evidence, site: "s1")
        func report() throws -> LedgerReport { try LedgerCheck.run(folder: evidence) }
        #expect(try report().isIntact)
        try Data("pid 7 since 2026-11-24T00:26:40Z\nand a plan".utf8).write(
            to: evidence.appending(path: FolderLock.name))
        #expect(try report().faults.map(\.file) == [FolderLock.name])
        withExtendedLifetime((lock, ledger)) {}
    }

    @Test func `a folder that cannot be made is named with what to do`() throws {
        try Data().write(to: folder.file("state"))
        let fault = #expect(throws: FolderLock.Unusable.self) { try lock() }
        #expect(fault?.description.contains("could not make the state folder \(folder.file("state").path)") == true)
    }
}
