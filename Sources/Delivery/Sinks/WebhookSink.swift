public import Contract
import Foundation
import Runtime

/// Posts each alert to one address, in the dialect of its receiver. The native one is what the CloudEvents HTTP protocol binding
/// defines as structured mode: the body is the event, `Content-Type` says so.
/// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
///
/// 2xx acknowledges. No redirect is followed: alerts go to nobody whom the configuration does not name.
public final class WebhookSink: Sink, Sendable {
    private let settings: WebhookSettings
    private let poster: HTTPPoster

    /// - Parameter software: name and version, for `User-Agent`.
    public init(_ settings: WebhookSettings, software: String) {
        self.settings = settings
        poster = HTTPPoster(
            settings.url, name: settings.name, authorities: settings.authorities, timeout: settings.timeout,
            software: software)
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
        var headers = [(name: "Content-Type", value: settings.dialect.mediaType)]
        if let header = settings.header { headers.append((header.name, header.value.text)) }
        return await poster.post(body, headers: headers)
    }

    /// Does not wait: a receiver may take its time to say good-bye.
    public func close() async { await poster.close() }
}
