import Contract
import Foundation
import MQTT
import Synchronization

/// Prints the state of the sites on standard error, one line at each change.
final class SiteNotes: Sendable {
    private let watch = Mutex(SiteWatch())

    func take(_ message: MQTTMessage) {
        guard let report = try? SiteReport(json: Data(message.payload)) else { return }
        let change = watch.withLock { $0.take(report, isRetained: message.retain, at: Date()) }
        if let change { tell(change) }
    }

    func look() { watch.withLock { $0.overdue(at: Date()) }.forEach(tell) }

    private func tell(_ change: SiteWatch.Change) {
        let last = change.at.map { ", last heard of at \(AlertText.plain($0))" } ?? ""
        let text =
            switch change.standing {
            case .online: "is online"
            case .offline: "is offline\(last)"
            case .lost: "is LOST: its next report is overdue\(last)"
            }
        Console.complain("gridwarden: site \(AlertText.plain(change.site)) \(text)")
    }
}
