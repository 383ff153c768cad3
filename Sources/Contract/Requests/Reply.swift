package import Domain
public import Foundation

/// The site's answer to a review or a command; one for each.
public struct Reply: Codable, Sendable, Hashable {
    public enum Class: String, Codable, Sendable { case review, command }
    public enum Status: String, Codable, Sendable { case done, refused }

    /// Of the answer itself; deduplicate by it.
    public var id: String
    public var site: String
    public var at: String
    public var `class`: Class
    public var status: Status
    /// The id of the request, where it could be read.
    public var request: String?
    /// Why it was refused, for programs and for people.
    public var reason: Rejection.Reason?
    public var text: String?

    public var incident: String?
    public var verdict: String?
    /// The incident's state and revision after the review.
    public var state: String?
    public var revision: Int?
    /// The incident already had this verdict.
    public var repeated: Bool?

    public var command: String?
    /// How many messages a replay sends, and the spans of sequences that are no longer held.
    public var messages: Int?
    public var missing: [[Int64]]?
    public var lastSequence: Int64?
    /// Of the store that the sequences belong to.
    public var epoch: String?
    public var software: String?
    /// Of a snapshot.
    public var camera: String?
    public var sha256: String?
    public var file: String?

    private enum CodingKeys: String, CodingKey {
        case id, site, at, `class`, status, request, reason, text, incident, verdict, state, revision, repeated
        case command, messages, missing, epoch, software, camera, sha256, file
        case lastSequence = "last_sequence"
    }

    /// Reads a payload.
    public init(json: Data) throws { self = try JSONDecoder().decode(Reply.self, from: json) }

    package init(_ class: Class, _ status: Status, site: SiteIdentity, at date: Date) {
        id = UUIDv7.make(date: date).text
        self.site = site.id
        at = RFC3339.string(from: date, in: site.timeZone)
        self.class = `class`
        self.status = status
    }
}

/// Why a request is rejected.
public struct Rejection: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason for programs.
    public enum Reason: String, Sendable, Codable, CaseIterable {
        /// It was retained: the time at which it was meant is unknown.
        case retained
        case tooLarge = "too_large"
        /// Not JSON of the required form.
        case malformed
        case expired
        case unauthorised
        case unknownIncident = "unknown_incident"
        case unknownCommand = "unknown_command"
        case unknownCamera = "unknown_camera"
        /// Another request had this id.
        case idReused = "id_reused"
        /// The incident had been withdrawn before.
        case withdrawn
        /// Too many requests are in progress.
        case busy
        /// The site's store has another epoch.
        case otherEpoch = "other_epoch"
        /// The sender's quota for this hour is used up.
        case tooMany = "too_many"
        /// The site cannot do it.
        case unavailable
    }

    public let reason: Reason
    /// The sentence for people.
    public let text: String

    public init(_ reason: Reason, _ text: String) {
        self.reason = reason
        self.text = text
    }

    public var description: String { "\(reason.rawValue): \(text)" }
}
