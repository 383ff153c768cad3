public import Foundation
import Glibc
import Synchronization

/// A child with no signal blocked, which can be killed at any moment; it dies with the value.
public final class ChildProcess: Sendable {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    public let id: pid_t
    private let status = Mutex<Int32?>(nil)

    /// - Parameter log: takes its standard output and standard error, after what is there.
    public init(_ program: URL, _ arguments: [String], log: URL) throws {
        Turn.isNeeded(by: "a child process")
        var attributes = posix_spawnattr_t()
        var actions = posix_spawn_file_actions_t()
        var signals = sigset_t()
        posix_spawnattr_init(&attributes)
        posix_spawn_file_actions_init(&actions)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, descriptor, log.path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        }
        let words = ([program.path] + arguments).map { strdup($0) }
        defer {
            for word in words { free(word) }
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        var id = pid_t()
        let code = posix_spawn(&id, program.path, &actions, &attributes, words + [nil], environ)
        guard code == 0 else { throw Failed(description: "\(program.path): \(String(cString: strerror(code)))") }
        self.id = id
    }

    deinit { kill() }

    /// The exit status as waitpid(2) gives it; nil while it runs.
    public var exit: Int32? {
        status.withLock { status in
            if status == nil {
                var value: Int32 = 0
                if waitpid(id, &value, WNOHANG) == id { status = value }
            }
            return status
        }
    }

    public func signal(_ number: Int32) { if exit == nil { Glibc.kill(id, number) } }

    /// Ends it at once, as a power cut of the process would.
    public func kill() {
        status.withLock { status in
            guard status == nil else { return }
            Glibc.kill(id, SIGKILL)
            status = Self.ended(id)
        }
    }

    /// Returns once it has ended by itself.
    public func wait() {
        status.withLock { status in
            guard status == nil else { return }
            status = Self.ended(id)
        }
    }

    private static func ended(_ id: pid_t) -> Int32 {
        var value: Int32 = 0
        waitpid(id, &value, 0)
        return value
    }

    /// Beside the running tests, wherever the build folder is.
    public static func built(_ name: String) -> URL {
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &path, path.count - 1)
        let text = String(decoding: path.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return URL(filePath: text).deletingLastPathComponent().appending(path: name)
    }
}
