import Foundation
import Glibc
import Logging
import TestSupport
import Testing

@testable import Edge
@testable import Runtime

/// Real sockets; requests as they come, and as they should not.
@Suite(.waiting) struct StatusServerTests {
    private let folder: TemporaryFolder
    private let socket: LocalSocket

    init() throws {
        folder = try TemporaryFolder()
        socket = .file(folder.file("s").path)
    }

    /// Runs a server while `body` does.
    private func serving(
        _ socket: LocalSocket, longest: Double = 5, _ body: () throws -> Void
    ) async throws {
        let server = StatusServer(
            socket, longest: longest, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { path in
            path == "/status" ? .init(body: String(repeating: "x", count: 1_000_000)) : nil
        }
        let running = Task { try await server.run() }
        while (try? StatusClient.get("/", from: socket)) == nil { try await Task.sleep(for: .milliseconds(5)) }
        try body()
        running.cancel()
        try await running.value
    }

    /// Sends `text`, and reads until the server closes.
    private func exchange(_ text: String) throws -> String {
        let connection = try socket.connected()
        defer { close(connection) }
        send(connection, text, text.utf8.count, Int32(MSG_NOSIGNAL))
        var answer: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(connection, &part, part.count, 0)
            guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
            answer += part.prefix(count)
        }
    }

    @Test func `a get is answered whole, on a file and on an address`() async throws {
        for socket in [socket, .tcp(address: "127.0.0.1", port: try FreePort.tcp())] {
            try await serving(socket) { () throws in
                let answer = String(decoding: try StatusClient.get("/status?x=1", from: socket), as: UTF8.self)
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(answer.contains("Content-Length: 1000000\r\n"))
                #expect(answer.hasSuffix("\r\n\r\n" + String(repeating: "x", count: 1_000_000)))
            }
        }
    }

    @Test func `the file is for owner and group, and gone afterwards`() async throws {
        // As left behind by a kill.
        close(try socket.listening())
        let path = folder.file("s").path
        try await serving(socket) { () throws in
            let rights = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(rights == 0o660)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `what is no get of a known path is refused`() async throws {
        try await serving(socket) { () throws in
            #expect(try exchange("GET /other HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 404 "))
            #expect(try exchange("POST /status HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 405 "))
            #expect(try exchange("hello\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
            #expect(try exchange("\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
            let long = "GET /status HTTP/1.1\r\nX: " + String(repeating: "y", count: 4096)
            #expect(try exchange(long).hasPrefix("HTTP/1.1 431 "))
        }
    }

    @Test func `whoever says nothing, or does not read, is cut off`() async throws {
        try await serving(socket, longest: 0.1) { () throws in
            #expect(try exchange("GET /status HTT").isEmpty)
            let deaf = try socket.connected()
            defer { close(deaf) }
            let request = "GET /status HTTP/1.1\r\n\r\n"
            send(deaf, request, request.utf8.count, 0)
            // The next one has its turn.
            #expect(try exchange("GET /other HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 404 "))
        }
    }

    @Test(.waiting(minutes: 2)) func `hundreds of silent clients keep nobody from an answer`() async throws {
        for socket in [socket, .tcp(address: "127.0.0.1", port: try FreePort.tcp())] {
            // One by one they would take 500 times as long.
            try await serving(socket, longest: 600) { () throws in
                let silent = try (0..<500).map { _ in try socket.connected() }
                defer { for connection in silent { close(connection) } }
                for _ in 0..<3 {
                    let answer = String(decoding: try StatusClient.get("/status", from: socket), as: UTF8.self)
                    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                }
            }
        }
    }

    @Test func `a socket that cannot be had is named`() throws {
        let port = try FreePort.tcp()
        let first = try LocalSocket.tcp(address: "127.0.0.1", port: port).listening()
        defer { close(first) }
        #expect {
            _ = try LocalSocket.tcp(address: "127.0.0.1", port: port).listening()
        } throws: {
            "\($0)".contains("could not listen on 127.0.0.1:\(port): Address already in use")
        }
        #expect { _ = try LocalSocket.file(String(repeating: "/x", count: 60)).connected() } throws: {
            "\($0)".contains("File name too long")
        }
        let remedy = #expect(throws: StatusClient.NoAnswer.self) { try StatusClient.status(of: folder.url) }
        #expect(remedy?.description.contains("no daemon runs") == true)
    }
}
