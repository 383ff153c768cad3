import Foundation
import MQTT
import Runtime
import Synchronization
import TestSupport
import Testing

/// deploy/broker/mosquitto.conf and acl, on a real mosquitto.
@Suite(.waiting)
struct BrokerRecipeTests {
    private static let village = "32/3205/320583/320583102/320583102201"
    private static let own = "\(village)/003/02"
    private static let neighbour = "\(village)/004/01"
    private static let passwords = [
        "county-screen": "p1", "grid-screen-003": "p2", "grid-worker-003": "p3", "county-desk": "p4",
        "traffic-police": "p5",
    ]

    private let broker: RecipeBroker

    init() throws {
        let certificates = try Certificates()
        try certificates.makeServer("broker")
        for name in ["edge-01", "edge-02"] { try certificates.makeClient(name) }
        broker = try RecipeBroker(certificates: certificates, passwords: Self.passwords)
    }

    private func person(_ name: String, subscribedTo filter: String) async throws -> MQTTClient {
        let client = try await broker.person(name, Secret(Self.passwords[name] ?? "")).connected()
        try await client.subscribe(filter)
        return client
    }

    @Test func `nobody is anonymous, and a password is checked`() async throws {
        for (name, password) in [(nil, nil), ("county-screen", "wrong"), ("nobody", "p1")] as [(String?, Secret?)] {
            let client = broker.person(name, password)
            try client.start()
            let error = await #expect(throws: MQTTError.self) { try await client.waitForConnection() }
            #expect(error?.kind == .refused)
            await client.close()
        }
    }

    @Test func `a machine needs a certificate, and is who its certificate says`() async throws {
        let bare = broker.machine(nil)
        try bare.start()
        for await connection in bare.connections() {
            guard case .down(let error) = connection else { continue }
            #expect(error.cause == "the broker demands a certificate of this site")
            break
        }
        await bare.close()

        let impostor = try await broker.machine("edge-01", claiming: "county-desk").connected()
        #expect(try await impostor.isAllowed(toPublish: "mg/v1/alert/\(Self.own)/parking.motor"))
        #expect(try await !impostor.isAllowed(toPublish: "mg/v1/command/\(Self.own)/_/edge-01"))
        await impostor.close()
    }

    @Test func `a site writes its own topics and nothing else`() async throws {
        let edge = try await broker.machine("edge-01").connected()
        for topic in [
            "alert/\(Self.own)/parking.motor", "open/\(Self.own)/parking.motor/i",
            "evidence/\(Self.own)/parking.motor/i/s",
            "camera/\(Self.own)/_/cam-01", "site/\(Self.own)/_/edge-01", "reply/\(Self.own)/_/edge-01",
        ] {
            #expect(try await edge.isAllowed(toPublish: "mg/v1/\(topic)"), "\(topic)")
        }
        for topic in [
            "mg/v1/alert/\(Self.neighbour)/parking.motor", "mg/v1/open/\(Self.neighbour)/parking.motor/i",
            "mg/v1/evidence/\(Self.neighbour)/parking.motor/i/s", "mg/v1/camera/\(Self.neighbour)/_/cam-01",
            "mg/v1/site/\(Self.neighbour)/_/edge-02", "mg/v1/site/\(Self.own)/_/edge-02",
            "mg/v1/reply/\(Self.own)/_/edge-02", "mg/v1/review/\(Self.own)/_/edge-01",
            "mg/v1/command/\(Self.own)/_/edge-01", "mg/v1/alert/32/parking.motor", "other", "mg/v2/alert/\(Self.own)/x",
        ] {
            #expect(try await !edge.isAllowed(toPublish: topic), "\(topic)")
        }
        await edge.close()
    }

    @Test func `a site reads what is addressed to it, and its own open incidents`() async throws {
        let edge = try await broker.machine("edge-01").connected()
        try await edge.subscribe("#")
        let other = try await broker.machine("edge-02").connected()
        let desk = try await person("county-desk", subscribedTo: "none")
        for topic in [
            "mg/v1/command/\(Self.neighbour)/_/edge-02", "mg/v1/review/\(Self.neighbour)/_/edge-02",
            "mg/v1/command/\(Self.own)/_/edge-02", "mg/v1/review/\(Self.own)/_/edge-01",
            "mg/v1/command/\(Self.own)/_/edge-01",
        ] {
            #expect(try await desk.isAllowed(toPublish: topic))
        }
        #expect(try await other.isAllowed(toPublish: "mg/v1/open/\(Self.neighbour)/parking.motor/i"))
        #expect(try await edge.isAllowed(toPublish: "mg/v1/alert/\(Self.own)/parking.motor"))
        let last = "mg/v1/open/\(Self.own)/parking.motor/i"
        #expect(try await edge.isAllowed(toPublish: last))
        #expect(
            await edge.topics(until: last)
                == ["mg/v1/review/\(Self.own)/_/edge-01", "mg/v1/command/\(Self.own)/_/edge-01", last])
        for client in [edge, other, desk] { await client.close() }
    }

    @Test func `a grid sees itself, its county sees both, a department sees its kind`() async throws {
        let grid = try await person("grid-screen-003", subscribedTo: "mg/v1/#")
        let county = try await person("county-screen", subscribedTo: "mg/v1/alert/32/3205/320583/#")
        let police = try await person("traffic-police", subscribedTo: "#")
        let first = try await broker.machine("edge-01").connected()
        let second = try await broker.machine("edge-02").connected()
        #expect(try await second.isAllowed(toPublish: "mg/v1/alert/\(Self.neighbour)/parking.motor"))
        #expect(try await first.isAllowed(toPublish: "mg/v1/alert/\(Self.own)/fire.smoke"))
        #expect(try await first.isAllowed(toPublish: "mg/v1/alert/\(Self.own)/parking.motor"))
        let (theirs, smoke, last) = (
            "mg/v1/alert/\(Self.neighbour)/parking.motor", "mg/v1/alert/\(Self.own)/fire.smoke",
            "mg/v1/alert/\(Self.own)/parking.motor"
        )
        #expect(await grid.topics(until: last) == [smoke, last])
        #expect(await county.topics(until: last) == [theirs, smoke, last])
        #expect(await police.topics(until: last) == [theirs, last])
        for client in [grid, county, police, first, second] { await client.close() }
    }

    @Test func `who looks does not write, who reviews gives no commands`() async throws {
        let (review, command) = ("mg/v1/review/\(Self.own)/_/edge-01", "mg/v1/command/\(Self.own)/_/edge-01")
        for (name, mayReview, mayCommand) in [
            ("county-screen", false, false), ("traffic-police", false, false), ("grid-worker-003", true, false),
            ("county-desk", true, true),
        ] {
            let client = try await person(name, subscribedTo: "none")
            #expect(try await client.isAllowed(toPublish: review) == mayReview, "\(name)")
            #expect(try await client.isAllowed(toPublish: command) == mayCommand, "\(name)")
            #expect(try await !client.isAllowed(toPublish: "mg/v1/alert/\(Self.own)/parking.motor"), "\(name)")
            await client.close()
        }
        let worker = try await person("grid-worker-003", subscribedTo: "none")
        #expect(try await !worker.isAllowed(toPublish: "mg/v1/review/\(Self.neighbour)/_/edge-02"))
        await worker.close()
    }

    @Test func `what is retained waits for a screen, after a restart of the broker too`() async throws {
        let edge = try await broker.machine("edge-01").connected()
        let topic = "mg/v1/open/\(Self.own)/parking.motor/i"
        #expect(try await edge.isAllowed(toPublish: topic, retain: true))
        await edge.close()
        broker.broker.end()
        try broker.broker.start()
        let screen = try await person("grid-screen-003", subscribedTo: "mg/v1/open/#")
        #expect(await screen.topics(until: topic) == [topic])
        await screen.close()
    }

    /// Who took which message.
    private final class Tally: Sendable {
        private let taken = Mutex<[(index: Int, topic: String)]>([])

        /// The number of all messages so far.
        func add(_ topic: String, of index: Int) -> Int {
            taken.withLock {
                $0.append((index, topic))
                return $0.count
            }
        }

        func topics(of index: Int) -> [String] { taken.withLock { $0.filter { $0.index == index }.map(\.topic) } }
    }

    @Test func `programs that share a subscription share the work`() async throws {
        let filter = "$share/desk/mg/v1/alert/32/3205/320583/#"
        let halves = [
            try await person("county-desk", subscribedTo: filter),
            try await person("county-desk", subscribedTo: filter),
        ]
        let edge = try await broker.machine("edge-01").connected()
        for number in 0..<20 {
            #expect(try await edge.isAllowed(toPublish: "mg/v1/alert/\(Self.own)/kind-\(number)"))
        }
        let tally = Tally()
        await withTaskGroup(of: Void.self) { group in
            for (index, half) in halves.enumerated() {
                group.addTask {
                    for await message in half.messages where tally.add(message.topic, of: index) == 20 {
                        for half in halves { await half.close() }
                    }
                }
            }
        }
        let counts = [tally.topics(of: 0), tally.topics(of: 1)]
        #expect(counts.allSatisfy { !$0.isEmpty })
        #expect(counts.flatMap { $0 }.sorted() == (0..<20).map { "mg/v1/alert/\(Self.own)/kind-\($0)" }.sorted())
        await edge.close()
    }

    @Test func `a browser's websocket is let in with a password and sees its area`() async throws {
        let script = """
            import sys, paho.mqtt.client as mqtt
            port, authority, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]
            client = mqtt.Client(transport="websockets")
            client.username_pw_set("grid-screen-003", password)
            client.tls_set(authority)
            def connected(client, data, flags, code):
                print("connected", code, flush=True)
                if code: client.disconnect()
                else: client.subscribe("mg/v1/#", 1)
            def message(client, data, message):
                print(message.topic, flush=True)
                client.disconnect()
            client.on_connect, client.on_message = connected, message
            client.on_subscribe = lambda *_: print("subscribed", flush=True)
            # A broker gives up a handshake that a busy machine draws out.
            for attempt in range(10):
                try:
                    client.connect("127.0.0.1", port)
                    break
                except (OSError, ValueError):
                    if attempt == 9: raise
            client.loop_forever()
            """
        let refused = try RecipeBroker.run(
            "/usr/bin/python3", ["-c", script, "\(broker.ports[2])", broker.certificates.authority, "wrong"])
        #expect(refused == "connected 5\n")

        let edge = try await broker.machine("edge-01").connected()
        let other = try await broker.machine("edge-02").connected()
        let retained = "mg/v1/open/\(Self.own)/parking.motor/i"
        #expect(
            try await other.isAllowed(toPublish: "mg/v1/open/\(Self.neighbour)/parking.motor/i", retain: true))
        #expect(try await edge.isAllowed(toPublish: retained, retain: true))
        let seen = try RecipeBroker.run(
            "/usr/bin/python3", ["-c", script, "\(broker.ports[2])", broker.certificates.authority, "p2"])
        #expect(seen.split(separator: "\n").map(String.init) == ["connected 0", "subscribed", retained])
        for client in [edge, other] { await client.close() }
    }

    @Test func `the access list is what its script prints`() throws {
        let text = try String(contentsOf: RecipeBroker.recipes.appending(path: "acl"), encoding: .utf8)
        let blocks = text.split(separator: "\n\n").dropFirst()
        #expect(blocks.count == 10)
        for block in blocks {
            let lines = block.split(separator: "\n")
            let arguments = try #require(lines.first).split(separator: " ").dropFirst(2).map(String.init)
            let printed = try RecipeBroker.run(RecipeBroker.recipes.appending(path: "acl.sh").path, arguments)
            #expect(printed.split(separator: "\n") == Array(lines.dropFirst()))
        }
    }

    @Test(arguments: [
        ["viewer", "u", "3205831"], ["viewer", "u", "#"], ["viewer", "u", "320583/003"], ["viewer", "u+", "32"],
        ["viewer", "u\nuser admin", "32"], ["edge", "u", "s", "320583102201"], ["king", "u", "32"],
        ["edge", "u", "+", "320583102201/003/02"], ["department", "u", "320583", "#"],
        ["cases", "u", "320583", "+"], ["cases", "u", "320583"], ["viewer", "u\"", "32"],
    ])
    func `the script prints nothing for what is no area, place or user`(arguments: [String]) throws {
        let error = #expect(throws: CommandFailed.self) {
            try RecipeBroker.run(RecipeBroker.recipes.appending(path: "acl.sh").path, arguments)
        }
        #expect(error?.status == 64 && error?.output == "")
    }
}
