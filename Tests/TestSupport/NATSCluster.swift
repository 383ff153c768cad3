public import Foundation
import Glibc
import Synchronization

/// Three real nats-server with JetStream and MQTT on the loopback; they die with the value and leave nothing behind.
public final class NATSCluster: Sendable {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    /// Where one of them keeps and offers what it has.
    public struct Node: Sendable {
        /// 1…3; a server's name is `nats-NUMBER`.
        public let number: Int
        public let folder: URL
        public let port: Int
        /// For NATS's own clients, for the others of the cluster, and for a look at its health.
        let clients: Int
        let routes: [Int]
        let monitor: Int

        /// A file's text with this node's folder, names and ports in place of the recipe's.
        public func localised(_ text: String, certificates: Certificates) throws -> String {
            var text = text
            let changes = [
                "server_name: nats-1": "server_name: nats-\(number)\nhttp: 127.0.0.1:\(monitor)",
                "listen: 127.0.0.1:4222": "listen: 127.0.0.1:\(clients)",
                "listen: 0.0.0.0:6222": "listen: 127.0.0.1:\(routes[number - 1])",
                "listen: 0.0.0.0:8883": "listen: 127.0.0.1:\(port)",
                "/var/lib/nats/gridwarden": folder.path,
                "/etc/nats/gridwarden/ca.crt": certificates.authority,
                "/etc/nats/gridwarden/node.crt": certificates.certificate("nats-\(number)"),
                "/etc/nats/gridwarden/node.key": certificates.key("nats-\(number)"),
                "nats-1.example:6222": "127.0.0.1:\(routes[0])", "nats-2.example:6222": "127.0.0.1:\(routes[1])",
                "nats-3.example:6222": "127.0.0.1:\(routes[2])",
            ]
            for (from, to) in changes {
                guard text.contains(from) else { throw Failed(description: "the recipe has no \(from)") }
                text = text.replacing(from, with: to)
            }
            return text
        }

        var plain: String {
            """
            server_name: nats-\(number)
            listen: 127.0.0.1:\(clients)
            http: 127.0.0.1:\(monitor)
            jetstream { store_dir: "\(folder.path)" }
            cluster {
                name: test, listen: 127.0.0.1:\(routes[number - 1])
                routes: [\(routes.map { "nats-route://127.0.0.1:\($0)" }.joined(separator: ", "))]
            }
            mqtt { listen: 127.0.0.1:\(port), stream_replicas: 3 }
            """
        }
    }

    /// Of MQTT, one for each node.
    public var ports: [Int] { nodes.map(\.port) }
    private let nodes: [Node]
    private let folder: TemporaryFolder
    private let processes = Mutex<[Int: ChildProcess]>([:])

    /// Starts them, and returns once each is whole; takes some seconds.
    ///
    /// - Parameter write: writes what else a node needs into its folder, and returns its configuration; nil: everybody
    ///   may do everything, in the clear.
    public init(write: ((Node) throws -> String)? = nil) throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        let routes = try (0..<3).map { _ in try FreePort.tcp() }
        nodes = try (1...3).map { number in
            let place = folder.file("\(number)")
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            return Node(
                number: number, folder: place, port: try FreePort.tcp(), clients: try FreePort.tcp(), routes: routes,
                monitor: try FreePort.tcp())
        }
        for node in nodes {
            try (write?(node) ?? node.plain).write(
                to: node.folder.appending(path: "nats.conf"), atomically: true, encoding: .utf8)
        }
        for node in nodes { try start(node.number - 1) }
        for node in nodes { try waitUntilWhole(node) }
    }

    deinit { for index in nodes.indices { kill(index) } }

    public var log: String {
        nodes.map { (try? String(contentsOf: $0.folder.appending(path: "log"), encoding: .utf8)) ?? "" }.joined()
    }

    /// - Parameter index: of its port.
    public func start(_ index: Int) throws {
        let folder = nodes[index].folder
        let process = try ChildProcess(
            URL(filePath: "/usr/sbin/nats-server"), ["-c", folder.appending(path: "nats.conf").path],
            log: folder.appending(path: "log"))
        processes.withLock { $0[index] = process }
    }

    /// Ends it at once, as a power cut would.
    public func kill(_ index: Int) { processes.withLock { $0.removeValue(forKey: index) }?.kill() }

    /// Until it listens for MQTT and knows the leader of the cluster: it says 200 on /healthz then.
    private func waitUntilWhole(_ node: Node) throws {
        for _ in 0..<3000 {
            if FreePort.accepts(node.port), Self.isHealthy(node.monitor) { return }
            usleep(20_000)
        }
        throw Failed(description: "nats-server \(node.number) did not start: \(log)")
    }

    private static func isHealthy(_ port: Int) -> Bool {
        guard let url = URL(string: "http://127.0.0.1:\(port)/healthz") else { return false }
        return (try? String(contentsOf: url, encoding: .utf8))?.contains("ok") ?? false
    }
}
