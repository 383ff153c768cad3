package import Domain
package import Foundation

/// A verdict on an incident, as it is sent to a site.
package struct OutgoingReview: Encodable, Sendable, Hashable {
    package var id: String
    package var incident: String
    package var verdict: String
    package var by: String
    package var at: String
    package var note: String?

    /// - Parameters:
    ///   - id: by which the site knows a repetition, and which its answer names.
    ///   - by: the name that the site's list of reviewers has, where it has one.
    package init(id: String, incident: String, verdict: Verdict, by: String, at: String, note: String? = nil) {
        self.id = id
        self.incident = incident
        self.verdict = verdict.rawValue
        self.by = by
        self.at = at
        self.note = note
    }

    package var json: [UInt8] { WireJSON.bytes(self) }
}

/// A command, as it is sent to a site.
package struct OutgoingCommand: Encodable, Sendable, Hashable {
    package var id: String
    package var command: String
    package var by: String?
    /// By the site's clock.
    package var expires: String
    package var from: Int64?
    package var to: Int64?
    package var epoch: String?
    package var camera: String?

    private init(id: String, _ command: String, by: String?, expires: Date) {
        self.id = id
        self.command = command
        self.by = by
        self.expires = RFC3339.string(from: expires, in: .gmt)
    }

    /// Asks for a sign of life, and how far the sequence has come.
    package static func ping(id: String, by: String?, expires: Date) -> OutgoingCommand {
        OutgoingCommand(id: id, "ping", by: by, expires: expires)
    }

    /// Asks for messages again; at most `Command.mostMessages`.
    ///
    /// - Parameter epoch: empty for a site that names none.
    package static func replay(
        _ span: ClosedRange<Int64>, epoch: String, id: String, by: String?, expires: Date
    ) -> OutgoingCommand {
        var command = OutgoingCommand(id: id, "replay", by: by, expires: expires)
        (command.from, command.to) = (span.lowerBound, span.upperBound)
        command.epoch = epoch.isEmpty ? nil : epoch
        return command
    }

    /// Asks for a masked picture now.
    package static func snapshot(camera: String, id: String, by: String?, expires: Date) -> OutgoingCommand {
        var command = OutgoingCommand(id: id, "snapshot", by: by, expires: expires)
        command.camera = camera
        return command
    }

    package var json: [UInt8] { WireJSON.bytes(self) }
}
