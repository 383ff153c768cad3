import Contract
import Foundation
import Glibc
import MQTT
import Runtime
import TestSupport
import Testing

/// The daemon as it is installed, with credentials of each sort: none of them may be seen from outside.
@Suite(.waiting) struct SecrecyTests {
    private static let models = Footage.packageRoot.appending(path: "models/prepared").path
    private static let isReady = FileManager.default.fileExists(atPath: models + "/manifest.json")
    private static let secrets = [
        "br0ker-Geheim-77", "c4mera-Geheim-88", "wr0ng-Geheim-99", "qu3ry-Geheim-66", "m4in-Geheim-55",
    ]

    /// Also as basic authentication would spell them.
    private static let spellings =
        secrets + secrets.map { Data("warden:\($0)".utf8).base64EncodedString() }

    private func camera(_ id: String, url: String, more: String = "") -> String {
        """
          - id: \(id)
            url: \(url)
            \(more)
            purpose: test
            signage_confirmed: true
            zones:
              - id: np1
                polygon: [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]
                rules:
                  parking.motor:

        """
    }

    private func configuration(_ folder: TemporaryFolder, broker: Broker, server: RTSPServer) throws -> String {
        let address = server.url.replacing("rtsp://", with: "")
        let text =
            """
            site:
              id: s1
              area: "320583102201"
              state_directory: \(folder.file("state").path)
              models_directory: \(Self.models)
            broker:
              host: 127.0.0.1
              port: \(broker.port)
              username: edge
              password_file: broker
            logging:
              level: trace
            cameras:

            """ + camera("good", url: server.url, more: "credentials_file: camera")
            + camera("refused", url: "rtsp://warden:\(Self.secrets[2])@\(address)")
            + camera(
                "absent", url: "rtsp://\(address)x?jwt=\(Self.secrets[3])",
                more: "detail_url: rtsp://warden:\(Self.secrets[4])@\(address)x")
        let file = folder.file("gridwarden.yaml")
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    @Test(.enabled(if: isReady, "needs 'make models'"), .waiting(minutes: 2))
    func `no credential is seen in logs, messages, files or the process list`() async throws {
        let folder = try TemporaryFolder()
        let broker = try Broker(users: ["edge": Self.secrets[0], "screen": "s"])
        defer { broker.stop() }
        let server = try RTSPServer(
            clip: Footage.makeTestClip(in: folder, seconds: 3),
            login: .init(user: "warden", password: Self.secrets[1]))
        defer { server.stop() }
        try Data("\(Self.secrets[0])\n".utf8).write(to: folder.file("gridwarden_broker"))
        try Data("warden\n\(Self.secrets[1])\n".utf8).write(to: folder.file("gridwarden_camera"))

        let screen = MQTTClient(
            MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "screen", username: "screen", password: "s"))
        try screen.start()
        try await screen.waitForConnection()
        try await screen.subscribe("#")

        let process = try start(
            ["run", "--config", configuration(folder, broker: broker, server: server)], in: folder)
        defer { end(process) }
        var messages: [MQTTMessage] = []
        var states: [String: CameraReport.State] = [:]
        for await message in screen.messages {
            messages.append(message)
            if let report = try? CameraReport(json: Data(message.payload)) { states[report.camera] = report.state }
            if states == ["good": .online, "refused": .offline, "absent": .offline] { break }
        }
        let list = ["cmdline", "environ"].map {
            (try? Data(contentsOf: URL(filePath: "/proc/\(process.processIdentifier)/\($0)"))) ?? Data()
        }
        #expect(list[0].contains(Data("gridwarden.yaml".utf8)))
        end(process)
        await screen.close()

        let log = try String(contentsOf: folder.file("log"), encoding: .utf8)
        #expect(log.contains("***@"), "the log speaks of the camera that refused, or this test sees nothing")
        var seen = list + [Data(log.utf8), Data(broker.log.utf8)]
        seen += messages.flatMap { [Data($0.topic.utf8), Data($0.payload)] }
        let state = try #require(FileManager.default.enumerator(atPath: folder.file("state").path))
        for case let path as String in state {
            // Folders and the socket-like files of SQLite that are gone meanwhile hold nothing.
            seen.append((try? Data(contentsOf: folder.file("state").appending(path: path))) ?? Data())
        }
        for text in Self.spellings {
            for data in seen { #expect(data.range(of: Data(text.utf8)) == nil, "\(text)") }
        }
    }

    @Test(.enabled(if: isReady, "needs 'make models'"))
    func `a crash leaves no core file behind`() async throws {
        let folder = try TemporaryFolder()
        // Where cores go elsewhere, their absence here would prove nothing.
        let control = try start(shell: "kill -SEGV $$", [], in: folder)
        control.waitUntilExit()
        guard try !cores(folder).isEmpty else { return }
        for core in try cores(folder) { try FileManager.default.removeItem(at: folder.file(core)) }

        let broker = try Broker(users: ["edge": Self.secrets[0]])
        defer { broker.stop() }
        let server = try RTSPServer(clip: Footage.makeTestClip(in: folder, seconds: 3))
        defer { server.stop() }
        try Data("\(Self.secrets[0])\n".utf8).write(to: folder.file("gridwarden_broker"))
        try Data("warden\n\(Self.secrets[1])\n".utf8).write(to: folder.file("gridwarden_camera"))
        let process = try start(
            ["run", "--config", configuration(folder, broker: broker, server: server)], in: folder)
        defer { end(process) }
        while try !String(contentsOf: folder.file("log"), encoding: .utf8).contains("broker connected") {
            try await Task.sleep(for: .milliseconds(50))
        }
        kill(process.processIdentifier, SIGSEGV)
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal)
        #expect(try cores(folder).isEmpty)
    }

    private func cores(_ folder: TemporaryFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.url.path).filter { $0.hasPrefix("core") }
    }

    /// With core dumps allowed, and the credentials where systemd puts them.
    private func start(
        shell: String = "exec \"$0\" \"$@\"", _ arguments: [String], in folder: TemporaryFolder
    ) throws -> Process {
        let log = folder.file("log")
        try Data().write(to: log)
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "ulimit -c unlimited; \(shell)", CommandTests.program.path] + arguments
        // As in the unit: Swift's own crash report shows registers and the memory around them.
        process.environment = [
            "PATH": "/usr/bin:/bin", "CREDENTIALS_DIRECTORY": folder.url.path, "SWIFT_BACKTRACE": "enable=no",
            // A sanitizer would take the signal for itself.
            "ASAN_OPTIONS": "handle_segv=0", "TSAN_OPTIONS": "handle_segv=0",
        ]
        process.currentDirectoryURL = folder.url
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        return process
    }

    private func end(_ process: Process) {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
