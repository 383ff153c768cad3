import Foundation
import Glibc
import Store
import TestSupport
import Testing

@testable import Console

/// The recipes of deploy/proxy as they ship, in front of a console: only ports, names of files and nothing else are
/// exchanged.
@Suite(.waiting(minutes: 2)) struct ProxyTests {
    private static let recipes = Footage.packageRoot.appending(path: "deploy/proxy")
    private static let name = "console.example.cn"

    private static func isThere(_ program: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: program)
    }

    /// The text of a recipe with each of `changes` made; a change that has nothing to change is a recipe that has moved
    /// away from its test.
    private static func text(_ recipe: String, _ changes: KeyValuePairs<String, String>) throws -> String {
        var text = try String(contentsOf: recipes.appending(path: recipe), encoding: .utf8)
        for (from, to) in changes {
            try #require(text.contains(from), "\(recipe) has no \(from)")
            text = text.replacing(from, with: to)
        }
        return text
    }

    private struct Ports {
        let tls: Int
        let plain: Int
    }

    private func nginx(
        _ folder: TemporaryFolder, _ certificates: Certificates, _ ports: Ports, _ harness: ConsoleHarness
    ) throws -> ChildProcess {
        let site = try Self.text(
            "nginx.conf",
            [
                "listen 80;": "listen 127.0.0.1:\(ports.plain);", "listen [::]:80;": "",
                "listen 443 ssl http2;": "listen 127.0.0.1:\(ports.tls) ssl http2;", "listen [::]:443 ssl http2;": "",
                "/etc/nginx/gridwarden/console.crt": certificates.certificate("console"),
                "/etc/nginx/gridwarden/console.key": certificates.key("console"),
                "http://127.0.0.1:8080": harness.base,
            ])
        try Data(site.utf8).write(to: folder.file("gridwarden.conf"))
        // What Debian's own nginx.conf says around it, in a folder of the test.
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "    \($0)_temp_path \(folder.file($0).path);\n"
        }
        let main = """
            daemon off;
            # A killed master would leave its worker behind.
            master_process off;
            \(getuid() == 0 ? "user root;" : "")
            pid \(folder.file("pid").path);
            error_log stderr;
            events { worker_connections 128; }
            http {
                access_log off;
                gzip on;
            \(temporary.joined())    include \(folder.file("gridwarden.conf").path);
            }
            """
        try Data(main.utf8).write(to: folder.file("nginx.conf"))
        return try ChildProcess(
            URL(filePath: "/usr/sbin/nginx"),
            ["-p", folder.url.path, "-e", "stderr", "-c", folder.file("nginx.conf").path], log: folder.file("log"))
    }

    private func caddy(
        _ folder: TemporaryFolder, _ certificates: Certificates, _ ports: Ports, _ harness: ConsoleHarness
    ) throws -> ChildProcess {
        let file = try Self.text(
            "Caddyfile",
            [
                "console.example.cn {": """
                {
                \tadmin off
                \thttp_port \(ports.plain)
                \thttps_port \(ports.tls)
                \tdefault_bind 127.0.0.1
                \tstorage file_system \(folder.file("storage").path)
                }
                console.example.cn {
                """,
                "/etc/caddy/gridwarden/console.crt": certificates.certificate("console"),
                "/etc/caddy/gridwarden/console.key": certificates.key("console"),
                "127.0.0.1:8080": "127.0.0.1:\(harness.number)",
            ])
        try Data(file.utf8).write(to: folder.file("Caddyfile"))
        return try ChildProcess(
            URL(filePath: "/usr/bin/caddy"),
            ["run", "--adapter", "caddyfile", "--config", folder.file("Caddyfile").path],
            log: folder.file("log"))
    }

    @Test(.enabled(if: isThere("/usr/sbin/nginx"), "there is no /usr/sbin/nginx: apt-get install nginx-light"))
    func `behind nginx events come at once, the host is kept, and only the proxy says who asks`() async throws {
        try await check { try nginx($0, $1, $2, $3) }
    }

    @Test(.enabled(if: isThere("/usr/bin/caddy"), "there is no /usr/bin/caddy: apt-get install caddy"))
    func `behind Caddy events come at once, the host is kept, and only the proxy says who asks`() async throws {
        try await check { try caddy($0, $1, $2, $3) }
    }

    private func check(
        _ start: (TemporaryFolder, Certificates, Ports, ConsoleHarness) throws -> ChildProcess
    ) async throws {
        let harness = try await ConsoleHarness(hosts: [Self.name], proxies: ["127.0.0.1"])
        try harness.account("worker", .operator)
        let (folder, certificates) = (try TemporaryFolder(), try Certificates())
        try certificates.makeServer("console", hosts: [Self.name])
        let ports = Ports(tls: try FreePort.tcp(), plain: try FreePort.tcp())
        let proxy = try start(folder, certificates, ports, harness)
        defer { proxy.signal(SIGTERM) }
        func log() -> String { (try? String(contentsOf: folder.file("log"), encoding: .utf8)) ?? "" }
        #expect(try await eventually { FreePort.accepts(ports.tls) || proxy.exit != nil })
        try #require(proxy.exit == nil, "it has ended: \(log().suffix(2000))")
        let client = try Conversation(
            "proxied.py",
            [
                "\(ports.tls)", "\(ports.plain)", certificates.authority, Self.name, "worker", ConsoleHarness.password,
            ])
        var steps: [String: [String]] = [:]
        var waits: [Double] = []
        for line in client {
            let words = line.split(separator: " ").map(String.init)
            steps[words[0]] = Array(words.dropFirst())
            if words[0] == "event" {
                #expect(words[1] == "incident", "\(line)")
                waits.append(Double(words[2]) ?? .infinity)
            }
            if words[0] == "stream" || words[0] == "event", waits.count < 3 { try harness.report() }
            client.go()
        }
        #expect(steps["done"] != nil, "\(steps): \(client.complaint.suffix(2000)); \(log().suffix(2000))")
        #expect(steps["shell"] == ["200", "max-age=31536000"])
        // The client's own word about itself was not passed on.
        #expect(steps["session"] == ["200", "True"])
        let opened = try #require(try harness.outbox.auditEntries().last { $0.event == .sessionOpened })
        #expect(opened.facts["address"] == "127.0.0.2")
        #expect(steps["origin"] == ["403"])
        // nginx asks the console, which knows no such name; Caddy has nothing under that name, and says so with an empty 200.
        #expect(steps["host"]?.last == "False")
        let clear = try #require(steps["clear"])
        #expect(clear[0] == "308" && clear[1].hasPrefix("https://\(Self.name)") && clear[1].hasSuffix("/incident?id=1"))
        // Caddy 2.6 says 502 where its own limit ends a body on the way.
        #expect(["413", "502", "cut"].contains(steps["large"]?.first ?? ""))
        #expect(steps["stream"] == ["200", "hello", "True"])
        print("behind a proxy: events after \(waits.map { String(format: "%.0f ms", $0 * 1000) })")
        #expect(waits.count == 3 && waits.allSatisfy { Duration.seconds($0) < Patience.seconds(2) })
        try await harness.stop()
    }

    @Test func `without the proxy between them, its word is nobody's`() async throws {
        let harness = try await ConsoleHarness(hosts: [Self.name], proxies: ["127.0.0.9"])
        try harness.account("worker", .operator)
        let body = "{\"user\":\"worker\",\"password\":\"\(ConsoleHarness.password)\"}"
        let answer = try harness.send(
            "POST", "/api/v1/session", body: body,
            headers: [
                "Host": Self.name, "Origin": "https://\(Self.name)", "X-Forwarded-For": "9.9.9.9",
                "X-Forwarded-Proto": "https",
            ])
        #expect(answer.status == 200 && answer.headers["set-cookie"]?.contains("Secure") == false)
        #expect(try harness.outbox.auditEntries().last?.facts["address"] == "127.0.0.1")
        try await harness.stop()
    }
}
