import Delivery
import Foundation
import Hashing
package import Runtime

/// A department's address for cases.
package struct CaseWebhook: Sendable {
    /// Of its route.
    package let route: String
    package let url: String
    /// By which the receiver knows who sent it; nil: not signed.
    package let secret: Secret?
    /// PEM with the certificates that are trusted; nil: the system's.
    package let authorities: String?

    package init(route: String, url: String, secret: Secret?, authorities: String? = nil) {
        self.route = route
        self.url = url
        self.secret = secret
        self.authorities = authorities
    }

    /// Seconds for one attempt.
    static let timeout = 10.0

    /// The headers of a notice: what it is, by what a repetition is known, and who has sent it when.
    ///
    /// The signature is over the time in seconds, a dot and the body: an old request cannot be sent again as a new one.
    func headers(eventID: String, body: [UInt8], at date: Date) throws -> [(name: String, value: String)] {
        var headers = [
            (name: "Content-Type", value: "application/cloudevents+json; charset=utf-8"),
            (name: "Idempotency-Key", value: eventID),
        ]
        guard let secret else { return headers }
        let time = String(Int64(date.timeIntervalSince1970))
        headers.append((name: "X-Gridwarden-Timestamp", value: time))
        let signature = try HMAC.sha256(Array("\(time).".utf8) + body, key: Array(secret.text.utf8))
        headers.append((name: "X-Gridwarden-Signature", value: "sha256=\(signature)"))
        return headers
    }
}
