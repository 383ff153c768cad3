import Foundation
import Glibc
import Synchronization

/// A real server of PostgreSQL in a temporary folder, on a socket there, as an unprivileged user; it goes with the value, or with the
/// process of the tests, and leaves nothing behind.
public final class PostgresServer: Sendable {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    /// The one that all tests share which do not end it; each has a database of its own.
    public static let shared = Result { try PostgresServer() }

    /// The folder of the newest server's programs; nil where there is none.
    private static let programs: URL? = {
        let folder = URL(filePath: "/usr/lib/postgresql")
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return versions.compactMap(Int.init).sorted(by: >).map { folder.appending(path: "\($0)/bin") }
            .first { FileManager.default.isExecutableFile(atPath: $0.appending(path: "initdb").path) }
    }()

    /// Whether there is a server to start, and somebody to start it as: `apt-get install postgresql`.
    public static let isInstalled = programs != nil && (geteuid() != 0 || getpwnam("postgres") != nil)

    private let programs: URL
    private let folder: URL
    private let options: [String]
    /// On the loopback; 5432 is the name of the socket otherwise.
    public let port: Int
    private let count = Mutex(0)
    private let process = Mutex<ChildProcess?>(nil)

    /// - Parameter hasPort: whether it listens on the loopback too, for tests of the network.
    public init(hasPort: Bool = false) throws {
        guard let programs = Self.programs else { throw Failed(description: "there is no PostgreSQL: make deps") }
        self.programs = programs
        // Short: a socket's path has 107 bytes at the most.
        folder = URL(filePath: "/tmp/gw-postgres-\(UUID().uuidString.prefix(8).lowercased())")
        port = hasPort ? try FreePort.tcp() : 5432
        options = ["-c", "listen_addresses=\(hasPort ? "127.0.0.1" : "")"]
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        if geteuid() == 0, let user = getpwnam("postgres") {
            chown(folder.path, user.pointee.pw_uid, user.pointee.pw_gid)
        }
        // With an order of text that is not by bytes, as many a server has it.
        try run(
            "initdb",
            [
                "-D", folder.appending(path: "data").path, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync",
                "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=zh",
            ], asServer: true)
        try start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// The address of a new database.
    public func database() throws -> String {
        let number = count.withLock { count in
            count += 1
            return count
        }
        let name = "test\(number)"
        try run("createdb", ["-h", folder.path, "-p", "\(port)", "-U", "postgres", name])
        return "postgresql://postgres@/\(name)?host=\(folder.path)&port=\(port)"
    }

    /// The same database by the loopback.
    public func address(of database: String, port: Int) -> String {
        let name = database.prefix { $0 != "?" }.split(separator: "/").last ?? ""
        return "postgresql://postgres@127.0.0.1:\(port)/\(name)"
    }

    /// Returns once it answers.
    public func start() throws {
        Turn.isNeeded(by: "a start of PostgreSQL")
        // The shell ends the server with the process of the tests, whichever way that ends; and has none of that one's sockets, whose
        // other ends would never hear that they are closed.
        let script = """
            trap : INT TERM
            for descriptor in /proc/self/fd/*; do
                descriptor=${descriptor##*/}
                [ $descriptor -le 2 ] || eval "exec $descriptor>&-"
            done
            folder=$1; owner=$2; shift 2
            "$@" & server=$!
            while kill -0 $owner && kill -0 $server; do sleep 1; done
            kill -QUIT $server; wait $server
            kill -0 $owner || rm -rf "$folder"
            """
        var command = [
            programs.appending(path: "postgres").path, "-D", folder.appending(path: "data").path, "-k", folder.path,
            "-p",
            "\(port)", "-c", "fsync=off", "-c", "max_connections=300", "-c", "shared_buffers=32MB",
        ]
        command += options
        if geteuid() == 0 { command = Self.asPostgres + command }
        let process = try ChildProcess(
            URL(filePath: "/bin/bash"), ["-c", script, "bash", folder.path, "\(getpid())"] + command, log: log)
        self.process.withLock { $0 = process }
        for _ in 0..<600 {
            if (try? run("pg_isready", ["-q", "-h", folder.path, "-p", "\(port)"])) != nil { return }
            usleep(50_000)
        }
        stop()
        throw Failed(description: "PostgreSQL did not start: \((try? String(contentsOf: log, encoding: .utf8)) ?? "")")
    }

    /// Ends it at once, as a crash would: nothing is answered any more, and the next start reads its log.
    public func stop() {
        let running = process.withLock { process in
            defer { process = nil }
            return process
        }
        let lines = try? String(contentsOf: folder.appending(path: "data/postmaster.pid"), encoding: .utf8)
        if let id = lines?.split(separator: "\n").first.flatMap({ pid_t($0) }), running != nil { kill(id, SIGQUIT) }
        running?.wait()
    }

    private var log: URL { folder.appending(path: "log") }

    private static let asPostgres = [
        "/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups",
    ]

    private func run(_ program: String, _ arguments: [String], asServer: Bool = false) throws {
        let process = Process()
        let path = programs.appending(path: program).path
        let command = (asServer && geteuid() == 0 ? Self.asPostgres : []) + [path] + arguments
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.currentDirectoryURL = folder
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(description: "\(program) failed") }
    }
}
