/// Why a request is not honoured.
public struct Rejection: Error, Sendable, Hashable, CustomStringConvertible {
    /// The word for programs.
    public enum Reason: String, Sendable, Codable, CaseIterable {
        /// It was retained: nobody knows when it was meant.
        case retained
        case tooLarge = "too_large"
        /// No JSON of the given form.
        case malformed
        case expired
        case unauthorised
        case unknownIncident = "unknown_incident"
        case unknownCommand = "unknown_command"
        case unknownCamera = "unknown_camera"
        /// Another request had this id.
        case idReused = "id_reused"
        /// The incident was withdrawn before.
        case withdrawn
        /// Too much is under way.
        case busy
        /// The site's store is of another epoch.
        case otherEpoch = "other_epoch"
        /// Its sender's share of this hour is used up.
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
