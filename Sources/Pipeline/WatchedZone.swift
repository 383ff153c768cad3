public import Analytics
public import Domain
import Hashing
public import Inference
import Video

/// A zone and what is watched in it.
public struct WatchedZone: Sendable, Hashable {
    public let zone: Zone
    public let rules: ZoneRules
    /// The preset that it was drawn on; nil where the camera has none.
    public let preset: String?
    /// The longest time without a look, in seconds; nil where its rules decide.
    public let promise: Double?

    public init(zone: Zone, rules: ZoneRules, preset: String? = nil, promise: Double? = nil) {
        self.promise = promise
        self.zone = zone
        self.rules = rules
        self.preset = preset
    }
}

extension WatchedZone {
    /// See `[WatchedZone].rest`.
    fileprivate func rest(without shed: Set<AlertKind>) -> Double? {
        rules.rest(without: shed).map {
            rules.kinds.isSubset(of: shed) ? LoadShedder.longestRest : Swift.min($0, promise ?? $0)
        }
    }

    /// Seconds between two looks, at most, while nothing happens; at a usual pace where its rules need every look.
    package func promise(usually usual: Double) -> Double { Swift.max(usual, rest(without: []) ?? usual) }
}

extension [WatchedZone] {
    /// For how long no look is needed while nothing happens, in seconds; nil where one of them needs every look.
    ///
    /// - Parameter shed: see `LoadShedder`.
    package func rest(without shed: Set<AlertKind> = []) -> Double? {
        let rests = map { $0.rest(without: shed) }
        return rests.contains(nil) ? nil : rests.compactMap(\.self).min()
    }

    /// The zones in which vehicles may be small and matter, that is, those that are watched for parking.
    public var withParking: [Zone] { filter { $0.rules.needs.contains(.vehicles) }.map(\.zone) }

    /// Whether nothing but motor vehicles is looked for in any of them.
    public var areForVehicles: Bool {
        allSatisfy { $0.rules.kinds.allSatisfy { Rules[$0]?.needs == .vehicles } }
    }

    /// Distinguishes zones from those drawn on another view: by their outlines, independent of names and order.
    ///
    /// - Parameter preset: that they were drawn on; another picture is another view too.
    package func drawing(on preset: CameraPreset?) -> String {
        let outlines = map { $0.zone.polygon.corners.map { "\($0.x),\($0.y)" }.joined(separator: " ") }
        let text = outlines.sorted().joined(separator: "\n")
        // Without a hash the view is, at worst, learnt again.
        return (try? SHA256.hex([UInt8](text.utf8) + (preset?.picture.pixels ?? []))) ?? text
    }
}

extension ObjectDetector {
    /// With the weights for what is looked for in these zones.
    public func suited(to zones: [WatchedZone]) -> ObjectDetector { zones.areForVehicles ? forVehicles : self }
}
