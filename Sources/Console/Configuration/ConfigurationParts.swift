package import Analytics
package import Domain
package import SiteConfiguration

/// What the console has of the configuration: the file, and what is in use of it.
package struct ConfigurationParts: Sendable {
    /// A zone in use.
    package struct WatchedZone: Sendable {
        package let zone: Zone
        package let rules: ZoneRules
        package let preset: String?

        package init(zone: Zone, rules: ZoneRules, preset: String?) {
            (self.zone, self.rules, self.preset) = (zone, rules, preset)
        }
    }

    /// A camera in use.
    package struct WatchedCamera: Sendable {
        package let name: String
        /// Its statistical area code.
        package let area: String
        package let zones: [WatchedZone]
        /// See `ZoneRules.rules`.
        package let minimumScore: Double
        /// By preset; nil for a camera without presets.
        package let histories: [String?: StayHistory]
        /// By how much its view has shifted, in shares of the picture, right and down; nil where it has not, or where that is not known.
        package let offset: Point?

        package init(
            name: String, area: String, zones: [WatchedZone], minimumScore: Double, histories: [String?: StayHistory],
            offset: Point?
        ) {
            (self.name, self.area, self.zones, self.minimumScore) = (name, area, zones, minimumScore)
            (self.histories, self.offset) = (histories, offset)
        }
    }

    /// What the daemon made of a changed file.
    package struct Applied: Sendable, Encodable {
        package enum Outcome: String, Sendable, Encodable {
            case applied
            /// The file is right, and is used from the next start on.
            case needsRestart = "needs_restart"
            /// The file stays, and the daemon goes on with what it had.
            case refused
            /// It has not said in time.
            case unknown
        }

        package let outcome: Outcome
        /// The keys, e.g. `broker.host`.
        package let needsRestart: [String]
        /// In English, as in the log; without secrets.
        package let reason: String?

        package init(_ outcome: Outcome, needsRestart: [String] = [], reason: String? = nil) {
            (self.outcome, self.needsRestart, self.reason) = (outcome, needsRestart, reason)
        }

        private enum CodingKeys: String, CodingKey {
            case outcome, reason
            case needsRestart = "needs_restart"
        }
    }

    /// Of the file.
    package let path: String
    /// Checks beyond the file's own, of what it names. Blocks, and throws `ConfigurationFaults` or another error.
    package let check: @Sendable (Configuration) throws -> Void
    /// Has the daemon take the file over.
    package let apply: @Sendable () async -> Applied
    /// Nil for a camera that is not in use.
    package let camera: @Sendable (_ id: String) -> WatchedCamera?

    package init(
        path: String, check: @escaping @Sendable (Configuration) throws -> Void,
        apply: @escaping @Sendable () async -> Applied, camera: @escaping @Sendable (_ id: String) -> WatchedCamera?
    ) {
        (self.path, self.check, self.apply, self.camera) = (path, check, apply, camera)
    }
}
