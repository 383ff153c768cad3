import Edge
import Foundation
import Glibc
import Runtime
import TestSupport
import Testing

/// `gridwarden config` on real files, alone and beside the real daemon.
@Suite(.waiting) struct ConfigTests {
    private static let models = Footage.packageRoot.appending(path: "models/prepared").path
    private static let isReady = FileManager.default.fileExists(atPath: models + "/manifest.json")

    private let folder: TemporaryFolder
    private let file: URL
    private let text: String

    init() throws {
        folder = try TemporaryFolder()
        file = folder.file("gridwarden.yaml")
        text = """
            # The site. 站点
            site:
              id: s1
              area: "320583102201"
              state_directory: \(folder.file("state").path)
              models_directory: \(Self.models)
            broker: {host: 127.0.0.1, port: 9}   # none
            evidence: {enabled: false}
            cameras:
              # At the gate. rtsp://old:0ldSecret@127.0.0.1/b
              - id: cam-01
                url: rtsp://user:s3cretWord@127.0.0.1:9/a
                purpose: test
                signage_confirmed: true
                zones:
                  - id: np1
                    polygon: [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]
                    rules:
                      parking.motor:   # with its defaults

            """
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    private func config(_ verb: String, _ words: String...) throws -> CommandTests.Outcome {
        try CommandTests().gridwarden(["config", verb] + words + ["--config", file.path])
    }

    private func said(_ log: URL) -> String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    private var present: String { get throws { try String(contentsOf: file, encoding: .utf8) } }

    @Test(.enabled(if: isReady, "needs 'make models'"))
    func `values are read, set, added, removed and taken back, and no password is shown`() throws {
        #expect(try config("get", "broker.port").output == "9\n")
        let url = try config("get", "cameras.cam-01.url")
        #expect(url.output == "rtsp://user:***@127.0.0.1:9/a\n")
        #expect(try config("get", "cameras.cam-01", "--json").output.contains(#""id" : "cam-01""#))
        let missing = try config("get", "broker.keep_alive")
        #expect(missing.status == 66 && missing.errors.contains("its default is 30"))

        let set = try config("set", "cameras.cam-01.zones.np1.rules.parking.motor.dwell", "60")
        #expect(set.status == 0, "\(set.errors)")
        #expect(set.output.contains("+            dwell: 60\n") && set.output.contains("no daemon is running"))
        #expect(try present == text + "            dwell: 60\n")

        let trial = try config("set", "cameras.cam-01.name", "东门: 1", "--dry-run", "--json")
        #expect(trial.status == 0 && trial.output.contains(#""written" : false"#))
        #expect(try present == text + "            dwell: 60\n")

        let wrong = try config("set", "broker.port", "0")
        #expect(wrong.status == 78 && wrong.errors.contains("\(file.path):7:33: broker: port must be"))
        let unknown = try config("set", "broker.prot", "1", "--json")
        #expect(unknown.status == 78 && unknown.output.contains("did you mean port?"))
        #expect(try config("set", "a..b", "1").status == 64)
        #expect(try config("remove", "broker.product").status == 66)
        #expect(try config("remove", "cameras.cam-01").status == 78)
        #expect(try present == text + "            dwell: 60\n")

        let polygon = "[[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]"
        let camera = try config(
            "add", "camera", "--id", "cam-02", "--url", "rtsp://u:an0therSecret@10.0.0.1/a", "--detail-url",
            "rtsp://u:m4inSecret@10.0.0.1/main", "--purpose", "test: 2", "--signage-confirmed", "--zone", "z1",
            "--polygon", polygon, "--rule", "parking.motor")
        #expect(camera.status == 0, "\(camera.errors)")
        #expect(try config("get", "cameras.cam-02.detail_url").output == "rtsp://u:***@10.0.0.1/main\n")
        #expect(
            try config("add", "zone", "--camera", "cam-02", "--id", "z2", "--polygon", polygon, "--rule", "env.burning")
                .status == 0)
        #expect(try config("get", "cameras.cam-02.zones.z2.rules").output == "env.burning:\n")
        #expect(try config("add", "camera", "--id", "cam-03").status == 64)
        #expect(try config("add", "item", "inbound.reviewers", "{by: worker-17}").status == 0)
        let removed = try config("remove", "cameras.cam-01")
        #expect(removed.status == 0 && removed.output.contains("-    url: rtsp://user:***@"))
        let whole = try config("get")
        for outcome in [camera, removed, whole, try config("diff"), try config("undo")] {
            #expect(outcome.status == 0)
            for secret in ["s3cretWord", "an0therSecret", "m4inSecret", "0ldSecret"] {
                #expect(!(outcome.output + outcome.errors).contains(secret))
            }
        }
        for _ in 0..<4 { #expect(try config("undo").status == 0) }
        #expect(try present == text)
        #expect(try config("undo").status == 66)
        #expect(try config("versions").output.split(separator: "\n").count == 11)
        #expect(try config("get", "cameras.cam-01.purpose", "--zh").status == 64)
    }

    @Test(.enabled(if: isReady, "needs 'make models'"))
    func `credentials of systemd are found beside the file, as the unit hands them over`() throws {
        let credentials = folder.file("credentials")
        try FileManager.default.createDirectory(at: credentials, withIntermediateDirectories: true)
        try "user\npassword-of-it\n".write(to: credentials.appending(path: "gate"), atomically: true, encoding: .utf8)
        let set = try config("set", "cameras.cam-01.credentials_file", "gate")
        #expect(set.status == 0, "\(set.errors)")
        let missing = try config("set", "cameras.cam-01.credentials_file", "none")
        #expect(missing.status == 78 && missing.errors.contains("there is no credential none"))
    }

    @Test(.enabled(if: isReady, "needs 'make models'"), .waiting(minutes: 3))
    func `two processes that change the file at the same time lose nothing`() throws {
        let log = folder.file("children")
        let keys = [
            "broker.keep_alive 60", "broker.ack_timeout 70", "evidence.keep_days 3", "logging.level debug",
            "cameras.cam-01.name gate",
        ]
        let children = try keys.map { words in
            try ChildProcess(
                CommandTests.program,
                ["config", "set"] + words.split(separator: " ").map(String.init) + ["--config", file.path], log: log)
        }
        for child in children { child.wait() }
        #expect(children.map(\.exit) == Array(repeating: 0, count: keys.count), "\(said(log))")
        for words in keys.map({ $0.split(separator: " ").map(String.init) }) {
            #expect(try config("get", words[0]).output == words[1] + "\n")
        }
    }

    @Test(.enabled(if: isReady, "needs 'make models'"), .waiting(minutes: 5))
    func `a change is applied by the running daemon, or what keeps it is said`() throws {
        let daemon = try RunningDaemon(text, in: folder)
        defer { daemon.end() }
        func standing() throws -> ConfigurationStanding { try StatusClient.configuration(of: folder.file("state")) }
        let named = try config("set", "cameras.cam-01.name", "gate")
        #expect(named.status == 0 && named.output.contains("applied: the running daemon uses it\n"), "\(named)")
        #expect(daemon.log.contains(#"restarted=["cam-01"]"#))
        #expect(try standing().running == standing().file)

        // Without touching the camera.
        for (path, value) in [
            ("evidence.keep_days", "3"), ("outbox.audit_days", "200"), ("inbound.reviewers", "[{by: worker-17}]"),
            ("site.kinds.parking.motor.severity", "1"), ("evidence.jpeg_quality", "8"), ("broker.keep_alive", "60"),
        ] {
            let outcome = try config("set", path, value)
            #expect(outcome.status == 0 && outcome.output.contains("applied: "), "\(path): \(outcome)")
        }
        #expect(daemon.log.ranges(of: #"kept=["cam-01"]"#).count == 6)

        // The level holds for the very line that tells of it.
        #expect(try config("set", "logging.level", "error").output.contains("applied: "))
        #expect(try config("set", "cameras.cam-01.look_every", "1").output.contains("applied: "))
        #expect(daemon.log.ranges(of: "configuration reloaded").count == 7)
        #expect(try config("set", "logging.level", "info").output.contains("applied: "))
        #expect(daemon.log.ranges(of: "configuration reloaded").count == 8)

        // This user finds the credentials beside the file; nobody has handed them to the daemon.
        let credentials = folder.file("credentials")
        try FileManager.default.createDirectory(at: credentials, withIntermediateDirectories: true)
        try "user\npassword-of-it\n".write(to: credentials.appending(path: "gate"), atomically: true, encoding: .utf8)
        let refused = try config("set", "cameras.cam-01.credentials_file", "gate")
        #expect(refused.status == 1 && refused.output.contains("written: "), "\(refused)")
        #expect(refused.errors.contains("has refused it, the file stays written: "))
        #expect(refused.errors.contains("$CREDENTIALS_DIRECTORY is not set"))
        #expect(try config("get", "cameras.cam-01.credentials_file").output == "gate\n")
        #expect(try config("undo").output.contains("applied: "))

        let kept = try config("set", "broker.topic_root", "mg/v2", "--json")
        #expect(kept.status == 0 && kept.output.contains(#""daemon" : "needs_restart""#), "\(kept)")
        #expect(kept.output.contains(#""broker.topic_root""#))
        #expect(try config("get", "broker.topic_root").output == "mg/v2\n")
        #expect(try standing().needsRestart == ["broker.topic_root"])
        let check = try CommandTests().gridwarden("check", "--config", file.path)
        #expect(check.status == 0 && check.output.contains("needs a restart for broker.topic_root"))
        #expect(try config("undo").output.contains("applied: "))
        #expect(try standing().running == standing().file)
        #expect(daemon.stop() == 0)
    }

    @Test(.enabled(if: isReady, "needs 'make models'"), .waiting(minutes: 5))
    func `SIGHUPs and changes at the same time end with the file as it is, each as a whole`() throws {
        let daemon = try RunningDaemon(text, in: folder)
        defer { daemon.end() }
        let log = folder.file("children")
        let children = try (1...8).map { number in
            daemon.signal(SIGHUP)
            defer { daemon.signal(SIGHUP) }
            return try ChildProcess(
                CommandTests.program,
                ["config", "set", "cameras.cam-01.name", "gate \(number)", "--config", file.path], log: log)
        }
        for child in children { child.wait() }
        #expect(children.map(\.exit) == Array(repeating: 0, count: 8), "\(said(log))")
        // One more, after all signals.
        #expect(try config("set", "evidence.keep_days", "3").output.contains("applied: "))
        let folder = folder.file("state")
        let standing = try StatusClient.configuration(of: folder)
        #expect(standing.running == standing.file && standing.needsRestart.isEmpty)
        let name = try config("get", "cameras.cam-01.name").output.dropLast()
        #expect(try StatusClient.status(of: folder).cameras.map(\.name) == [String(name)])
        #expect(!daemon.log.contains("configuration refused"))
        #expect(daemon.stop() == 0)
    }
}
