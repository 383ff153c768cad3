package import Domain
package import Foundation
package import Store
import Threading

/// What the console has of its site. Closures block where they say so, and are then called on the console's own thread.
package struct ConsoleParts: Sendable {
    /// A row of the page of health.
    package struct HealthRow: Sendable, Encodable, Hashable {
        package enum State: String, Sendable, Encodable { case ok, warn, bad }

        package let id: String
        package let state: State
        package let name: LocalizedName
        package let now: LocalizedName
        /// What it means, or what to do.
        package let action: LocalizedName

        package init(id: String, state: State, name: LocalizedName, now: LocalizedName, action: LocalizedName) {
            (self.id, self.state, self.name, self.now, self.action) = (id, state, name, now, action)
        }
    }

    /// The answer to a verdict.
    package struct Reviewed: Sendable, Encodable {
        package let state: String
        package let review: String
        package let revision: Int
        /// The incident already had this verdict.
        package let repeated: Bool

        package init(state: String, review: String, revision: Int, repeated: Bool) {
            (self.state, self.review, self.revision, self.repeated) = (state, review, revision, repeated)
        }
    }

    package let outbox: Outbox
    package let site: SiteIdentity
    /// Names of kinds in both languages, where a message has them in one.
    package let catalogue: Catalogue
    /// The rows of health. Blocks, and throws where the store does not answer.
    package let health: @Sendable () throws -> [HealthRow]
    package let cameras: CameraParts
    /// Does a review as one that came by MQTT, of an incident whose alerts have this topic, from an address. Blocks, and
    /// throws a `Rejection`.
    package let review: @Sendable (_ request: [UInt8], _ topic: String, _ address: String) throws -> Reviewed
    /// The bytes of a picture, where they have this hash; nil where it is not there any more. Blocks.
    package let picture: @Sendable (_ file: String, _ sha256: String, _ bytes: Int) -> [UInt8]?
    package let now: @Sendable () -> Date
    /// Nil where the daemon reads no file again.
    package var configuration: ConfigurationParts?
    /// Nil where no camera can be added.
    package var commissioning: Commissioning?
    /// What `gridwarden status --json` prints, and the metrics for Prometheus. Both block, and throw where the store does
    /// not answer; nil where the site has none.
    package var status: (@Sendable () throws -> String)?
    package var metrics: (@Sendable () throws -> (mediaType: String, text: String))?

    package init(
        outbox: Outbox, site: SiteIdentity, catalogue: Catalogue, health: @escaping @Sendable () throws -> [HealthRow],
        cameras: CameraParts,
        review: @escaping @Sendable (_ request: [UInt8], _ topic: String, _ address: String) throws -> Reviewed,
        picture: @escaping @Sendable (_ file: String, _ sha256: String, _ bytes: Int) -> [UInt8]?,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        (self.outbox, self.site, self.catalogue) = (outbox, site, catalogue)
        (self.health, self.cameras) = (health, cameras)
        (self.review, self.picture, self.now) = (review, picture, now)
    }
}

/// What blocks for the disk, on one thread of the console's own: a disk that hangs holds up the console, and nothing
/// else.
actor ConsoleDesk {
    private nonisolated let executor = DedicatedThread(name: "console")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    nonisolated let parts: ConsoleParts
    nonisolated var now: Date { parts.now() }
    /// Accounts, on the same thread.
    nonisolated let access: AccessDesk

    init(_ parts: ConsoleParts) {
        self.parts = parts
        access = AccessDesk(
            parts.outbox,
            .init(
                roles: Account.Role.ofSite, area: parts.site.place.area.digits, timeZone: parts.site.timeZone,
                command: "gridwarden users"), thread: executor, now: parts.now)
    }

    func run<Result: Sendable>(_ body: @Sendable (ConsoleParts) throws -> Result) throws -> Result { try body(parts) }
}
