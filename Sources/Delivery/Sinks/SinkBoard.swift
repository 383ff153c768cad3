public import Contract
public import Foundation
public import Runtime
import Synchronization

/// What troubles the sinks now, by their names. Any thread may write and read it.
public final class SinkBoard: Sendable {
    private let troubles = Mutex<[String: SinkReport.Trouble]>([:])
    private let secrets: KnownSecrets
    private let timeZone: TimeZone

    /// - Parameters:
    ///   - secrets: are taken out of each reason: it may repeat what a receiver said.
    ///   - timeZone: of the dates.
    public init(secrets: KnownSecrets = KnownSecrets(), timeZone: TimeZone = .gmt) {
        self.secrets = secrets
        self.timeZone = timeZone
    }

    /// Without secrets.
    func redact(_ text: String) -> String { secrets.redact(text) }

    /// - Parameter sequence: of the message that is next.
    func set(_ trouble: DeliveryLoop.Trouble?, of sink: String, sequence: Int64, since: Date) {
        let told = trouble.map {
            SinkReport.Trouble(
                reason: secrets.redact($0.reason), refused: $0.isRefusal, sequence: sequence,
                since: RFC3339.string(from: since, in: timeZone))
        }
        troubles.withLock { $0[sink] = told }
    }

    /// There is no such sink any more.
    public func forget(_ sink: String) { troubles.withLock { $0[sink] = nil } }

    /// The reports with what troubles each sink.
    public func completed(_ reports: [SinkReport]) -> [SinkReport] {
        troubles.withLock { troubles in
            reports.map { report in
                var report = report
                report.trouble = troubles[report.name]
                return report
            }
        }
    }
}
