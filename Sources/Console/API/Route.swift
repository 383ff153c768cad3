import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Store

/// One row of the table of section 5: a verb, an address, who may, and what it does.
struct Route: Sendable {
    /// Who may.
    enum Access: Sendable, Hashable {
        /// Everybody: it shows nothing of the site.
        case everybody
        /// An account with at least this role.
        case account(Account.Role)
    }

    let method: HTTPRequest.Method
    /// Parts that begin with a colon stand for any value.
    let path: String
    let access: Access
    let answer: @Sendable (Call) async throws -> Response

    init(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access,
        _ answer: @escaping @Sendable (Call) async throws -> Response
    ) {
        (self.method, self.path, self.access, self.answer) = (method, path, access, answer)
    }

    /// The values of its parts; nil where it is not meant.
    func values(in path: String) -> [String: String]? {
        let (mine, others) = (self.path.split(separator: "/"), path.split(separator: "/"))
        guard mine.count == others.count else { return nil }
        var values: [String: String] = [:]
        for (part, other) in zip(mine, others) {
            if part.hasPrefix(":") {
                guard let value = other.removingPercentEncoding else { return nil }
                values[String(part.dropFirst())] = value
            } else if part != other {
                return nil
            }
        }
        return values
    }
}

/// A request that has passed the gate.
struct Call: Sendable {
    let request: Request
    let values: [String: String]
    /// Nil only where everybody may.
    let session: AccountSession?
    /// The SHA-256 of what the session is known by.
    let sessionHash: String?
    /// The client's address, as a trusted proxy or the connection says.
    let address: String
    /// Whether the client speaks TLS with a trusted proxy.
    let isEncrypted: Bool

    private static let mostBytes = 65_536

    /// Throws where the route asked for no account.
    var account: Account {
        get throws {
            guard let session else { throw Fault.noSession }
            return session.account
        }
    }

    func value(_ name: String) -> String { values[name] ?? "" }

    /// Nil where it is not given or empty.
    func query(_ name: String) -> String? {
        // Of forms: a plus is a space, and what is encoded is not.
        let pairs = (request.uri.query ?? "").split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
        let value = pairs.first { $0.count == 2 && $0[0] == name }?[1].replacing("+", with: " ").removingPercentEncoding
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Throws `Fault.tooLarge`.
    func bytes() async throws -> [UInt8] {
        do {
            return Array(try await request.body.collect(upTo: Self.mostBytes).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Fault.tooLarge
        }
    }

    /// The body, from JSON. Throws `Fault.malformed`.
    func body<Body: Decodable>(_ type: Body.Type = Body.self) async throws -> Body {
        let bytes = try await bytes()
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(bytes)) else { throw Fault.malformed }
        return body
    }
}

/// The whole table.
enum Routes {
    static func all(_ desk: ConsoleDesk, _ parts: ConsoleParts, _ events: Broadcaster) -> [Route] {
        let doors = SignIn(desk)
        return ShellRoutes.all + SessionRoutes(desk, doors).all + SiteRoutes(desk).all
            + IncidentRoutes(desk).all + [EventRoutes(desk, events).route]
    }
}
