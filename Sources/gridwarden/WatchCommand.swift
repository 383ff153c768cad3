import ArgumentParser
import Contract
import Domain
import Foundation
import MQTT
import Runtime

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Subscribes to alerts and prints them.",
        discussion: """
            Subscribes to one area, to one kind in an area, or to any filter. Alerts are shown once each by their id.
            Says on standard error when a site of the area goes offline, and when one is lost: it let the time pass that
            it had named for its next report.
            Stops with control-C, after --count alerts, or after --timeout seconds (exit code 1 if --count was not
            reached).
            """)

    @Option(help: "The broker's host.") var host = "127.0.0.1"
    @Option(help: "The broker's port.") var port = 1883
    @Option(help: "Area code, 2 to 12 digits: province, city, county, township or village.") var area: String?
    @Option(help: "One kind of alert, e.g. parking.motor.") var kind: String?
    @Option(help: "A topic filter, in place of --area and --kind.") var filter: String?
    @Option(help: "Root of the topics.") var root = "mg/v1"
    @Flag(help: "Kinds stand in topics with an underscore (parking_motor): the sites have topic_kind: underscored.")
    var underscored = false
    @Option(help: "User name at the broker.") var username: String?
    @Option(help: "File that holds the password.") var passwordFile: String?
    @Option(help: "PEM file of the authority that signed the broker's certificate; turns TLS on.") var caFile: String?
    @Flag(
        name: .customLong("mqtt3"),
        help: "Speak MQTT 3.1.1 alone; otherwise 5, or 3.1.1 where the broker does not take that.") var isOld = false
    @Flag(help: "Print each message as one line of JSON.") var json = false
    @Flag(help: "Show Chinese names.") var zh = false
    @Option(help: "Stop after so many alerts.") var count: Int?
    @Option(help: "Stop after so many seconds.") var timeout: Double?
    @Option(help: "Folder of the evidence, to print whole paths.") var evidence: String?

    func validate() throws {
        guard (1...65_535).contains(port) else { throw ValidationError("--port takes 1 to 65535") }
        if let count, count < 1 { throw ValidationError("--count takes 1 and more") }
        if let timeout, timeout <= 0 { throw ValidationError("--timeout takes more than 0 seconds") }
        _ = try subscription()
    }

    func run() async throws {
        let client = MQTTClient(try settings())
        let filter = try subscription()
        try client.start()
        let reached = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { try await show(client, filter) }
            if let timeout {
                group.addTask {
                    try await Task.sleep(for: .seconds(timeout))
                    return false
                }
            }
            let first = try await group.next() ?? false
            group.cancelAll()
            return first
        }
        await client.close()
        if !reached, count != nil { throw ExitCode.failure }
    }

    /// True once `count` alerts were printed.
    private func show(_ client: MQTTClient, _ filter: String) async throws -> Bool {
        let connections = Task { try await subscribe(client, filter) }
        defer { connections.cancel() }
        let sites = SiteNotes()
        let looking = Task {
            var wasConnected = false
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(5))
                // Without a connection the state is unknown; after a new one retained messages arrive first.
                let isConnected = client.isConnected
                if isConnected, wasConnected { sites.look() }
                wasConnected = isConnected
            }
        }
        defer { looking.cancel() }
        var seen = Set<String>()
        var shown = 0
        for await message in client.messages {
            guard let event = try? AlertEvent(json: Data(message.payload)) else {
                sites.take(message)
                continue
            }
            // Our ids have 36 characters; anything else from a broker must not fill the memory.
            if seen.count == 100_000 { seen = [] }
            guard event.id.utf8.count <= 64, seen.insert(event.id).inserted else { continue }
            if json {
                print(String(decoding: message.payload, as: UTF8.self))
            } else {
                print(AlertText.text(event, chinese: zh, evidence: evidence))
            }
            fflush(nil)
            shown += 1
            if let count, shown >= count { return true }
        }
        return false
    }

    /// Renews the subscription with each connection.
    private func subscribe(_ client: MQTTClient, _ filter: String) async throws {
        for await connection in client.connections() {
            switch connection {
            case .connecting: break
            case .up:
                do {
                    try await client.subscribe(filter)
                    note("watching \(filter) at \(host):\(port)")
                    if let states = try siteFilter() { try await client.subscribe(states) }
                } catch { note("\(error)") }
            case .down(let error): note("no connection: \(error)")
            }
        }
    }

    private var topics: AlertTopics { AlertTopics(root: root, kinds: underscored ? .underscored : .dotted) }

    /// The states of the area's sites; nil where no area was given.
    private func siteFilter() throws -> String? {
        filter == nil ? topics.filter(.site, area: try area.map { try AreaCode($0) }) : nil
    }

    private func subscription() throws -> String {
        if let filter { return filter }
        do {
            let code = try area.map { try AreaCode($0) }
            if let kind { return topics.filter(kind: AlertKind(rawValue: kind), area: code) }
            return topics.filter(.alert, area: code)
        } catch { throw ValidationError("\(error)") }
    }

    private func settings() throws -> MQTTSettings {
        var password: Secret?
        if let passwordFile {
            guard let text = try? String(contentsOfFile: passwordFile, encoding: .utf8) else {
                throw ValidationError("could not read the password file \(passwordFile); check the path and its rights")
            }
            password = Secret(text.trimmingCharacters(in: .newlines))
        }
        return MQTTSettings(
            host: host, port: port, clientID: "gridwarden-watch-\(UUID().uuidString.prefix(8).lowercased())",
            username: username, password: password, version: isOld ? .v311 : nil,
            tls: caFile.map { MQTTSettings.TLS(authorities: $0) })
    }

    private func note(_ text: String) { Console.complain("gridwarden: \(text)") }
}

/// An alert as text for people.
enum AlertText {
    static func text(_ event: AlertEvent, chinese: Bool, evidence: String?) -> String {
        let data = event.data
        let name = chinese ? data.name.zh : data.name.en
        let department = chinese ? data.department.name.zh : data.department.name.en
        var lines = [
            "[\(data.incident.state.uppercased())] \(name) (\(data.kind)), severity \(data.severity)",
            "  place     \(data.camera.name) (\(data.camera.id)), zone \(data.zone.name), "
                + "area \(data.area.code) grid \(data.area.grid)/\(data.area.microgrid)",
            "  seen      \(data.observed.firstSeen) … \(data.observed.lastSeen), "
                + "\(number(data.observed.dwellSeconds)) s of \(number(data.observed.thresholdSeconds)) s allowed",
            "  object    \(data.object.class), confidence \(number(data.object.confidence))",
            "  send to   \(department)",
            "  incident  \(data.incident.id) revision \(data.incident.revision), "
                + "message \(event.sequence.drop { $0 == "0" })",
        ]
        for reason in data.why {
            lines.append("  why       \(reason.at) \(reason.what)" + (reason.score.map { " (\(number($0)))" } ?? ""))
        }
        for image in data.evidence {
            let file = image.file ?? image.sha256
            let path = evidence.map { URL(filePath: $0).appending(path: file).path } ?? file
            lines.append("  evidence  \(image.role): \(path)")
        }
        return lines.map(plain).joined(separator: "\n")
    }

    /// Without characters that a terminal interprets: anyone whom the broker lets publish may write into a name.
    static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
    }

    private static func number(_ value: Double) -> String {
        Int(exactly: value).map(String.init) ?? String(format: "%.2f", value)
    }
}
