import Foundation
import MQTT
import Runtime
import TestSupport
import Testing

/// The broker of deploy/broker as it ships: only the folders and ports of the files are exchanged.
final class RecipeBroker: Sendable {
    static let recipes = Footage.packageRoot.appending(path: "deploy/broker")

    let broker: Broker
    let certificates: Certificates
    /// By certificate, by password, by websocket.
    let ports: [Int]
    private let folder: TemporaryFolder

    /// - Parameters:
    ///   - passwords: of users.
    ///   - above: of a township's broker; the broker to which it is bridged.
    init(certificates: Certificates, passwords: [String: String], above: RecipeBroker? = nil) throws {
        self.certificates = certificates
        folder = try TemporaryFolder()
        ports = try (0..<3).map { _ in try FreePort.tcp() }
        for name in ["state", "conf.d"] {
            try FileManager.default.createDirectory(at: folder.file(name), withIntermediateDirectories: true)
        }
        try FileManager.default.copyItem(at: Self.recipes.appending(path: "acl"), to: folder.file("acl"))
        try Data().write(to: folder.file("passwords"))
        for (user, password) in passwords {
            try Self.run("/usr/bin/mosquitto_passwd", ["-b", folder.file("passwords").path, user, password])
        }
        if let above {
            let bridge = try Self.text(
                "bridge.conf",
                [
                    "/etc/mosquitto/gridwarden/": certificates.directory.path + "/",
                    "county-broker.example:8883": "127.0.0.1:\(above.ports[0])",
                    // So that the test need not wait.
                    "restart_timeout 2 30": "restart_timeout 1 1",
                ])
            try bridge.write(to: folder.file("conf.d/bridge.conf"), atomically: true, encoding: .utf8)
        }
        let text = try Self.text(
            "mosquitto.conf",
            [
                "/etc/mosquitto/gridwarden/ca.crt": certificates.authority,
                "/etc/mosquitto/gridwarden/broker.crt": certificates.certificate("broker"),
                "/etc/mosquitto/gridwarden/broker.key": certificates.key("broker"),
                "/etc/mosquitto/gridwarden/": folder.url.path + "/",
                "/etc/mosquitto/conf.d": folder.file("conf.d").path,
                "/var/lib/mosquitto/": folder.file("state").path + "/",
                "listener 8883": "listener \(ports[0]) 127.0.0.1",
                "listener 8884": "listener \(ports[1]) 127.0.0.1",
                "listener 8885": "listener \(ports[2]) 127.0.0.1",
            ])
        broker = try Broker(configuration: text, port: ports[1])
    }

    deinit { broker.stop() }

    /// A user of the password listener.
    func person(_ user: String?, _ password: Secret? = nil) -> MQTTClient {
        client(port: ports[1], user: user, password: password, tls: .init(authorities: certificates.authority))
    }

    /// A user of the certificate listener; without a name none is shown.
    func machine(_ name: String?, claiming user: String? = nil) -> MQTTClient {
        client(
            port: ports[0], user: user, password: user.map { _ in "any" },
            tls: .init(
                authorities: certificates.authority, certificate: name.map(certificates.certificate),
                key: name.map(certificates.key)))
    }

    private func client(port: Int, user: String?, password: Secret?, tls: MQTTSettings.TLS) -> MQTTClient {
        var settings = MQTTSettings(
            host: "127.0.0.1", port: port, clientID: "c-\(UUID().uuidString)", username: user, password: password,
            keepAlive: 5, tls: tls)
        settings.shortestWait = 0.1
        settings.longestWait = 0.3
        return MQTTClient(settings)
    }

    /// The text of a recipe with each of `changes` made; throws where one has nothing to change, for the recipe has
    /// then moved away from its test.
    private static func text(_ name: String, _ changes: KeyValuePairs<String, String>) throws -> String {
        var text = try String(contentsOf: recipes.appending(path: name), encoding: .utf8)
        for (from, to) in changes {
            try #require(text.contains(from), "\(name) has no \(from)")
            text = text.replacing(from, with: to)
        }
        return text
    }

    /// What a command prints; throws where it fails.
    @discardableResult
    static func run(_ path: String, _ arguments: [String]) throws -> String {
        let process = Process()
        let (output, fault) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = fault
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = fault.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CommandFailed(
                status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
                complaint: String(decoding: complaint, as: UTF8.self))
        }
        return String(decoding: text, as: UTF8.self)
    }
}

struct CommandFailed: Error {
    let status: Int32
    let output: String
    let complaint: String
}

extension MQTTClient {
    /// Started and connected.
    func connected() async throws -> MQTTClient {
        try start()
        try await waitForConnection()
        return self
    }

    func isAllowed(toPublish topic: String, retain: Bool = false) async throws -> Bool {
        do {
            try await publish(MQTTMessage(topic: topic, text: topic, retain: retain))
            return true
        } catch  where error.kind == .refused { return false }
    }

    /// The topics of what arrives, up to `last`.
    func topics(until last: String) async -> [String] {
        var topics: [String] = []
        for await message in messages {
            topics.append(message.topic)
            if message.topic == last { break }
        }
        return topics
    }
}
