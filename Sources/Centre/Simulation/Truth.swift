package import Foundation

/// What a simulation has done, against which a centre's database is held.
package struct Truth: Codable, Sendable {
    /// One epoch of a site's store.
    package struct Epoch: Codable, Sendable {
        package var epoch: String
        /// Of each message, by sequence from 1.
        package var ids: [String]
        /// First and last of each span that nobody can have.
        package var lost: [[Int64]]
        /// The highest sequence that anybody outside can know of: what is beyond it was never heard of.
        package var heard: Int64
        /// Whether the site still has it.
        package var isCurrent: Bool

        private enum CodingKeys: String, CodingKey {
            case epoch, ids, lost, heard
            case isCurrent = "current"
        }
    }

    /// As the newest message says that somebody can have.
    package struct Incident: Codable, Sendable {
        package var id: String
        package var revision: Int
        package var state: String
        package var review: String
        package var kind: String
        /// `pair/number` of one that two sites see at one place.
        package var twin: String?
        /// What later messages say that were on their way when the site lost them: nobody knows whether a broker had them.
        package var unsure: [Version] = []
    }

    package struct Version: Codable, Sendable {
        package var revision: Int
        package var state: String
        package var review: String
    }

    package struct Site: Codable, Sendable {
        package var id: String
        package var area: String
        /// Seconds by which its clock is ahead.
        package var clock: Double
        package var epochs: [Epoch]
        package var incidents: [Incident]
        /// What befell it, by name.
        package var troubles: [String: Int]
        /// Reviews and commands that it carried out.
        package var requests: Int
    }

    /// A step that simulated people took.
    package struct Step: Codable, Sendable {
        package var request: String
        package var caseID: String
        package var action: String
        /// The stage after it.
        package var stage: String

        private enum CodingKeys: String, CodingKey {
            case request, action, stage
            case caseID = "case"
        }
    }

    package var seed: UInt64
    /// RFC 3339.
    package var began: String
    package var ended: String
    package var sites: [Site]
    package var steps: [Step]
    /// Messages that no broker had taken at the end, although somebody waited.
    package var unsent: Int

    package var messages: Int { sites.reduce(0) { $0 + $1.epochs.reduce(0) { $0 + $1.ids.count } } }
    package var lost: Int64 {
        sites.reduce(0) { sum, site in
            sum + site.epochs.reduce(0) { $0 + $1.lost.reduce(0) { $0 + $1[1] - $1[0] + 1 } }
        }
    }

    package init(json: Data) throws { self = try JSONDecoder().decode(Truth.self, from: json) }

    init(
        seed: UInt64, began: String, ended: String, sites: [Site], steps: [Step], unsent: Int
    ) {
        (self.seed, self.began, self.ended) = (seed, began, ended)
        (self.sites, self.steps, self.unsent) = (sites, steps, unsent)
    }

    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }
}
