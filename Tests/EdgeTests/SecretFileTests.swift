import Foundation
import TestSupport
import Testing

@testable import Edge
@testable import Runtime

@Suite(.waiting) struct SecretFileTests {
    @Test func `a path stays what it is`() throws {
        #expect(try SecretFile.path("/etc/gridwarden/broker", environment: [:]) == "/etc/gridwarden/broker")
        #expect(try SecretFile.path("state/broker", environment: ["CREDENTIALS_DIRECTORY": "/x"]) == "state/broker")
    }

    @Test func `a name without a slash is a credential of systemd`() throws {
        let folder = try TemporaryFolder()
        let environment = ["CREDENTIALS_DIRECTORY": folder.url.path]
        try Data("one".utf8).write(to: folder.file("gridwarden_broker"))
        #expect(
            try SecretFile.path("broker", environment: environment) == folder.file("gridwarden_broker").path,
            "as LoadCredential= of a folder names it")
        try Data("two".utf8).write(to: folder.file("broker"))
        #expect(try SecretFile.path("broker", environment: environment) == folder.file("broker").path)
    }

    @Test func `a missing credential is told with its remedy`() throws {
        let folder = try TemporaryFolder()
        let unset = #expect(throws: SetupError.self) { try SecretFile.path("broker", environment: [:]) }
        #expect(unset?.description.contains("$CREDENTIALS_DIRECTORY is not set") == true)
        let missing = #expect(throws: SetupError.self) {
            try SecretFile.path("broker", environment: ["CREDENTIALS_DIRECTORY": folder.url.path])
        }
        #expect(missing?.description.contains("LoadCredential=") == true)
    }

    @Test func `an empty file is refused`() throws {
        let folder = try TemporaryFolder()
        try Data("\n".utf8).write(to: folder.file("broker"))
        let error = #expect(throws: SetupError.self) {
            try SecretFile.lines(
                of: folder.file("broker").path, "the broker's password_file", count: 1, form: "write it")
        }
        #expect(error?.description.contains("the broker's password_file: it is empty") == true)
    }
}
