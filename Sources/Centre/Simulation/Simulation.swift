package import Contract
package import Domain
import Foundation
package import MQTT

/// What is simulated: sites with cameras, and what befalls them. The same seed makes the same choices.
package struct Simulation: Sendable {
    /// What befalls a site besides incidents, in times an hour on average.
    package struct Troubles: Sendable, Hashable {
        /// The network is gone for 5 to 40 s.
        package var outages = 0.0
        /// The daemon is started anew, in the middle of what it sends.
        package var restarts = 0.0
        /// The database is lost, and with it what had not been sent; the site goes on in a new epoch.
        package var lostStores = 0.0
        /// Some of what waits has to make room before any broker had it.
        package var drops = 0.0
        /// A camera is blind for a while.
        package var faults = 0.0
        /// The share of sites whose clock is wrong, by up to a day.
        package var wrongClocks = 0.0

        package init() {}

        /// All of them, many times an hour.
        package static var many: Troubles {
            var troubles = Troubles()
            (troubles.outages, troubles.restarts, troubles.lostStores) = (60, 60, 15)
            (troubles.drops, troubles.faults, troubles.wrongClocks) = (20, 60, 0.25)
            return troubles
        }
    }

    package var seed: UInt64 = 1
    package var sites = 10
    /// Of each site.
    package var cameras = 4
    /// Messages about incidents a second, of each site.
    package var rate = 0.1
    /// Seconds.
    package var duration = 60.0
    package var area: AreaCode
    package var topics = AlertTopics()
    package var troubles = Troubles()
    /// The share of messages that follow from a review at the site.
    package var reviews = 0.05
    /// The share of incidents that a twin site sees too, at the same place.
    package var twins = 0.0
    /// Retained states of incidents are published as well.
    package var retains = true
    /// Each incident has a picture, which is sent.
    package var pictures = false
    /// Seconds between two reports of a site.
    package var reportEvery = 20.0
    /// Seconds for which what is left is sent after the end.
    package var patience = 60.0
    /// Of the broker; each site has a client of its own.
    package var broker: MQTTSettings

    package init(area: AreaCode, broker: MQTTSettings) {
        self.area = area
        self.broker = broker
    }

    static let twinZone = "twin"

    /// The id of a site, as in messages and topics.
    package func siteID(_ number: Int) -> String { String(format: "%@-sim%04d", place(number).area.digits, number) }

    /// Sites are spread over villages and grids of the area, whatever its level.
    func place(_ number: Int) -> GridLocation {
        var digits = area.segment(area.level)
        if digits.utf8.count == 2 { digits += "05" }
        if digits.utf8.count == 4 { digits += "83" }
        if digits.utf8.count == 6 { digits += String(format: "%03d", 100 + number / 20 % 300) }
        if digits.utf8.count == 9 { digits += String(format: "%03d", 201 + number % 20) }
        let code = (try? AreaCode(digits)) ?? area
        return GridLocation(area: code, grid: String(format: "%03d", 1 + number % 7), microgrid: "02")
    }

    /// The places at which two sites see the same: for `centre.places` of the configuration.
    package var places: [(id: String, zones: [String])] {
        guard twins > 0 else { return [] }
        return stride(from: 0, to: sites - 1, by: 2).map { first in
            (
                "twin-\(first / 2)", [first, first + 1].map { "\(siteID($0))/cam-01/\(Self.twinZone)" }
            )
        }
    }
}
