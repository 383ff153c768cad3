import Contract
import Delivery
import Foundation
import Logging
import MQTT
import ServiceLifecycle

/// Warns once a day when a certificate of the broker's connection is about to expire.
struct CertificateWatch: Service {
    /// Days.
    static let notice = 30

    let publisher: Publisher
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // The first check is soon after the start, when the broker has presented its certificate.
            var wait = Duration.seconds(60)
            while !Task.isCancelled {
                try? await Task.sleep(for: wait)
                guard !Task.isCancelled else { return }
                for line in Self.warnings(publisher.client.certificates(), at: Date()) {
                    logger.warning("a certificate ends soon", metadata: ["certificate": "\(line)"])
                }
                wait = .seconds(86_400)
            }
        }
    }

    /// One line for each certificate that expires within the notice, with the remedy.
    static func warnings(_ certificates: [CertificateExpiry], at now: Date) -> [String] {
        certificates.filter { $0.daysLeft(at: now) < notice }.map { certificate in
            let days = certificate.daysLeft(at: now)
            let when = days < 0 ? "has expired" : "ends in \(days) days"
            return switch certificate.role {
            case .client: "this site's \(when): renew certificate_file and key_file"
            case .broker: "the broker's \(when): renew it there"
            case .authority: "the authority's \(when): renew it, and write the new one into ca_file beside the old"
            }
        }
    }
}
