import Analytics
import Domain
import Foundation
import SiteConfiguration

/// What stood and lay in the last hour, and what zones would have reported of it: those that are being drawn, and those in use.
struct ZonePreview: Encodable {
    struct Stay: Encodable {
        let id: Int
        let `class`: ObjectClass
        let box: Box
        let preset: String?
        /// Seconds before now; `until` nil while it is there.
        let from: Double
        let until: Double?
    }

    struct Verdict: Encodable {
        struct Told: Encodable {
            let stay: Int
            let kind: String
            /// Seconds before now.
            let ago: Double
        }

        var told: [Told] = []
        /// Stays that the zone's rules take notice of, reported or not.
        var inside: [Int] = []
    }

    /// Why a rule says nothing.
    struct Silence: Encodable {
        enum Reason: String, Encodable {
            /// It goes by something else than what stands and lies.
            case rule
            /// Things on the ground are only followed where a zone in use is.
            case ground
            /// Nothing has been seen yet.
            case looks
        }

        let zone: String
        let kind: String
        let why: Reason
    }

    /// Seconds of which it tells, 3600 or since the first look.
    let seconds: Double
    /// Seconds before now of the newest look; nil before the first.
    let looked: Double?
    let stays: [Stay]
    /// By the id of the zone.
    let zones: [String: Verdict]
    let inForce: [String: Verdict]
    let unsaid: [Silence]
    /// Why the zones that are being drawn have no verdict.
    let faults: [Fault.Field]

    private enum CodingKeys: String, CodingKey {
        case seconds, looked, stays, zones, unsaid, faults
        case inForce = "in_force"
    }

    /// Zones with faults.
    init(faults: [Fault.Field], _ camera: ConfigurationParts.WatchedCamera, at now: Date) {
        self.init(nil, faults, camera, at: now)
    }

    init(of zones: [ZoneSettings], _ camera: ConfigurationParts.WatchedCamera, at now: Date) {
        self.init(
            zones.map { .init(zone: $0.zone, rules: $0.rules, preset: $0.preset) }, [], camera, at: now)
    }

    private init(
        _ drafts: [ConfigurationParts.WatchedZone]?, _ faults: [Fault.Field],
        _ camera: ConfigurationParts.WatchedCamera,
        at now: Date
    ) {
        let clock = Clock(now: now)
        let newest = camera.histories.values.compactMap { history in
            history.end.map { clock.ago($0, history) }
        }.min()
        looked = newest
        seconds = min(
            StayHistory.told,
            camera.histories.values.compactMap { history in history.begin.map { clock.ago($0, history) } }.max() ?? 0)
        stays = camera.histories.flatMap { preset, history in
            history.stays.map { stay in
                Stay(
                    id: stay.number, class: stay.objectClass, box: stay.box, preset: preset,
                    from: clock.ago(stay.since, history), until: stay.until.map { clock.ago($0, history) })
            }
        }.sorted { $0.from > $1.from }
        inForce = Self.verdicts(camera.zones, camera, clock)
        self.zones = drafts.map { Self.verdicts($0, camera, clock) } ?? [:]
        unsaid = (drafts ?? []).flatMap { Self.silences(of: $0, camera) }
        self.faults = faults
    }

    /// Seconds before now, by the date of a look.
    private struct Clock {
        let now: Date

        func ago(_ time: MediaTime, _ history: StayHistory) -> Double {
            (now.timeIntervalSince(history.date(of: time)) * 10).rounded() / 10
        }
    }

    private static func verdicts(
        _ zones: [ConfigurationParts.WatchedZone], _ camera: ConfigurationParts.WatchedCamera, _ clock: Clock
    ) -> [String: Verdict] {
        var verdicts: [String: Verdict] = [:]
        for (preset, here) in Dictionary(grouping: zones, by: \.preset) {
            guard let history = camera.histories[preset] else { continue }
            for zone in here { verdicts[zone.zone.id] = Verdict() }
            for told in history.replay(here.map { ($0.zone, $0.rules) }, minimumScore: camera.minimumScore) {
                if verdicts[told.zone]?.inside.contains(told.stay) == false {
                    verdicts[told.zone]?.inside.append(told.stay)
                }
                guard let at = told.at else { continue }
                verdicts[told.zone]?.told.append(
                    .init(stay: told.stay, kind: told.kind.rawValue, ago: clock.ago(at, history)))
            }
        }
        return verdicts
    }

    private static func silences(
        of draft: ConfigurationParts.WatchedZone, _ camera: ConfigurationParts.WatchedCamera
    ) -> [Silence] {
        draft.rules.kinds.sorted { $0.rawValue < $1.rawValue }.compactMap { kind in
            func silence(_ why: Silence.Reason) -> Silence {
                Silence(zone: draft.zone.id, kind: kind.rawValue, why: why)
            }
            guard let replay = Rules[kind]?.replay else { return silence(.rule) }
            guard camera.histories[draft.preset]?.end != nil else { return silence(.looks) }
            guard replay == .lying, !isOnGround(draft, camera) else { return nil }
            return silence(.ground)
        }
    }

    /// Whether the ground below it is watched: within the bounds of zones in use that need it.
    private static func isOnGround(
        _ draft: ConfigurationParts.WatchedZone, _ camera: ConfigurationParts.WatchedCamera
    ) -> Bool {
        camera.zones.contains {
            $0.preset == draft.preset && $0.rules.needs.contains(.ground)
                && draft.zone.polygon.bounds.covered(by: $0.zone.polygon.bounds) > 0.99
        }
    }
}
