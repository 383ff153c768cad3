public import Foundation

/// A request to the site, as received.
public struct Command: Sendable, Hashable {
    public enum Action: Sendable, Hashable {
        /// Requests a sign of life.
        case ping
        /// Requests stored messages again.
        case replay(ClosedRange<Int64>, epoch: String?)
        /// Requests a picture now.
        case snapshot(camera: String)
    }

    public let id: String
    public let by: String?
    public let expires: Date
    public let action: Action

    package static let keys: Set<String> = ["id", "command", "by", "expires", "from", "to", "epoch", "camera"]
    /// The furthest that an expiry may lie in the future, in seconds: ids are remembered for longer.
    package static let longestExpiry = 86_400.0
    /// Most messages in one replay.
    package static let mostMessages: Int64 = 10_000

    package init(_ fields: InboundFields) throws(Rejection) {
        id = try fields.required("id")
        by = try fields.text("by")
        guard let expires = try fields.date("expires") else { throw Rejection(.malformed, "expires is missing") }
        self.expires = expires
        let name = try fields.required("command")
        switch name {
        case "ping": action = .ping
        case "replay":
            let (from, to) = (try fields.sequence("from"), try fields.sequence("to"))
            guard from <= to, to - from < Self.mostMessages else {
                throw Rejection(
                    .malformed, "from must not be after to, and at most \(Self.mostMessages) messages are sent")
            }
            action = .replay(from...to, epoch: try fields.text("epoch"))
        case "snapshot": action = .snapshot(camera: try fields.required("camera"))
        default:
            throw Rejection(
                .unknownCommand, "there is no command \(name.prefix(40).debugDescription): use ping, replay or snapshot"
            )
        }
    }
}

/// The result of a request for a picture.
public enum Snapshot: Sendable, Hashable {
    /// Stored in the evidence folder.
    case taken(sha256: String, file: String)
    case refused(Rejection)

    /// The result of a site that takes no pictures on request.
    public static func unavailable(camera: String) -> Snapshot {
        .refused(Rejection(.unavailable, "this site takes no pictures on request"))
    }
}
