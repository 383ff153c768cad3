import Analytics
import Contract
import Domain
import Evidence
import Foundation
import Glibc
import Hashing
import MQTT
import Store
import TestSupport
import Testing

/// The command as an operator runs it: exit codes, and what is said.
@Suite(.waiting) struct CommandTests {
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Beside the running tests, wherever the build folder is.
    static let program: URL = {
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &path, path.count - 1)
        let text = String(decoding: path.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return URL(filePath: text).deletingLastPathComponent().appending(path: "gridwarden")
    }()

    func gridwarden(_ arguments: String...) throws -> Outcome { try gridwarden(arguments) }

    func gridwarden(_ arguments: [String]) throws -> Outcome {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
            errors: String(decoding: complaint, as: UTF8.self))
    }

    private func configuration(_ folder: TemporaryFolder, models: String, camera: String = "") throws -> String {
        let file = folder.file("gridwarden.yaml")
        let text = """
            site:
              id: s1
              area: "320583102201"
              state_directory: \(folder.file("state").path)
              models_directory: \(models)
            broker:
              host: 127.0.0.1
            cameras:
              - id: cam-01
                url: rtsp://user:s3cret@127.0.0.1:9/a
                purpose: test
                signage_confirmed: true
            \(camera)
                zones:
                  - id: np1
                    polygon: [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]
                    rules:
                      parking.motor:
            """
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    @Test func `version and help are printed, and an unknown verb is wrong usage`() throws {
        #expect(try gridwarden("--version").status == 0)
        let help = try gridwarden("--help")
        for verb in [
            "run", "check", "config", "status", "watch", "models", "bench", "verify", "export", "gaps", "users",
            "centre",
            "simulate",
        ] {
            #expect(help.output.contains(verb))
        }
        #expect(try gridwarden("no-such-verb").status == 64)
    }

    @Test func `a wrong configuration is refused with its place`() throws {
        let folder = try TemporaryFolder()
        let file = try configuration(folder, models: "/nonexistent", camera: "    colour: red")
        for verb in ["check", "run"] {
            let outcome = try gridwarden(verb, "--config", file)
            #expect(outcome.status == 78)
            #expect(outcome.errors.contains("\(file):13:5: "))
            #expect(!outcome.errors.contains("s3cret"))
        }
        let json = try gridwarden("check", "--config", file, "--json")
        #expect(json.status == 78 && json.output.contains("\"line\" : 13"))
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: models + "/manifest.json"), "needs 'make models'"))
    func `check tells what an operator should know`() throws {
        let folder = try TemporaryFolder()
        let file = try configuration(folder, models: Self.models, camera: "    decode: all")
        let usual = try gridwarden("check", "--config", file)
        #expect(usual.status == 0 && !usual.output.contains("note:"))
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try text.replacing("rtsp://", with: "rtsps://").replacing("decode: all", with: "look_every: 5")
            .replacing("id: np1", with: "id: np1\n        promise: 5").write(
                toFile: file, atomically: true, encoding: .utf8)
        let told = try gridwarden("check", "--config", file)
        #expect(told.status == 0 && !told.output.contains("s3cret"))
        for note in ["cam-01: note: rtsps keeps", "a fault of the camera is stated within 15 s"] {
            #expect(told.output.contains(note), "\(told)")
        }
    }

    @Test func `a missing model is told with its remedy`() throws {
        let folder = try TemporaryFolder()
        let file = try configuration(folder, models: folder.file("models").path)
        for verb in ["check", "run"] {
            let outcome = try gridwarden(verb, "--config", file)
            #expect(outcome.status == 78)
            #expect(outcome.errors.contains("gridwarden models prepare"))
        }
        let verify = try gridwarden("models", "verify", "--models", folder.file("models").path)
        #expect(verify.status != 0 && verify.errors.contains("gridwarden models prepare"))
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: models + "/manifest.json"), "needs 'make models'"))
    func `check warns of requests over MQTT 3.1.1`() throws {
        let folder = try TemporaryFolder()
        let file = try configuration(folder, models: Self.models)
        let warning = "MQTT 3.1.1"
        let right = try gridwarden("check", "--config", file)
        #expect(right.status == 0 && !right.errors.contains(warning), "\(right.errors)")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let old = text.replacing("host: 127.0.0.1", with: "host: 127.0.0.1\n  protocol: mqtt3.1.1")
        try old.write(toFile: file, atomically: true, encoding: .utf8)
        let warned = try gridwarden("check", "--config", file)
        #expect(warned.status == 0 && warned.errors.contains(warning), "\(warned.errors)")
        try (old + "\ninbound: { enabled: false }\n").write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try !gridwarden("check", "--config", file).errors.contains(warning))
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: models + "/manifest.json"), "needs 'make models'"))
    func `a clip that cannot be read is named, and the command fails`() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("notes.mp4")
        try Data("not a video".utf8).write(to: file)
        let outcome = try gridwarden("bench", file.path, "--models", Self.models)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains(file.path))
        #expect(try gridwarden("bench", file.path, "--dwell", "0").status == 64)
        #expect(try gridwarden("bench", file.path, "--cadence", "often").status == 64)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: models + "/manifest.json"), "needs 'make models'"))
    func `a clip that breaks off is reported in part, and the command fails`() throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 60, size: (320, 180))
        let spoilt = try Footage.spoil(clip, in: folder, from: 10, to: 60, everyNthByte: 3)
        let json = folder.file("report.json")
        let outcome = try gridwarden("bench", spoilt, "--models", Self.models, "--json", json.path)
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("NOT LOOKED AT TO ITS END"), "\(outcome.output)")
        #expect(outcome.errors.contains("no whole picture"))
        #expect(try String(contentsOf: json, encoding: .utf8).contains("\"fault\" : "))
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: models + "/manifest.json"), "needs 'make models'"))
    func `a report that cannot be written is named, and the table still comes`() throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 4, size: (320, 180))
        let json = folder.file("absent/report.json").path
        let outcome = try gridwarden("bench", clip, "--models", Self.models, "--json", json)
        #expect(outcome.status == 1)
        #expect(outcome.output.contains(clip))
        #expect(outcome.errors.contains("could not write the report to \(json): "), "\(outcome.errors)")
        #expect(!outcome.errors.contains("NSCocoa"), "\(outcome.errors)")
    }

    @Test func `an option that swallows a clip does not write over it`() throws {
        let folder = try TemporaryFolder()
        let clip = folder.file("a.mp4")
        try Data("footage".utf8).write(to: clip)
        for option in ["--json", "--annotate"] {
            let outcome = try gridwarden("bench", option, clip.path, "b.mp4")
            #expect(outcome.status == 64 && outcome.errors.contains(clip.path), "\(outcome)")
            #expect(try Data(contentsOf: clip) == Data("footage".utf8))
        }
    }

    @Test(arguments: ["--truth", "--annotate"])
    func `an option for one clip is wrong usage with two`(option: String) throws {
        let outcome = try gridwarden("bench", "a/1.mp4", "b/1.mp4", option, "x")
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains(option))
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: models + "/manifest.json"), "needs 'make models'"))
    func `clips of one name are told apart, and their dwells are those that held`() throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 6, size: (320, 180))
        var clips: [String] = []
        for (name, kinds) in [("a", #""parking.motor", "env.burning""#), ("b", #""parking.motor""#)] {
            let part = folder.file(name)
            try FileManager.default.createDirectory(at: part, withIntermediateDirectories: true)
            let path = part.appending(path: "1.mp4").path
            try FileManager.default.copyItem(atPath: clip, toPath: path)
            let zone = #"{"id": "z", "rules": [\#(kinds)], "polygon": [[0, 0], [320, 0], [160, 180]]}"#
            try Data(#"{"size": [320, 180], "zones": [\#(zone)]}"#.utf8)
                .write(to: part.appending(path: "1.truth.json"))
            clips.append(path)
        }
        let json = try gridwarden(
            "bench", clips[0], clips[1], "--models", Self.models, "--dwell", "40", "--dwell-of", "parking.motor=25",
            "--json", "-")
        #expect(json.status == 0, "\(json.errors)")
        struct Report: Decodable {
            struct Clip: Decodable {
                let clip: String
                let dwell: [String: Double]
            }
            let clips: [Clip]
        }
        let report = try JSONDecoder().decode(Report.self, from: Data(json.output.utf8))
        #expect(report.clips.map(\.clip) == clips)
        #expect(report.clips.map(\.dwell) == [["parking.motor": 25, "env.burning": 10], ["parking.motor": 25]])
        let table = try gridwarden("bench", clips[0], "--models", Self.models, "--dwell", "40")
        let heads = try #require(table.output.split(separator: "\n").first).split(separator: " ")
        #expect(Set(heads).count == heads.count, "\(heads)")
        #expect(table.output.contains("env.burning=10,parking.motor=40"), "\(table.output)")
    }

    @Test(arguments: [["--kind", "parking.moter"], ["--dwell-of", "env.smoke=20"]])
    func `a kind that nothing detects is wrong usage`(option: [String]) throws {
        let outcome = try gridwarden("bench", "clip.mp4", option[0], option[1])
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("parking.motor, "), "\(outcome.errors)")
    }

    @Test(arguments: [
        ["--cameras", "0"], ["--cameras", "2001"], ["--find-limit"], ["--html", "page.html"],
        ["--html", "other.mp4", "--cameras", "2"], ["--hours", "1", "--cameras", "2"],
        ["--seconds", "0", "--cameras", "2"],
        ["--rtsp", "rtsp://127.0.0.1/a"], ["--rtsp", "a.mp4", "--cameras", "2"],
    ])
    func `of paced cameras what makes no sense is wrong usage`(options: [String]) throws {
        let outcome = try gridwarden(["bench", "clip.mp4"] + options)
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains(options[0]), "\(outcome.errors)")
    }

    @Test func `paced cameras of a clip that cannot be read say so`() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("text.mp4")
        try Data("no clip".utf8).write(to: file)
        let outcome = try gridwarden("bench", file.path, "--cameras", "2")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("could not open \(file.path)"), "\(outcome.errors)")
    }

    @Test(arguments: [
        ["--stages", "--cameras", "2"], ["--stages", "--hours", "1"], ["--stages", "b.mp4"], ["--only", "decode"],
        ["--only", "sleep", "--stages"], ["--disk", "."], ["--seconds", "0", "--stages"],
        ["--rtsp", "a.mp4", "--stages"],
    ])
    func `of stages what makes no sense is wrong usage`(options: [String]) throws {
        let outcome = try gridwarden(["bench", "clip.mp4"] + options)
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains(options[0]), "\(outcome.errors)")
    }

    @Test func `without a clip the benchmark says what it needs`() throws {
        let (stages, usual) = (try gridwarden("bench", "--stages"), try gridwarden("bench"))
        #expect(stages.status == 64 && stages.errors.contains("--stages needs a clip"), "\(stages.errors)")
        #expect(usual.status == 64 && usual.errors.contains("name the clips"), "\(usual.errors)")
    }

    @Test func `stages of a clip that cannot be read say so`() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("text.mp4")
        try Data("no clip".utf8).write(to: file)
        for path in [file.path, folder.file("absent.mp4").path] {
            let outcome = try gridwarden("bench", "--stages", path)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains(path) && outcome.output.isEmpty, "\(outcome.errors)")
        }
    }

    @Test(
        .enabled(if: FileManager.default.fileExists(atPath: models + "/manifest.json"), "needs 'make models'"),
        .heavy(minutes: 3))
    func `every stage stands in the table and in the JSON, and nothing is left on the disk`() throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 4, size: (320, 180), gop: 5)
        let disk = folder.file("disk")
        try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
        let json = folder.file("stages.json")
        let outcome = try gridwarden(
            "bench", clip, "--stages", "--seconds", "0.05", "--models", Self.models, "--disk", disk.path, "--json",
            json.path)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let top = try JSONSerialization.jsonObject(with: Data(contentsOf: json)) as? [String: Any]
        let report = try #require(top?["stages"] as? [String: Any])
        let stages = try #require(report["stages"] as? [[String: Any]]).compactMap { $0["stage"] as? String }
        let usual: Set = [
            "receive", "decode", "decode-unfiltered", "small", "gate", "scale", "boxes", "tracking", "commit",
        ]
        #expect(usual.isSubset(of: stages))
        #expect(stages.contains { $0.hasPrefix("inference-") } && report["camera"] is [String: Any])
        let lines = outcome.output.split(separator: "\n")
        for name in stages { #expect(lines.contains { $0.hasPrefix("\(name) ") }, "\(name)") }
        #expect(outcome.output.contains("one look in 2 s"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path).isEmpty)
        let absent = folder.file("absent").path
        let fault = try gridwarden(
            "bench", clip, "--stages", "--only", "commit", "--models", Self.models, "--disk", absent)
        #expect(fault.status == 1 && fault.errors.contains("commit: could not make \(absent)"), "\(fault.errors)")
    }

    private static let models = Footage.packageRoot.appending(path: "models/prepared").path

    @Test func `verify names the first broken link, and its exit code says so`() throws {
        let folder = try TemporaryFolder()
        #expect(try gridwarden("verify", folder.url.path).status == 66)
        let store = try EvidenceStore(folder: folder.url)
        let key = try SiteKey()
        let ledger = try Ledger(folder: folder.url, site: "edge-01", key: key)
        let incident = UUID()
        var files: [String] = []
        for sequence in Int64(1)...3 {
            let payload = Array("{\"n\":\(sequence)}".utf8)
            let file = try store.save(payload, sequence: sequence, incident: incident, date: Date())
            try ledger.record(
                sequence: sequence, incident: incident, payload: payload,
                files: [.init(file: file, sha256: try SHA256.hex(payload))])
            files.append(file)
        }
        let intact = try gridwarden("verify", folder.url.path, "--head", ledger.head.hash)
        #expect(intact.status == 0 && intact.output.contains("intact") && intact.output.contains("4 good records"))
        #expect(intact.output.contains("0 records after the head") && intact.output.contains("give --key"))
        let signed = try gridwarden("verify", folder.url.path, "--key", key.publicKey.description)
        #expect(signed.status == 0 && signed.output.contains("signed by \(key.publicKey), which was given"))
        let stranger = try gridwarden("verify", folder.url.path, "--key", SiteKey().publicKey.description)
        #expect(stranger.status == 1 && stranger.output.contains("which is UNKNOWN"))
        #expect(try gridwarden("verify", folder.url.path, "--key", "/nowhere/keys").status == 66)
        #expect(try gridwarden("verify", folder.url.path, "--head", "abc").status == 64)
        let place = try TemporaryFolder()
        let pack = place.file("pack").path
        #expect(try gridwarden("export", incident.uuidString, pack, "--evidence", folder.url.path).status == 0)
        let checked = try gridwarden("verify", pack, "--pack", incident.uuidString)
        #expect(checked.status == 0)
        #expect(checked.output.hasPrefix("pack of incident \(incident.uuidString.lowercased())"))
        #expect(try gridwarden("export", "x", pack).status == 64)

        try Data("{\"n\":7}".utf8).write(to: folder.file(files[1]))
        let broken = try gridwarden("verify", folder.url.path)
        #expect(broken.status == 1 && broken.output.contains("BROKEN at record 3: \(files[1])"))
        let json = try gridwarden("verify", folder.url.path, "--json")
        #expect(json.status == 1)
        let report = try JSONDecoder().decode(LedgerReport.self, from: Data(json.output.utf8))
        #expect(report.faults.map(\.record) == [3] && report.messages == 3)
    }

    @Test func `verify checks the audit log too`() throws {
        let folder = try TemporaryFolder()
        let absent = try gridwarden("verify", "--audit", folder.url.path)
        #expect(absent.status == 66 && absent.errors.contains("could not read the outbox"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        for number in 1...3 { try outbox.audit(.configurationLoaded, facts: ["sha256": "\(number)"]) }
        let head = try outbox.auditHead().hash
        let intact = try gridwarden("verify", "--audit", folder.url.path, "--head", head)
        #expect(intact.status == 0 && intact.output == "3 entries\nhead \(head)\nintact\n")
        let other = try gridwarden("verify", "--audit", folder.url.path, "--head", String(repeating: "a", count: 64))
        #expect(other.status == 1 && other.output.contains("BROKEN: the audit log is broken at entry 4: no entry has"))
    }

    @Test func `gaps lists what waits, what was lost and when the broker took each message`() throws {
        let folder = try TemporaryFolder()
        let file = try configuration(folder, models: folder.file("models").path)
        #expect(try gridwarden("gaps", "--config", file).status == 66)
        #expect(try gridwarden("gaps", "--config", folder.file("none.yaml").path).status == 78)
        #expect(try gridwarden("gaps", "--config", file, "--to", "3").status == 64)
        // The daemon that writes it goes on meanwhile.
        let outbox = try Outbox(file: folder.file("state/outbox.sqlite"), budget: OutboxBudget(messages: 3))
        for _ in 0..<5 {
            let incident = Incident(
                id: UUIDv7.make(), kind: .illegalParking, camera: "cam-01", zone: "np1", firstSeen: MediaTime(0),
                confirmed: MediaTime(300), lastSeen: MediaTime(300), threshold: 300,
                object: .init(objectClass: .car, confidence: 0.8, box: Box(x: 0, y: 0, width: 0.5, height: 0.5)))
            try outbox.append(incident) { incident, sequence in
                AlertMessage(
                    sequence: sequence, id: UUIDv7.make(), subject: incident.id, topic: "a", openTopic: "o",
                    isOpen: true, payload: Array("{}".utf8))
            }
        }
        try outbox.markDelivered([3: Date(timeIntervalSince1970: 1_795_480_205)])
        let text = try gridwarden("gaps", "--config", file, "--from", "3", "--to", "4")
        #expect(text.status == 0)
        let lines = text.output.split(separator: "\n")
        #expect(
            lines.prefix(4) == [
                "site s1: last sequence 5, epoch \(outbox.epoch)", "undelivered: 2 (4…5)",
                "lost before any broker had them: 2 (1…2)",
                "not held any more, delivered or lost: 2 (1…2)",
            ])
        #expect(lines.count == 6 && lines[4].hasPrefix("3 ") && lines[4].hasSuffix("2026-11-24T00:30:05Z"))
        #expect(lines.last?.hasPrefix("4 ") == true && lines.last?.hasSuffix(" waits") == true)
        let json = try gridwarden("gaps", "--config", file, "--json")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(report["dropped"] as? [[Int]] == [[1, 2]] && report["last_sequence"] as? Int == 5)
        #expect(report["receipts"] == nil)
    }

    @Test func `status says that no daemon runs`() throws {
        let folder = try TemporaryFolder()
        let file = try configuration(folder, models: folder.file("models").path)
        let outcome = try gridwarden("status", "--config", file)
        #expect(outcome.status == 69)
        #expect(outcome.errors.contains("no daemon runs with this configuration"))
        #expect(outcome.output.isEmpty)
    }

    @Test func `watch ends at its timeout and says that nothing came`() throws {
        let broker = try Broker()
        defer { broker.stop() }
        let outcome = try gridwarden(
            "watch", "--port", "\(broker.port)", "--count", "1", "--timeout", "1", "--area", "32")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("watching mg/v1/alert/32/#"))
        #expect(try gridwarden("watch", "--area", "3").status == 64)
    }

    @Test func `watch shows whatever a broker sends and obeys nothing in it`() async throws {
        let broker = try Broker()
        defer { broker.stop() }
        let path = Footage.packageRoot.appending(path: "Tests/Fuzz/corpus/alert/opened.json")
        var event = try AlertEvent(json: Data(contentsOf: path))
        event.data.camera.name = "\u{1B}[2Jgate"
        event.data.observed.dwellSeconds = 1e300
        let client = MQTTClient(MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "sender"))
        try client.start()
        try await client.waitForConnection()
        try await client.publish(
            MQTTMessage(topic: "mg/v1/alert/32/x", payload: Array(JSONEncoder().encode(event)), retain: true))
        await client.close()
        let outcome = try gridwarden("watch", "--port", "\(broker.port)", "--count", "1", "--timeout", "20")
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("\u{FFFD}[2Jgate (") && !outcome.output.contains("\u{1B}"), "\(outcome.output)")
    }
}
