import Foundation
import MQTT
import Runtime
import TestSupport
import Testing

/// deploy/broker/nats, on three real nats-server: only folders, names and ports of the files are exchanged.
@Suite(.waiting(minutes: 3))
struct NATSRecipeTests {
    private static let own = "32/3205/320583/320583102/320583102201/003/02"
    private static let neighbour = "32/3205/320583/320583102/320583102201/004/01"

    private let certificates: Certificates
    private let cluster: NATSCluster

    init() throws {
        let certificates = try Certificates()
        self.certificates = certificates
        for number in 1...3 { try certificates.makeNode("nats-\(number)") }
        let recipe = RecipeBroker.recipes.appending(path: "nats")
        let nodes = try String(contentsOf: recipe.appending(path: "nats.conf"), encoding: .utf8)
        let users = try String(contentsOf: recipe.appending(path: "users.conf"), encoding: .utf8)
        try #require(nodes.contains("include nats/gridwarden/users.conf"))
        let script = "import crypt; print(crypt.crypt('p', '$2a$04$' + 'a' * 22), end='')"
        let hash = try RecipeBroker.run("/usr/bin/python3", ["-W", "ignore", "-c", script])
        try #require(hash.hasPrefix("$2a$"))
        cluster = try NATSCluster { node in
            try users.replacing("\"PASSWORD\"", with: "\"\(hash)\"").write(
                to: node.folder.appending(path: "users.conf"), atomically: true, encoding: .utf8)
            return try node.localised(nodes, certificates: certificates)
                .replacing("include nats/gridwarden/users.conf", with: "include users.conf")
        }
    }

    private func client(_ user: String, _ password: Secret = "p", node: Int) -> MQTTClient {
        var settings = MQTTSettings(
            host: "127.0.0.1", port: cluster.ports[node], clientID: "c-\(UUID().uuidString)", username: user,
            password: password, keepAlive: 5, version: .v311, tls: .init(authorities: certificates.authority))
        settings.shortestWait = 0.1
        settings.longestWait = 0.3
        return MQTTClient(settings)
    }

    private func isGranted(_ client: MQTTClient, _ filter: String) async throws -> Bool {
        do {
            try await client.subscribe(filter)
            return true
        } catch  where error.kind == .refused { return false }
    }

    @Test func `each sees and writes its own area, at whichever node, and no more`() async throws {
        let wrong = client("county-screen", "wrong", node: 0)
        try wrong.start()
        let refusal = await #expect(throws: MQTTError.self) { try await wrong.waitForConnection() }
        #expect(refusal?.kind == .refused)
        await wrong.close()

        let edge = try await client("edge-01", node: 0).connected()
        let second = try await client("edge-02", node: 1).connected()
        let county = try await client("county-screen", node: 2).connected()
        let grid = try await client("grid-screen-003", node: 1).connected()
        let police = try await client("traffic-police", node: 2).connected()
        let worker = try await client("grid-worker-003", node: 2).connected()
        for (client, filter, isGranted) in [
            (county, "mg/v1/alert/32/3205/320583/#", true), (county, "mg/v1/alert/32/3205/#", false),
            (county, "#", false), (county, "$MQTT/#", false), (county, "$MQTT/sub/#", false),
            (grid, "mg/v1/alert/32/3205/320583/320583102/320583102201/003/#", true),
            (grid, "mg/v1/alert/32/3205/320583/#", false),
            (police, "mg/v1/alert/32/3205/320583/+/+/+/+/parking_motor", true),
            (police, "mg/v1/alert/32/3205/320583/#", false),
            (edge, "mg/v1/review/\(Self.own)/_/edge-01", true), (edge, "mg/v1/open/\(Self.own)/+/+", true),
            (edge, "mg/v1/review/\(Self.neighbour)/_/edge-02", false),
            (second, "mg/v1/review/\(Self.neighbour)/_/edge-02", true),
        ] { #expect(try await self.isGranted(client, filter) == isGranted, "\(filter)") }

        // What is forbidden is acknowledged and dropped.
        try await edge.publish(MQTTMessage(topic: "mg/v1/alert/\(Self.neighbour)/parking_motor", text: "forged"))
        try await county.publish(MQTTMessage(topic: "mg/v1/alert/\(Self.own)/parking_motor", text: "forged"))
        try await worker.publish(MQTTMessage(topic: "mg/v1/review/\(Self.neighbour)/_/edge-02", text: "forged"))
        try await worker.publish(MQTTMessage(topic: "mg/v1/review/\(Self.own)/_/edge-01", text: "review"))
        try await second.publish(MQTTMessage(topic: "mg/v1/alert/\(Self.neighbour)/env_burning", text: "theirs"))
        try await edge.publish(MQTTMessage(topic: "mg/v1/alert/\(Self.own)/parking_motor", text: "ours"))
        for (client, count) in [(county, 2), (grid, 1), (police, 1), (edge, 1)] {
            var texts: [String] = []
            for await message in client.messages {
                texts.append(String(decoding: message.payload, as: UTF8.self))
                if texts.count == count { break }
            }
            #expect(!texts.contains("forged"), "\(texts)")
        }
        #expect(cluster.log.contains("Publish Violation"))
        for client in [edge, second, county, grid, police, worker] { await client.close() }
    }

    @Test func `the lines of the users are those that the script prints`() throws {
        let lines = try String(contentsOf: RecipeBroker.recipes.appending(path: "nats/users.conf"), encoding: .utf8)
            .split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        let commands = lines.indices.filter { lines[$0].hasPrefix("# acl.sh ") }
        #expect(commands.count == 9)
        for index in commands {
            let words = lines[index].dropFirst("# acl.sh ".count).split(separator: " ").map(String.init)
            let printed = try RecipeBroker.run(
                "/usr/bin/env",
                ["FORM=nats", "PASSWORD=PASSWORD", RecipeBroker.recipes.appending(path: "acl.sh").path] + words)
            #expect(printed == lines[index + 1] + "\n")
        }
    }
}
