import Delivery
import Domain
import Foundation
import TestSupport
import Testing

@testable import Contract
@testable import MQTT
@testable import Store

/// Certificates made for the test, on a real broker.
@Suite(.waiting) struct TLSTests {
    private let certificates: Certificates

    init() throws {
        certificates = try Certificates()
        try certificates.makeServer("broker")
    }

    private func broker(server: String = "broker", demandsCertificate: Bool = false) throws -> Broker {
        var lines = ["certfile \(certificates.certificate(server))", "keyfile \(certificates.key(server))"]
        if demandsCertificate { lines += ["cafile \(certificates.authority)", "require_certificate true"] }
        return try Broker(lines: lines)
    }

    private func client(
        _ port: Int, host: String = "127.0.0.1", authority: String? = nil, own: String? = nil, key: String? = nil,
        change: (inout MQTTSettings) -> Void = { _ in }
    ) -> MQTTClient {
        var settings = MQTTSettings(
            host: host, port: port, clientID: "c-\(UUID().uuidString)", keepAlive: 5,
            tls: .init(
                authorities: authority ?? certificates.authority, certificate: own.map(certificates.certificate),
                key: (key ?? own).map(certificates.key)))
        settings.shortestWait = 0.1
        settings.longestWait = 0.2
        change(&settings)
        return MQTTClient(settings)
    }

    /// The first reason for which there is no connection.
    ///
    /// - Parameter passing: reasons to be passed over.
    private func refusal(
        _ client: MQTTClient, passing: (MQTTError) -> Bool = { _ in false }
    ) async throws -> MQTTError {
        try client.start()
        for await connection in client.connections() {
            if case .down(let error) = connection, !passing(error) {
                await client.close()
                return error
            }
            if case .up = connection, try await stays(client) { break }
        }
        await client.close()
        throw Unexpected()
    }

    /// Where the broker hangs up while we are writing, its word is lost, and the next attempt may hear it.
    private func isWordLost(_ error: MQTTError) -> Bool {
        error.cause == "the broker closed the connection without an answer"
    }

    private struct Unexpected: Error {}

    @Test
    func `a broker is known by the name of the address that is tried, also where others before it are dead`()
        async throws
    {
        try certificates.makeServer("named", hosts: ["localhost"])
        let broker = try broker(server: "named")
        let dead = try FreePort.tcp()
        // Where localhost is ::1 first, that address of it is dead too: the broker listens on the other one.
        for addresses in [["localhost"], ["127.0.0.1", "localhost"], ["localhost", "localhost"]] {
            try await expectConnection(
                client(broker.port) { settings in
                    settings.addresses = addresses.enumerated().map { index, host in
                        .init(host: host, port: index + 1 == addresses.count ? broker.port : dead)
                    }
                })
        }
        let wrong = client(broker.port) {
            $0.addresses = [.init(host: "localhost", port: dead), .init(host: "127.0.0.1", port: broker.port)]
        }
        let error = try await refusal(wrong) { $0.operation.hasSuffix(":\(dead)") }
        #expect(error.operation.hasSuffix("127.0.0.1:\(broker.port)") && error.cause.contains("127.0.0.1"), "\(error)")
    }

    /// With TLS 1.3 a broker looks at our certificate only after the handshake has ended for us.
    private func stays(_ client: MQTTClient) async throws -> Bool {
        (try? await client.publish(MQTTMessage(topic: "a", text: "b"))) != nil
    }

    private func expectConnection(_ client: MQTTClient) async throws {
        try client.start()
        try await client.waitForConnection()
        try await client.publish(MQTTMessage(topic: "a", text: "b"))
        await client.close()
    }

    @Test
    func `an authority of one's own is trusted, and no other`() async throws {
        let broker = try broker()
        try await expectConnection(client(broker.port))
        let strangers = try Certificates()
        let error = try await refusal(client(broker.port, authority: strangers.authority))
        #expect(error.cause == "the broker's certificate is not signed by an authority in ca_file")
        #expect(error.operation == "connect to the broker 127.0.0.1:\(broker.port)", "the handshake belongs to it")
        #expect(error.kind == .disconnected)
    }

    /// `issuing`, which the test's authority has signed, and `below`, a broker's certificate that `issuing` has signed.
    private func makeIssuingAuthority() throws {
        let folder = certificates.directory
        try "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n".write(
            to: folder.appending(path: "authority.ext"), atomically: true, encoding: .utf8)
        try "subjectAltName=IP:127.0.0.1\n".write(
            to: folder.appending(path: "broker.ext"), atomically: true, encoding: .utf8)
        for (name, signer, kind) in [("issuing", "ca", "authority"), ("below", "issuing", "broker")] {
            let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(name).key"]
            try openssl(["req"] + key + ["-subj", "/CN=\(name)", "-out", "\(name).csr"])
            try openssl([
                "x509", "-req", "-in", "\(name).csr", "-CA", "\(signer).crt", "-CAkey", "\(signer).key",
                "-set_serial", "7", "-days", "30", "-extfile", "\(kind).ext", "-out", "\(name).crt",
            ])
        }
    }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = certificates.directory
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    @Test
    func `the authority that signed the broker's certificate is enough, whoever signed that authority`() async throws {
        try makeIssuingAuthority()
        let alone = try broker(server: "below")
        try await expectConnection(client(alone.port, authority: certificates.certificate("issuing")))
        let error = try await refusal(client(alone.port))
        #expect(error.cause == "the broker's certificate is not signed by an authority in ca_file")

        // A broker that shows the whole chain is trusted by either end of it, and by no other.
        let chain = try ["below", "issuing"].map {
            try String(contentsOfFile: certificates.certificate($0), encoding: .utf8)
        }
        try chain.joined().write(toFile: certificates.certificate("chain"), atomically: true, encoding: .utf8)
        try FileManager.default.copyItem(atPath: certificates.key("below"), toPath: certificates.key("chain"))
        let whole = try broker(server: "chain")
        for authority in [certificates.certificate("issuing"), certificates.authority] {
            try await expectConnection(client(whole.port, authority: authority))
        }
        let strangers = try Certificates()
        let stranger = try await refusal(client(whole.port, authority: strangers.authority))
        #expect(stranger.cause == "the broker's certificate is not signed by an authority in ca_file")
    }

    @Test
    func `of several brokers each is held to its own name, and the first that answers and proves itself is taken`()
        async throws
    {
        try certificates.makeServer("elsewhere", hosts: ["broker.example"])
        let strangers = try Certificates()
        try strangers.makeServer("broker")
        let (dead, silent) = (try FreePort.tcp(), try SilentServer())
        let foreign = try Broker(lines: [
            "certfile \(strangers.certificate("broker"))", "keyfile \(strangers.key("broker"))",
        ])
        let (misnamed, plain, good) = (try broker(server: "elsewhere"), try Broker(), try broker())
        let ports = [dead, silent.port, foreign.port, misnamed.port, plain.port, good.port]
        let client = client(dead) {
            $0.addresses = ports.map { .init(host: "127.0.0.1", port: $0) }
            $0.connectTimeout = 1
        }
        try client.start()
        #expect(try await eventually { client.link?.address == "127.0.0.1:\(good.port)" })
        try await client.publish(MQTTMessage(topic: "a", text: "b"))
        #expect(client.certificates().map(\.role) == [.broker, .authority])
        await client.close()
    }

    @Test
    func `a certificate for another host is refused`() async throws {
        try certificates.makeServer("elsewhere", hosts: ["broker.example", "192.0.2.1"])
        let broker = try broker(server: "elsewhere")
        let error = try await refusal(client(broker.port))
        #expect(error.cause == "the broker's certificate is for another host than 127.0.0.1")
    }

    @Test
    func `a host name is checked as a name, not as its address`() async throws {
        try certificates.makeServer("named", hosts: ["localhost"])
        let broker = try broker(server: "named")
        try await expectConnection(client(broker.port, host: "localhost"))
        let error = try await refusal(client(broker.port))
        #expect(error.cause == "the broker's certificate is for another host than 127.0.0.1")
    }

    @Test
    func `an expired certificate of the broker is named with its end`() async throws {
        try certificates.makeServer("old", days: -1)
        let broker = try broker(server: "old")
        let error = try await refusal(client(broker.port))
        #expect(error.cause.hasPrefix("the broker's certificate has expired on 20"))
        #expect(error.remedy == "renew it there, and check this machine's clock")
    }

    @Test
    func `a broker that demands a certificate gets this site's`() async throws {
        try certificates.makeClient("edge-01")
        let broker = try broker(demandsCertificate: true)
        try await expectConnection(client(broker.port, own: "edge-01"))
        let error = try await refusal(client(broker.port)) { error in
            guard isWordLost(error) else { return false }
            #expect(error.remedy?.contains("whether the broker demands a certificate of this site") == true)
            return true
        }
        #expect(error.cause == "the broker demands a certificate of this site")
        #expect(error.remedy == "give certificate_file and key_file")
    }

    @Test
    func `this site's certificate is refused clearly where it has expired or a stranger signed it`() async throws {
        try certificates.makeClient("old", days: -1)
        let broker = try broker(demandsCertificate: true)
        let expired = try await refusal(client(broker.port, own: "old"), passing: isWordLost)
        #expect(expired.cause == "the broker says that this site's certificate has expired")
        #expect(expired.remedy == "renew certificate_file")

        let strangers = try Certificates()
        try strangers.makeClient("edge-01")
        let settings = MQTTSettings(
            host: "127.0.0.1", port: broker.port, clientID: "c",
            tls: .init(
                authorities: certificates.authority, certificate: strangers.certificate("edge-01"),
                key: strangers.key("edge-01")))
        let foreign = try await refusal(MQTTClient(settings), passing: isWordLost)
        #expect(foreign.cause == "the broker does not accept this site's certificate")
    }

    @Test
    func `a port without TLS is told from a wrong certificate`() async throws {
        let broker = try Broker()
        let error = try await refusal(client(broker.port))
        #expect(!error.description.contains("certificate is"))
        #expect(error.description.contains("port"))
    }

    @Test
    func `a broker that goes away is no fault of TLS`() async throws {
        let broker = try broker()
        let client = client(broker.port)
        try client.start()
        try await client.waitForConnection()
        broker.stop()
        for await connection in client.connections() {
            guard case .down(let error) = connection else { continue }
            #expect(!error.description.contains("TLS"))
            break
        }
        await client.close()
    }

    @Test(arguments: ["nothing", "text", "key of another", "passphrase", "certificate as key"])
    func `files that can never work are found at the start`(fault: String) throws {
        let folder = try TemporaryFolder()
        let text = folder.file("text").path
        try Data("-----BEGIN NONSENSE-----\n".utf8).write(to: folder.file("text"))
        try certificates.makeClient("edge-01")
        try certificates.makeClient("edge-02")
        let own = certificates.certificate("edge-01")
        let (tls, cause): (MQTTSettings.TLS, String) =
            switch fault {
            case "nothing": (.init(authorities: "/nonexistent/ca.pem"), "it is not there or may not be read")
            case "text": (.init(authorities: text), "it holds no certificate")
            case "key of another":
                (
                    .init(authorities: certificates.authority, certificate: own, key: certificates.key("edge-02")),
                    "it is not the key of the certificate in \(own)"
                )
            case "passphrase":
                (
                    .init(authorities: certificates.authority, certificate: own, key: try locked(folder)),
                    "it holds no key that can be used without a passphrase"
                )
            default:
                (
                    .init(authorities: certificates.authority, certificate: own, key: own),
                    "it holds no key that can be used without a passphrase"
                )
            }
        let client = MQTTClient(MQTTSettings(host: "127.0.0.1", port: 8883, clientID: "c", tls: tls))
        let error = #expect(throws: MQTTError.self) { try client.start() }
        #expect(error?.kind == .settings)
        #expect(error?.cause == cause)
    }

    private func locked(_ folder: TemporaryFolder) throws -> String {
        let path = folder.file("locked.key").path
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "pkey", "-in", certificates.key("edge-01"), "-aes256", "-passout", "pass:open", "-out", path,
        ]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return path
    }

    @Test
    func `the site's state says until when the certificates hold`() async throws {
        let fixtures = try Fixtures()
        let folder = try TemporaryFolder()
        try certificates.makeClient("edge-01", days: 20)
        let broker = try broker(demandsCertificate: true)
        let screen = client(broker.port, own: "edge-01")
        try screen.start()
        try await screen.waitForConnection()
        try await screen.subscribe(fixtures.topics.filter(.site))
        let publisher = fixtures.publisher(try Outbox(file: folder.file("outbox.sqlite")), port: broker.port) {
            $0.tls = .init(
                authorities: certificates.authority, certificate: certificates.certificate("edge-01"),
                key: certificates.key("edge-01"))
        }
        let run = Task { try await publisher.run() }
        var reports: [SiteReport] = []
        for await message in screen.messages {
            reports.append(try SiteReport(json: Data(message.payload)))
            if reports.count == 1 { await publisher.refreshSite() } else { break }
        }
        for report in reports {
            let held = try #require(report.certificates)
            #expect(held.map(\.role) == [.client, .broker, .authority])
            #expect(held.map(\.daysLeft) == [19, 396, 3649])
            #expect(held.allSatisfy { RFC3339.date(from: $0.notAfter) != nil })
        }
        run.cancel()
        try await run.value
        await publisher.drain(within: Patience.seconds(5))
        await screen.close()
    }

    @Test
    func `a renewed certificate counts without a restart`() async throws {
        try certificates.makeClient("edge-01", days: -1)
        try certificates.makeClient("new")
        let broker = try broker(demandsCertificate: true)
        let client = client(broker.port, own: "edge-01")
        try client.start()
        #expect(client.certificates().first?.daysLeft(at: Date()) ?? 0 < 0)
        for (from, to) in [
            (certificates.certificate("new"), certificates.certificate("edge-01")),
            (certificates.key("new"), certificates.key("edge-01")),
        ] {
            try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to), options: .atomic)
        }
        #expect(try await eventually { (client.certificates().first?.daysLeft(at: Date()) ?? 0) > 300 })
        #expect(try await eventually { client.isConnected })
        await client.close()
    }
}
