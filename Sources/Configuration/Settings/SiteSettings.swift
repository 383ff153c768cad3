public import Domain
public import Foundation

/// Where the daemon stands.
public struct SiteSettings: Sendable, Hashable {
    /// Lower-case letters, digits and hyphens; part of topics and of the `source` of every message.
    public var id: String
    /// All 12 digits are given.
    public var area: AreaCode
    /// The grid's code; `000` where the area is not cut into grids.
    public var grid = "000"
    /// The micro-grid's code; `00` where there is none.
    public var microgrid = "00"
    /// The zone of the hours in the rules and of the times in the messages.
    public var timeZone = TimeZone(identifier: "Asia/Shanghai") ?? .gmt
    /// Where the database lives.
    public var stateDirectory = "/var/lib/gridwarden"
    /// Where the networks live.
    public var modelsDirectory = "/usr/share/gridwarden/models"
    /// Which departments differ from the catalogue's, or have a number here.
    public var departments = Routing()
    /// What else of the catalogue is different here.
    public var kinds: [KindOverride] = []

    public init(id: String, area: AreaCode) {
        self.id = id
        self.area = area
    }
}
