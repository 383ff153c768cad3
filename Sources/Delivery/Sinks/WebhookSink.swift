import AsyncHTTPClient
public import Contract
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Runtime

/// Posts each alert to one address as the CloudEvents HTTP protocol binding defines it, in structured mode: the body is the
/// event, `Content-Type` says so. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
///
/// 2xx acknowledges. No redirect is followed: alerts go to nobody whom the configuration does not name.
public struct WebhookSink: Sink {
    static let mediaType = "application/cloudevents+json; charset=utf-8"
    /// Of an answer, in bytes; the rest is not read.
    private static let mostAnswer = 16_384

    private let settings: WebhookSettings
    private let client: HTTPClient
    private let software: String

    /// - Parameter software: name and version, for `User-Agent`.
    public init(_ settings: WebhookSettings, software: String) {
        self.settings = settings
        self.software = software
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(10)
        configuration.httpVersion = .http1Only
        // Whoever asks for a proxy by an environment variable means another program.
        configuration.proxy = nil
        if let authorities = settings.authorities {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(authorities)
            configuration.tlsConfiguration = tls
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    public var name: String { settings.name }

    /// What cannot be read was written by a later version, and goes: the receiver may know it.
    public func wants(_ message: AlertMessage) -> Bool {
        guard !settings.kinds.isEmpty || !settings.areas.isEmpty,
            let event = try? AlertEvent(json: Data(message.payload))
        else { return true }
        return settings.wants(kind: event.data.kind, area: event.data.area.code)
    }

    public func send(_ message: AlertMessage) async -> DeliveryLoop.Outcome {
        var request = HTTPClientRequest(url: settings.url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: Self.mediaType)
        request.headers.add(name: "User-Agent", value: software)
        if let header = settings.header { request.headers.add(name: header.name, value: header.value.text) }
        request.body = .bytes(message.payload)
        let start = ContinuousClock().now
        do {
            let response = try await client.execute(request, timeout: .milliseconds(Int64(settings.timeout * 1000)))
            // Read to its end the connection can be used again. What is too much is left.
            _ = try? await response.body.collect(upTo: Self.mostAnswer)
            return Self.outcome(
                Int(response.status.code), phrase: response.status.reasonPhrase,
                retryAfter: response.headers.first(name: "Retry-After"), now: Date())
        } catch {
            let seconds = (ContinuousClock().now - start).components.seconds
            return .failed(reason: Self.reason(error, settings, after: Int(seconds)), retryAfter: nil)
        }
    }

    public func close() async { try? await client.shutdown() }

    /// What an answer means. Not now: 408, 425, 429 and all of the server's faults. Any other answer but 2xx is about the
    /// message or the address, and the next attempt would get the same.
    static func outcome(_ status: Int, phrase: String, retryAfter: String?, now: Date) -> DeliveryLoop.Outcome {
        switch status {
        case 200..<300: return .taken
        case 408, 425, 429, 500...:
            return .failed(
                reason: "the receiver answered \(status) \(phrase)",
                retryAfter: retryAfter.flatMap { seconds($0, now: now) })
        case 300..<400:
            return .refused(
                reason: "the receiver answered \(status) \(phrase): a redirect is not followed, name its target in url")
        case 401, 403:
            return .refused(reason: "the receiver answered \(status) \(phrase): check the header's credential")
        default: return .refused(reason: "the receiver answered \(status) \(phrase)")
        }
    }

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
    private static func reason(_ error: any Error, _ settings: WebhookSettings, after seconds: Int) -> String {
        let host = URLComponents(string: settings.url)?.host ?? settings.name
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
