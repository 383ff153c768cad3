import AsyncHTTPClient
public import Contract
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Runtime
import Synchronization
import Threading

/// Posts each alert to one address, in the dialect of its receiver. The native one is what the CloudEvents HTTP protocol binding
/// defines as structured mode: the body is the event, `Content-Type` says so.
/// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
///
/// 2xx acknowledges. No redirect is followed: alerts go to nobody whom the configuration does not name.
public final class WebhookSink: Sink, Sendable {
    /// Of an answer, in bytes; the rest is not read.
    private static let mostAnswer = 16_384
    private static let bodyTime = Duration.seconds(2)

    private let settings: WebhookSettings
    /// Made with the first message: one that is made must be shut down.
    private let client = Mutex<HTTPClient?>(nil)
    private let software: String

    /// - Parameter software: name and version, for `User-Agent`.
    public init(_ settings: WebhookSettings, software: String) {
        self.settings = settings
        self.software = software
    }

    private func connected() -> HTTPClient {
        client.withLock { client in
            if let client { return client }
            var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
            configuration.timeout.connect = .seconds(10)
            configuration.timeout.read = .milliseconds(Int64(settings.timeout * 1000))
            configuration.httpVersion = .http1Only
            // Ignore proxy environment variables.
            configuration.proxy = nil
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.minimumTLSVersion = .tlsv12
            if let authorities = settings.authorities { tls.trustRoots = .file(authorities) }
            configuration.tlsConfiguration = tls
            let made = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            client = made
            return made
        }
    }

    public var name: String { settings.name }

    /// What cannot be read was written by a later version, and goes: the receiver may know it.
    public func wants(_ message: AlertMessage) -> Bool {
        guard !settings.kinds.isEmpty || !settings.areas.isEmpty,
            let event = try? AlertEvent(json: Data(message.payload))
        else { return true }
        return settings.wants(kind: event.data.kind, area: event.data.area.code)
    }

    public func send(_ messages: [AlertMessage]) async -> [DeliveryLoop.Outcome] {
        var outcomes: [DeliveryLoop.Outcome] = []
        for message in messages { outcomes.append(await send(message)) }
        return outcomes
    }

    private func send(_ message: AlertMessage) async -> DeliveryLoop.Outcome {
        let body: [UInt8]
        do { body = try settings.dialect.body(of: message) } catch {
            return .unsendable(reason: "the message cannot be told in the dialect of this receiver: \(error)")
        }
        var request = HTTPClientRequest(url: settings.url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: settings.dialect.mediaType)
        request.headers.add(name: "User-Agent", value: software)
        if let header = settings.header { request.headers.add(name: header.name, value: header.value.text) }
        request.body = .bytes(body)
        let start = ContinuousClock().now
        do {
            let response = try await connected().execute(
                request, timeout: .milliseconds(Int64(settings.timeout * 1000)))
            // Read to its end the connection can be used again. What is too much, or too slow, is left: the head says it all.
            let rest = Task { _ = try? await response.body.collect(upTo: Self.mostAnswer) }
            await finishes(within: Self.bodyTime) { await rest.value }
            rest.cancel()
            return Self.outcome(
                Int(response.status.code), phrase: response.status.reasonPhrase,
                retryAfter: response.headers.first(name: "Retry-After"), now: Date())
        } catch {
            let seconds = (ContinuousClock().now - start).components.seconds
            return .failed(reason: Self.reason(error, settings, after: Int(seconds)), retryAfter: nil)
        }
    }

    /// Does not wait: a receiver may take its time to say good-bye.
    public func close() async {
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
