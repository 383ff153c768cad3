import Foundation
import Glibc
import Store
import TestSupport
import Testing

/// The program from its first instruction to READY=1, with what may be in its way.
@Suite struct StartTests {
    private static let models = Footage.packageRoot.appending(path: "models/prepared").path
    private static let isReady = FileManager.default.fileExists(atPath: models + "/manifest.json")

    private let folder: TemporaryFolder
    private let log: URL

    init() throws {
        folder = try TemporaryFolder()
        log = folder.file("log")
    }

    private func configuration(
        url: String = "rtsp://127.0.0.1:9/a", more: String = "", site: String = "", broker: String = "",
        logging: String = "info"
    ) throws -> String {
        let file = folder.file("gridwarden.yaml")
        let text = """
            site:
              id: s1
              area: "320583102201"
              state_directory: \(folder.file("state").path)
              models_directory: \(Self.models)
            \(site)
            broker:
              host: 127.0.0.1
              port: 9
            \(broker)
            logging: { level: \(logging) }
            cameras:
              - id: cam-01
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
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    private var said: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    private func start(_ arguments: String...) throws -> ChildProcess {
        try ChildProcess(CommandTests.program, arguments, log: log)
    }

    /// Waits as long as it takes; the test's own limit is for a hang.
    private func code(_ child: ChildProcess) async throws -> Int32 {
        while true {
            if let exit = child.exit { return exit & 0x7F == 0 ? exit >> 8 & 0xFF : -(exit & 0x7F) }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func untilSaid(_ text: String, times: Int = 1, by child: ChildProcess) async throws {
        while said.ranges(of: text).count < times {
            try #require(child.exit == nil, "it ended: \(said)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private let running = "gridwarden starts"

    @Test(.enabled(if: isReady, "needs 'make models'"), .waiting(minutes: 5))
    func `a second daemon on the same folder says who holds it, and ends with 75`() async throws {
        let file = try configuration()
        let first = try start("run", "--config", file)
        try await untilSaid(running, by: first)
        let second = try start("run", "--config", file)
        #expect(try await code(second) == 75)
        #expect(said.contains("is used by another gridwarden (pid \(first.id) since "), "\(said)")
        first.kill()
        // A kill lets the lock go.
        let third = try start("run", "--config", file)
        try await untilSaid(running, times: 2, by: third)
        third.signal(SIGTERM)
        #expect(try await code(third) == 0)
    }

    @Test(
        .enabled(if: isReady, "needs 'make models'"), .waiting(minutes: 10),
        arguments: ["page", "half", "zero"])
    func `a damaged database is set aside, said everywhere, and the site goes on`(damage: String) async throws {
        let file = try configuration()
        let database = folder.file("state/outbox.sqlite")
        var epoch = ""
        do {
            let outbox = try Outbox(file: database)
            epoch = outbox.epoch
            for number in 0..<600 { try outbox.audit(.configurationLoaded, facts: ["number": "\(number)"]) }
        }
        for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database.path + suffix) }
        let size = try #require(try FileManager.default.attributesOfItem(atPath: database.path)[.size] as? UInt64)
        let handle = try FileHandle(forWritingTo: database)
        switch damage {
        case "half": try handle.truncate(atOffset: size / 8192 * 4096)
        case "zero": try handle.write(contentsOf: Data(count: 4096))
        default:
            // Nothing that the start reads: the check finds it.
            try handle.seek(toOffset: size / 8192 * 4096)
            try handle.write(contentsOf: Data(repeating: 0xA5, count: 4096))
        }
        try handle.close()

        let child = try start("run", "--config", file)
        try await untilSaid("it is set aside", by: child)
        try await untilSaid("the site's database is a new one", by: child)
        #expect(child.exit == nil)
        child.signal(SIGTERM)
        #expect(try await code(child) == 0, "\(said)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("state").path)
        #expect(names.contains { $0.hasPrefix("outbox.sqlite.damaged-") })
        let outbox = try Outbox(file: database)
        #expect(outbox.epoch != epoch)
        #expect(outbox.damaged.count == 1)
        #expect(try outbox.auditEntries().contains { $0.event == .storeReplaced && $0.facts["epoch"] == outbox.epoch })
    }

    @Test(.enabled(if: isReady, "needs 'make models'"), .waiting(minutes: 5))
    func `a full disk at the start is waited for, and a SIGTERM meanwhile ends it with 0`() async throws {
        let file = try configuration()
        let state = folder.file("state")
        // A file where a folder must be made: nothing can be stored, and nothing of the configuration is wrong.
        try FileManager.default.createDirectory(at: state, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            at: state.appending(path: "outbox.sqlite"), withIntermediateDirectories: true)
        let child = try start("run", "--config", file)
        try await untilSaid("cannot start yet", times: 2, by: child)
        child.signal(SIGTERM)
        #expect(try await code(child) == 0)
        let again = try start("run", "--config", file)
        try await untilSaid("cannot start yet", times: 3, by: again)
        try FileManager.default.removeItem(at: state.appending(path: "outbox.sqlite"))
        try await untilSaid(running, by: again)
    }

    @Test(.enabled(if: isReady, "needs 'make models'"), .waiting(minutes: 8), arguments: ["full", "read-only"])
    func `a disk that is full or read-only at the start is waited for until it takes something`(fault: String)
        async throws
    {
        guard let disk = try FullDisk(in: folder, megabytes: 8) else {
            return print("start on a bad disk: skipped, mounting a file system is not permitted here")
        }
        let file = try configuration()
        let text = try String(contentsOfFile: file, encoding: .utf8)
            .replacing(folder.file("state").path, with: disk.url.appending(path: "state").path)
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        func harm(_ isBad: Bool) {
            switch fault {
            case "full" where isBad: disk.fill()
            case "full": disk.free()
            default: #expect(disk.set(readOnly: isBad))
            }
        }
        harm(true)
        let child = try start("run", "--config", file)
        try await untilSaid("cannot start yet", times: 2, by: child)
        child.signal(SIGTERM)
        #expect(try await code(child) == 0)
        let again = try start("run", "--config", file)
        try await untilSaid("cannot start yet", times: 3, by: again)
        harm(false)
        try await untilSaid(running, by: again)
        again.signal(SIGTERM)
        #expect(try await code(again) == 0)
        // And with a database that is there.
        harm(true)
        let last = try start("run", "--config", file)
        #expect(
            try await eventually(seconds: 60) {
                said.ranges(of: "cannot start yet").count > 3 || said.ranges(of: running).count > 1
            }, "\(said)")
        #expect(last.exit == nil, "\(said)")
        harm(false)
        try await untilSaid(running, times: 2, by: last)
        last.signal(SIGTERM)
        #expect(try await code(last) == 0)
    }

    @Test(.enabled(if: isReady, "needs 'make models'"), .waiting(minutes: 10))
    func `a SIGHUP at any moment of the start is a reload later, and a SIGTERM ends the start cleanly`() async throws {
        let file = try configuration()
        let first = try start("run", "--config", file)
        // Before main there is the loader, for which nobody can speak: once the signals are heard.
        while try !isHeard(first) { try await Task.sleep(for: .milliseconds(1)) }
        for _ in 0..<3 { first.signal(SIGHUP) }
        try await untilSaid("configuration reloaded", by: first)
        first.signal(SIGTERM)
        #expect(try await code(first) == 0, "\(said)")
        let second = try start("run", "--config", file)
        while try !isHeard(second) { try await Task.sleep(for: .milliseconds(1)) }
        second.signal(SIGTERM)
        #expect(try await code(second) == 0, "\(said)")
    }

    private func isHeard(_ child: ChildProcess) throws -> Bool {
        try #require(child.exit == nil, "it ended: \(said)")
        let status = (try? String(contentsOfFile: "/proc/\(child.id)/status", encoding: .utf8)) ?? ""
        // The signals that have a handler; SIGHUP is the lowest bit.
        return status.firstMatch(of: /SigCgt:\s*[0-9a-f]+([0-9a-f])\n/)
            .flatMap { Int($0.output.1, radix: 16) }.map { $0 & 1 == 1 } ?? false
    }

    @Test(.waiting(minutes: 2), arguments: ["check", "run"])
    func `a pipe, a device or a folder in place of the configuration is refused at once`(verb: String) async throws {
        let pipe = folder.file("pipe").path
        mkfifo(pipe, 0o600)
        for (path, word) in [
            (pipe, "a pipe, a socket or a device"), ("/dev/zero", "a pipe, a socket or a device"),
            (folder.url.path, "this is a directory"),
        ] {
            let child = try start(verb, "--config", path)
            #expect(try await code(child) == 78)
            #expect(said.contains("\(path):1:1: ") && said.contains(word), "\(said)")
        }
    }

    @Test(.enabled(if: isReady, "needs 'make models'"), .waiting(minutes: 5))
    func `check names each fault of what the file names, with its place`() async throws {
        let credentials = folder.file("credentials").path
        let more = "    credentials_file: \(credentials)"
        mkfifo(folder.file("pipe").path, 0o600)
        let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI\n-----END PRIVATE KEY-----\n"
        let cases: [(change: (String) -> String, credentials: String?, place: String, words: String)] = [
            ({ $0 }, nil, ":15:23: ", "there is no such file"),
            ({ $0 }, key, ":15:23: ", "it holds 3 lines"),
            ({ $0 }, "user: admin\npassword: geheim77\n", ":15:23: ", "has a colon in its first line"),
            ({ $0 }, "geheim77\n", ":15:23: ", "it holds one line"),
            ({ $0.replacing(credentials, with: folder.file("pipe").path) }, nil, ":15:23: ", "this is a pipe"),
            (
                { $0.replacing("rtsp://127.0.0.1:9/a", with: "/nowhere/geheim77.mp4") }, "a\nb\n", ":14:10: ",
                "not there"
            ),
            (
                { $0.replacing("rtsp://127.0.0.1:9/a", with: "admin:geheim77@10.0.0.5:554/a") }, "a\nb\n", ":14:10: ",
                "rtsp://"
            ),
            ({ $0.replacing("rtsp://127.0.0.1:9/a", with: "192.168.1.64:554/a") }, "a\nb\n", ":14:10: ", "rtsp://"),
            (
                { $0.replacing("    purpose:", with: "    detail_url: admin:geheim77@10.0.0.5/a\n    purpose:") },
                "a\nb\n", ":16:17: ", "rtsp://"
            ),
            (
                { $0.replacing("host: 127.0.0.1", with: "host: 127.0.0.1:1883") }, "a\nb\n", ":8:9: ",
                "without mqtt:// and port"
            ),
            ({ $0.replacing("320583102201", with: "999999999999") }, "a\nb\n", ":3:9: ", "GB/T 2260"),
            ({ $0.replacing("models_directory: ", with: "models_directory: /nowhere") }, "a\nb\n", ":5:21: ", "models"),
            (
                { $0 + "\nevidence: { directory: \(folder.file("state").path) }\n" }, "a\nb\n", ":23:24: ",
                "holds the state folder"
            ),
            ({ $0 + "\nevidence: { directory: /proc/nothing }\n" }, "a\nb\n", ":23:24: ", "cannot write to"),
            (
                { $0.replacing(folder.file("state").path, with: folder.file(String(repeating: "x", count: 100)).path) },
                "a\nb\n", ":4:20: ", "too long"
            ),
        ]
        for (change, text, place, words) in cases {
            let file = try configuration(more: more)
            try change(String(contentsOfFile: file, encoding: .utf8)).write(
                toFile: file, atomically: true, encoding: .utf8)
            try? FileManager.default.removeItem(atPath: credentials)
            if let text { try text.write(toFile: credentials, atomically: true, encoding: .utf8) }
            try Data().write(to: log)
            let child = try start("check", "--config", file)
            #expect(try await code(child) == 78, "\(words): \(said)")
            #expect(said.contains("\(file)\(place)") && said.contains(words), "\(words): \(said)")
            #expect(!said.contains("geheim77") && !said.contains("MC4C"), "\(said)")
        }
        let file = try configuration()
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try (text + "\nmetrics: { listen: 0.0.0.0:9464 }\n").write(toFile: file, atomically: true, encoding: .utf8)
        try Data().write(to: log)
        let child = try start("check", "--config", file)
        #expect(try await code(child) == 0)
        #expect(said.contains("note: anybody who reaches 0.0.0.0"), "\(said)")
        let detail = text.replacing("    purpose:", with: "    detail_url: rtsps://127.0.0.1:9/main\n    purpose:")
        try (detail + "\nevidence: { enabled: false }\n").write(toFile: file, atomically: true, encoding: .utf8)
        try Data().write(to: log)
        #expect(try await code(try start("check", "--config", file)) == 0)
        #expect(said.contains("note: detail_url: nobody checks the camera's certificate"), "\(said)")
        #expect(said.contains("note: detail_url does nothing: evidence.enabled is false"), "\(said)")
    }

    @Test(.enabled(if: isReady, "needs 'make models'"), .waiting(minutes: 5))
    func `a password is kept from the log by its value, whatever carries it`() async throws {
        let credentials = folder.file("credentials").path
        // The camera bears the name of its password: no form tells it from any other name.
        try "admin\ngeheim-7788\n".write(toFile: credentials, atomically: true, encoding: .utf8)
        let file = try configuration(more: "    credentials_file: \(credentials)", logging: "trace")
        let text = try String(contentsOfFile: file, encoding: .utf8).replacing("cam-01", with: "geheim-7788")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let child = try start("run", "--config", file)
        try await untilSaid("***", by: child)
        child.signal(SIGTERM)
        #expect(try await code(child) == 0)
        #expect(!said.contains("geheim-7788"), "\(said)")
    }
}
