import Contract
import Foundation
import SiteConfiguration

/// The versions of the configuration, the newest first.
struct VersionPage: Encodable {
    struct Row: Encodable {
        let number: Int
        let at: String
        /// Nil where somebody changed the file on the box.
        let by: String?
        /// The version that was restored with it.
        let backTo: Int?

        private enum CodingKeys: String, CodingKey {
            case number, at, by
            case backTo = "back_to"
        }
    }

    /// Of the file as it is.
    let version: String
    let isWritable: Bool
    /// Whether the file was changed by hand since the newest one.
    let isByHand: Bool
    /// The one that an undo restores; nil where there is none.
    let undo: Int?
    let items: [Row]

    private enum CodingKeys: String, CodingKey {
        case version, undo, items
        case isWritable = "writable"
        case isByHand = "by_hand"
    }

    init(
        version: String, isWritable: Bool, versions: [ConfigurationVersions.Version], previous: Int?, isByHand: Bool,
        in zone: TimeZone
    ) {
        (self.version, self.isWritable, self.isByHand, undo) = (version, isWritable, isByHand, previous)
        items = versions.reversed().map {
            Row(number: $0.number, at: RFC3339.string(from: $0.date, in: zone), by: $0.by, backTo: $0.backTo)
        }
    }
}
