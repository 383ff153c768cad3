public import Analytics
public import Domain
import Hashing
import Video

/// A zone and what is watched in it.
public struct WatchedZone: Sendable, Hashable {
    public let zone: Zone
    public let rules: ZoneRules
    /// That it was drawn on; nil where the camera has none.
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

extension [WatchedZone] {
    /// For how long no look is needed while nothing happens, in seconds; nil where one of them needs every look.
    package var rest: Double? {
        let rests = map { zone in zone.rules.rest.map { Swift.min($0, zone.promise ?? $0) } }
        return rests.contains(nil) ? nil : rests.compactMap(\.self).min()
    }

    /// Those in which vehicles may be small and matter, that is, those that are watched for parking.
    public var withParking: [Zone] { filter { $0.rules.needs.contains(.smallVehicles) }.map(\.zone) }

    /// Tells zones from those that were drawn anew, on another view: by their outlines, whatever they are called and in
    /// whichever order they are written.
    ///
    /// - Parameter preset: that they were drawn on: with another picture it is another view too.
    package func drawing(on preset: CameraPreset?) -> String {
        let outlines = map { $0.zone.polygon.corners.map { "\($0.x),\($0.y)" }.joined(separator: " ") }
        let text = outlines.sorted().joined(separator: "\n")
        // Without a hash the view is learnt anew, at worst.
        return (try? SHA256.hex([UInt8](text.utf8) + (preset?.picture.pixels ?? []))) ?? text
    }
}
