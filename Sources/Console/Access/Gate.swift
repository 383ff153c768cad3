import Contract
import Domain
import Foundation
import HTTPTypes
import Hashing
import Hummingbird
import Logging
import Store

/// What every request passes: host, address, session, role, origin; and what every answer carries.
struct Gate: Sendable {
    static let cookie = "gw"
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    private let settings: ConsoleServer.Settings
    private let desk: AccessDesk
    private let routes: [Route]
    private let logger: Logger

    init(_ settings: ConsoleServer.Settings, _ desk: AccessDesk, routes: [Route], logger: Logger) {
        (self.settings, self.desk, self.routes, self.logger) = (settings, desk, routes, logger)
    }

    func respond(to request: Request, _ context: ConsoleContext) async -> Response {
        var response: Response
        do { response = try await answer(request, context) } catch let fault as Fault {
            response = fault.response
        } catch let error where error is OutboxError || error is SQLFault {
            logger.error("the console could not answer", metadata: ["reason": "\(error)"])
            response = Fault.store.response
        } catch {
            logger.debug("the console could not answer", metadata: ["reason": "\(error)"])
            response = Fault.malformed.response
        }
        response.headers[.contentSecurityPolicy] = Self.policy
        response.headers[.xContentTypeOptions] = "nosniff"
        if let name = HTTPField.Name("Referrer-Policy") { response.headers[name] = "no-referrer" }
        if let name = HTTPField.Name("Cross-Origin-Opener-Policy") { response.headers[name] = "same-origin" }
        if let name = HTTPField.Name("Cross-Origin-Resource-Policy") { response.headers[name] = "same-origin" }
        if response.status == .unauthorized, let name = HTTPField.Name("WWW-Authenticate") {
            response.headers[name] = "Bearer"
        }
        // An answer to HEAD has none, and what came after its head would be taken for the next answer.
        if request.method == .head { response.body = .init() }
        // A body that was not read would be taken for the next request.
        if response.status.code >= 400, request.method != .get { response.headers[.connection] = "close" }
        return response
    }

    private func answer(_ request: Request, _ context: ConsoleContext) async throws -> Response {
        guard isHost(request.head.authority) else { throw Fault.host }
        let path = request.uri.path
        let found = routes.lazy.compactMap { route in route.values(in: path).map { (route, $0) } }
        guard let (route, values) = found.first(where: { $0.0.method == request.method }) else {
            guard !found.isEmpty else { throw Fault.notFound }
            var response = Fault.method.response
            response.headers[.allow] = found.map(\.0.method.rawValue).joined(separator: ", ")
            return response
        }
        let (address, isEncrypted) = client(request, context)
        // The shell and its code are the same for everybody.
        let isOpen = route.access == .everybody && !path.hasPrefix("/api/")
        let known = isOpen ? nil : try await session(request)
        try check(route.access, known?.session.account)
        if route.method != .get { try checkOrigin(request, isProgram: known?.session.kind == .token) }
        return try await route.answer(
            Call(
                request: request, values: values, session: known?.session, sessionHash: known?.hash, address: address,
                isEncrypted: isEncrypted))
    }

    private func check(_ access: Route.Access, _ account: Account?) throws(Fault) {
        let (role, isOfSite): (Account.Role, Bool)
        switch access {
        case .everybody: return
        case .account(let needed): (role, isOfSite) = (needed, needed == .admin)
        case .wholeSite(let needed): (role, isOfSite) = (needed, true)
        }
        guard let account else { throw .noSession }
        guard account.role >= role else { throw .role }
        guard !isOfSite || account.isUnlimited(in: desk.rules.area) else { throw .area }
    }

    /// Loopback names, the address that it listens on, and those of the configuration: another name may be one that an
    /// attacker has pointed at this machine.
    private func isHost(_ authority: String?) -> Bool {
        guard let authority = authority?.lowercased() else { return false }
        let host = Self.host(of: authority)
        return ["localhost", "127.0.0.1", "[::1]", settings.address, "[\(settings.address)]"].contains(host)
            || settings.hosts.contains(authority) || settings.hosts.contains(host)
    }

    static func host(of authority: String) -> String {
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]"),
            authority[authority.index(after: colon)...].allSatisfy(\.isNumber)
        else { return authority }
        return String(authority[..<colon])
    }

    private func client(_ request: Request, _ context: ConsoleContext) -> (address: String, isEncrypted: Bool) {
        guard settings.trustedProxies.contains(context.peer) else { return (context.peer, false) }
        let forwarded = HTTPField.Name("X-Forwarded-For").flatMap { request.headers[$0] }
        let scheme = HTTPField.Name("X-Forwarded-Proto").flatMap { request.headers[$0] }
        // The last one is the proxy's own word; those before it came from the client.
        let last = forwarded?.split(separator: ",").last.map { $0.trimmingCharacters(in: .whitespaces) }
        return (last.map { String($0.prefix(64)) } ?? context.peer, scheme == "https")
    }

    private func session(_ request: Request) async throws -> (session: AccountSession, hash: String)? {
        guard let text = Self.secret(of: request), (20...128).contains(text.utf8.count) else { return nil }
        let hash = try SHA256.hex(Array(text.utf8))
        let date = desk.now
        return try await desk.run { try $0.session(hash, at: date) }.map { ($0, hash) }
    }

    private static func secret(of request: Request) -> String? {
        if let header = request.headers[.authorization], header.hasPrefix("Bearer ") {
            return String(header.dropFirst(7))
        }
        let cookies = request.headers[values: .cookie].flatMap { $0.split(separator: ";") }
        return cookies.lazy.map { $0.drop { $0 == " " } }.first { $0.hasPrefix("\(cookie)=") }
            .map { String($0.dropFirst(cookie.count + 1)) }
    }

    /// A write comes from this page, or from a program with a token, which no browser adds by itself.
    private func checkOrigin(_ request: Request, isProgram: Bool) throws(Fault) {
        let type = request.headers[.contentType]?.prefix { $0 != ";" }.lowercased()
        guard type == "application/json" else { throw .mediaType }
        guard !isProgram else { return }
        guard let name = HTTPField.Name("X-Gridwarden"), request.headers[name] == "1",
            let origin = request.headers[.origin], let authority = request.head.authority,
            origin == "http://\(authority)" || origin == "https://\(authority)"
        else { throw .origin }
    }
}
