import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization
import Threading

/// Posts bodies to one address over HTTP, and says what became of each. No redirect is followed: nothing goes to anybody whom
/// the configuration does not name.
package final class HTTPPoster: Sendable {
    /// Of an answer, in bytes; the rest is not read.
    private static let mostAnswer = 16_384
    private static let bodyTime = Duration.seconds(2)

    private let url: String
    private let name: String
    private let authorities: String?
    private let timeout: Double
    private let software: String
    /// Made with the first message: one that is made must be shut down.
    private let client = Mutex<HTTPClient?>(nil)

    /// - Parameters:
    ///   - name: of the receiver, for reasons.
    ///   - authorities: PEM with the certificates that are trusted; nil: the system's.
    ///   - timeout: seconds for one attempt.
    ///   - software: name and version, for `User-Agent`.
    package init(_ url: String, name: String, authorities: String?, timeout: Double, software: String) {
        self.url = url
        self.name = name
        self.authorities = authorities
        self.timeout = timeout
        self.software = software
    }

    private func connected() -> HTTPClient {
        client.withLock { client in
            if let client { return client }
            var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
            configuration.timeout.connect = .seconds(10)
            configuration.timeout.read = .milliseconds(Int64(timeout * 1000))
            configuration.httpVersion = .http1Only
            // Ignore proxy environment variables.
            configuration.proxy = nil
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.minimumTLSVersion = .tlsv12
            if let authorities { tls.trustRoots = .file(authorities) }
            configuration.tlsConfiguration = tls
            let made = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            client = made
            return made
        }
    }

    /// Posts one body. Returns with the answer, or once there will be none.
    package func post(_ body: [UInt8], headers: [(name: String, value: String)]) async -> DeliveryLoop.Outcome {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        for header in headers { request.headers.add(name: header.name, value: header.value) }
        request.headers.add(name: "User-Agent", value: software)
        request.body = .bytes(body)
        let start = ContinuousClock().now
        do {
            let response = try await connected().execute(request, timeout: .milliseconds(Int64(timeout * 1000)))
            // Read to its end the connection can be used again. What is too much, or too slow, is left: the head says it all.
            let rest = Task { _ = try? await response.body.collect(upTo: Self.mostAnswer) }
            await finishes(within: Self.bodyTime) { await rest.value }
            rest.cancel()
            return Self.outcome(
                Int(response.status.code), phrase: response.status.reasonPhrase,
                retryAfter: response.headers.first(name: "Retry-After"), now: Date())
        } catch {
            let seconds = (ContinuousClock().now - start).components.seconds
            return .failed(reason: reason(error, after: Int(seconds)), retryAfter: nil)
        }
    }

    /// Does not wait: a receiver may take its time to say good-bye.
    package func close() async {
        let made = client.withLock { client in
            defer { client = nil }
            return client
        }
        guard let made else { return }
        Task { try? await made.shutdown() }
    }

    /// What an answer means. About this message are 400, 406, 409, 410, 411, 413, 414, 415, 422 and 431: the next attempt would
    /// get the same. Everything else but 2xx is about the receiver, its address or our credential, and every message would get
    /// it: none is given up for that.
    static func outcome(_ status: Int, phrase: String, retryAfter: String?, now: Date) -> DeliveryLoop.Outcome {
        let answer = "the receiver answered \(status) \(phrase)"
        let retryAfter = retryAfter.flatMap { seconds($0, now: now) }
        switch status {
        case 200..<300: return .taken
        case 400, 406, 409, 410, 411, 413, 414, 415, 422, 431: return .refused(reason: answer)
        case 408, 425, 429, 500...: return .failed(reason: answer, retryAfter: retryAfter)
        case 300..<400:
            return .failed(
                reason: answer + ": a redirect is not followed, name its target in url", retryAfter: setupWait)
        case 401, 403, 407:
            return .failed(
                reason: answer + ": check the header's credential, and reload", retryAfter: setupWait)
        default: return .failed(reason: answer + ": check url", retryAfter: setupWait)
        }
    }

    /// Seconds: what somebody has to put right first needs no attempt each second.
    private static let setupWait = 60.0

    /// Of `Retry-After`: seconds, or a date (RFC 9110, 10.2.3); nil where it is neither.
    static func seconds(_ text: String, now: Date) -> Double? {
        let text = text.trimmingCharacters(in: .whitespaces)
        if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) { return Double(text) }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.date(from: text).map { max(0, $0.timeIntervalSince(now)) }
    }

    /// The name of the host is no secret; the path may hold one.
    private func reason(_ error: any Error, after seconds: Int) -> String {
        let host = URLComponents(string: url)?.host ?? name
        if let error = error as? HTTPClientError {
            switch error {
            case .connectTimeout: return "\(host) takes no connection: check the address and the network"
            case .deadlineExceeded, .readTimeout: return "\(host) did not answer within \(seconds) s"
            case .remoteConnectionClosed: return "\(host) closed the connection without an answer"
            default: return "\(host) cannot be reached: \(error.shortDescription)"
            }
        }
        if error is NIOSSLError || error is BoringSSLError {
            return "\(host) cannot be reached in encrypted form: \(error); check its certificate and ca_file"
        }
        return "\(host) cannot be reached: \(error)"
    }
}
