import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
package import Store

/// One row of the table of section 5: a verb, an address, who may, and what it does.
package struct Route: Sendable {
    /// Who may.
    package enum Access: Sendable, Hashable {
        /// Everybody: it shows nothing of the site.
        case everybody
        /// An account with at least this role. What an administrator may takes in the whole site.
        case account(Account.Role)
        /// An account with at least this role that is not limited to a part of the site: what it shows is not told apart by
        /// area.
        case wholeSite(Account.Role)
    }

    let method: HTTPRequest.Method
    /// Parts that begin with a colon stand for any value.
    package let path: String
    package let access: Access
    let answer: @Sendable (Call) async throws -> Response

    init(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access,
        _ answer: @escaping @Sendable (Call) async throws -> Response
    ) {
        (self.method, self.path, self.access, self.answer) = (method, path, access, answer)
    }

    /// The values of its parts; nil where it is not meant.
    package func values(in path: String) -> [String: String]? {
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
package struct Call: Sendable {
    let request: Request
    let values: [String: String]
    /// Nil only where everybody may.
    let session: AccountSession?
    /// The SHA-256 of what the session is known by.
    package let sessionHash: String?
    /// The client's address, as a trusted proxy or the connection says.
    package let address: String
    /// Whether the client speaks TLS with a trusted proxy.
    let isEncrypted: Bool

    private static let mostBytes = 65_536

    /// Throws where the route asked for no account.
    package var account: Account {
        get throws {
            guard let session else { throw Fault.noSession }
            return session.account
        }
    }

    package func value(_ name: String) -> String { values[name] ?? "" }

    /// For the audit log. Throws where the route asked for no account.
    var requester: Requester { get throws { Requester(name: try account.name, address: address) } }

    /// Nil where it is not given or empty.
    package func query(_ name: String) -> String? {
        // Of forms: a plus is a space, and what is encoded is not.
        let pairs = (request.uri.query ?? "").split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
        let value = pairs.first { $0.count == 2 && $0[0] == name }?[1].replacing("+", with: " ").removingPercentEncoding
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// How many items of a list are asked for; 50 where nothing is said. Throws `Fault.malformed` beyond `most`.
    package func limit(most: Int) throws -> Int {
        guard let text = query("limit") else { return 50 }
        guard let limit = Int(text), (1...most).contains(limit) else { throw Fault.malformed }
        return limit
    }

    /// The SHA-256 that the address names, in lower-case hexadecimal. Throws `Fault.notFound` for anything else.
    package var sha256: String {
        get throws {
            let text = value("sha256")
            guard text.utf8.count == 64, text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
            else { throw Fault.notFound }
            return text
        }
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
    package func body<Body: Decodable>(_ type: Body.Type = Body.self) async throws -> Body {
        let bytes = try await bytes()
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(bytes)) else { throw Fault.malformed }
        return body
    }
}

/// The whole table.
package enum Routes {
    static func all(_ desk: ConsoleDesk, _ parts: ConsoleParts, _ events: Broadcaster) -> [Route] {
        let doors = SignIn(desk.access)
        return ShellRoutes.all(AssetLibrary.shared, pages: ShellRoutes.pages) + SessionRoutes(desk.access, doors).all
            + OwnSessionRoutes(desk.access).all + SiteRoutes(desk).all
            + MonitorRoutes(desk).all + CameraRoutes(desk).all + ConfigurationRoutes(desk).all
            + IncidentRoutes(desk).all + [ExportRoutes(desk).route] + [EventRoutes(desk, events).route]
            + CommissioningRoutes(desk).all + UserRoutes(desk.access).all + AuditRoutes(desk.access).all
    }

    /// What every page has that asks who comes: signing in, own sessions, accounts, the audit log.
    package static func access(_ desk: AccessDesk) -> [Route] {
        SessionRoutes(desk, SignIn(desk)).all + OwnSessionRoutes(desk).all + UserRoutes(desk).all
            + AuditRoutes(desk).all
    }
}

// MARK: Routes of other targets

/// An answer of a route that is told in another target, which knows nothing of the server's library.
package struct Answer: Sendable {
    let response: Response

    /// As JSON, which nobody keeps.
    package static func json(_ value: some Encodable, isNew: Bool = false) -> Answer {
        Answer(response: Response(json: value, status: isNew ? .created : .ok))
    }

    package static func bytes(_ bytes: [UInt8], mediaType: String) -> Answer {
        Answer(
            response: Response(
                status: .ok, headers: [.contentType: mediaType, .cacheControl: "no-store"],
                body: .init(byteBuffer: ByteBuffer(bytes: bytes))))
    }

    /// Accepted, not done yet.
    package static func later(_ value: some Encodable) -> Answer {
        Answer(response: Response(json: value, status: .accepted))
    }

    /// A table for spreadsheets, a page of rows at a time.
    ///
    /// - Parameter page: the rows after a cursor, nil for the first ones, and the cursor after them, nil at the end.
    package static func table<Cursor: Sendable>(
        named name: String, _ heads: [String],
        _ page: @escaping @Sendable (Cursor?) async throws -> (rows: [[String]], next: Cursor?)
    ) -> Answer {
        let body = ResponseBody { writer in
            try await writer.write(ByteBuffer(string: SpreadsheetText.mark + SpreadsheetText.line(heads)))
            var cursor: Cursor?
            repeat {
                let (rows, next) = try await page(cursor)
                let text = rows.map(SpreadsheetText.line).joined()
                if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
                cursor = next
            } while cursor != nil
            try await writer.finish(nil)
        }
        return Answer(
            response: Response(
                status: .ok,
                headers: [
                    .contentType: SpreadsheetText.mediaType, .cacheControl: "no-store",
                    .contentDisposition: "attachment; filename=\"\(name)\"",
                ], body: body))
    }

    /// Server-sent events, until the reader goes or the stream ends.
    package static func events(
        _ stream: EventStream, of call: Call, ended: @escaping @Sendable () async -> Void
    ) -> Answer { Answer(response: Response(events: stream, of: call, ended: ended)) }
}

extension Route {
    /// What a route does.
    package enum Verb: Sendable, Hashable { case get, post }

    package static func row(
        _ verb: Verb, _ path: String, _ access: Access, _ answer: @escaping @Sendable (Call) async throws -> Answer
    ) -> Route {
        Route(verb == .get ? .get : .post, path, access) { try await answer($0).response }
    }

    /// Its verb as HTTP writes it.
    package var verb: String { method.rawValue }
}
