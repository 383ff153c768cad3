public import Domain
public import Foundation

/// A grid worker's verdict on an incident, as received.
public struct Review: Sendable, Hashable {
    /// Identifies the request, if its sender wants that.
    public let id: String?
    public let incident: UUID
    public let verdict: Verdict
    public let by: String
    public let at: String?
    public let note: String?
    public let expires: Date?

    package static let keys: Set<String> = ["id", "incident", "verdict", "by", "at", "note", "expires"]

    package init(_ fields: InboundFields) throws(Rejection) {
        id = try fields.text("id")
        guard let incident = UUID(uuidString: try fields.required("incident")) else {
            throw Rejection(.malformed, "incident must be the id of an incident")
        }
        self.incident = incident
        guard let verdict = Verdict(rawValue: try fields.required("verdict")) else {
            let names = Verdict.allCases.map(\.rawValue).joined(separator: ", ")
            throw Rejection(.malformed, "verdict must be one of \(names)")
        }
        self.verdict = verdict
        by = try fields.required("by")
        _ = try fields.date("at")
        at = try fields.text("at")
        note = try fields.text("note", most: 2000, lines: true)
        expires = try fields.date("expires")
    }
}
