import Edge
import Foundation
import Glibc
import SiteConfiguration
import Store
import TestSupport
import Testing

/// A box without a camera, and somebody at its page: the real program, a real camera, a real browser.
@Suite(.waiting(minutes: 8)) struct NewcomerTests {
    private static let browser = "/usr/bin/chromium"
    private static let isReady = WatchedLane.isReady && FileManager.default.isExecutableFile(atPath: browser)
    private static let script = Footage.packageRoot.appending(path: "Tests/ConsoleTests/newcomer.py").path

    @Test(
        .enabled(if: isReady, "needs 'make models', ../shared/footage and Debian's chromium"),
        arguments: [("en", "1440"), ("zh", "390")])
    func `a newcomer adds a camera from nothing to its first alert, and edits no file`(
        language: String, width: String
    ) async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.tcp()
        let password = "geheim-77-kamera"
        let clip = try #require(Footage.clip("composed/camera-1080p25-h264.mp4"))
        let camera = try RTSPServer(clip: clip, login: .init(user: "warden", password: password, isDigest: true))
        defer { camera.stop() }
        let text = """
            # This box. 本机
            site:
              id: s1
              area: "320583102201"
              state_directory: \(folder.file("state").path)
              models_directory: \(WatchedLane.models)
            broker: {host: 127.0.0.1, port: 9}   # none here
            console: {listen: "127.0.0.1:\(port)"}
            cameras: []   # the page adds them

            """
        let daemon = try RunningDaemon(text, in: folder)
        defer { daemon.end() }
        #expect(try await eventually { FreePort.accepts(port) })
        let code = try #require(try StatusClient.accounts(["setup"], of: folder.file("state")).code)

        let process = Process()
        let (output, faults) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments =
            [Self.script, "http://127.0.0.1:\(port)", code, camera.url, "warden", password, language, width]
            + (ProcessInfo.processInfo.environment["GRIDWARDEN_PICTURES"].map { [$0] } ?? [])
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["GRIDWARDEN_SLOWNESS": "\(max(1, Patience.slowness))"]
        ) { $1 }
        (process.standardOutput, process.standardError) = (output, faults)
        try process.run()
        defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
        let steps = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            .split(separator: "\n").map(String.init)
        let fault = String(decoding: faults.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(
            steps == [
                "signed-in", "wrong-password", "testing", "tested", "place", "zones", "plan", "sees", "alert", "done",
            ], "\(steps): \(fault.suffix(2000)); \(daemon.log.suffix(2000))")

        // Comments stay, and the password is in its own file alone.
        let after = try String(contentsOf: daemon.configuration, encoding: .utf8)
        #expect(after.contains("# This box. 本机") && after.contains("port: 9}   # none here"))
        let added = try #require(try Configuration.parse(text: after, file: "f").cameras.first)
        #expect(added.id == "cam-01" && added.name == "东门" && added.purpose == "parking at the gate")
        #expect(added.url == camera.url)
        let credentials = try #require(added.credentialsFile)
        #expect(try String(contentsOfFile: credentials, encoding: .utf8) == "warden\n\(password)\n")
        let log = try Outbox(file: folder.file("state").appending(path: "outbox.sqlite")).auditEntries()
        #expect(log.contains { $0.event == .cameraAdded && $0.by == "admin" && $0.facts["camera"] == "cam-01" })
        for secret in [password, "not-the-password"] {
            #expect(!after.contains(secret) && !daemon.log.contains(secret) && !"\(log)".contains(secret))
        }
        let check = try CommandTests().gridwarden("check", "--config", daemon.configuration.path)
        #expect(check.status == 0, "\(check)")
        #expect(daemon.stop() == 0, "\(daemon.log.suffix(4000))")
    }
}
