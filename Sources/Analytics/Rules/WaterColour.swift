public import Domain

extension AlertKind {
    public static let dirtyWater = AlertKind(rawValue: "env.water_dirty")
}

extension RuleDescriptor {
    static let waterColour = RuleDescriptor(
        [.dirtyWater], fields: [.dwell, .windows, .timeZone, .holidays], needs: .colour, surface: .water, grace: .long
    ) { _ in
        WaterSettings()
    } make: {
        WaterColour(zone: $2.zone, settings: $1)
    }
}

/// Water whose colour differs for a long time from its usual colour. Experimental: there was no footage of it.
///
/// The colour of the zone relative to the rest of the picture, which cancels the camera's white balance and the colour
/// of the daylight, is compared with its own long-term mean.
public struct WaterColour: RememberingRule {
    struct Mean: Sendable, Codable {
        var blue = 0.0
        var red = 0.0
        var deviation = 2.0
    }

    struct Checkpoint: Codable {
        let mean: Mean
        let looks: Int
        let change: LastingCondition?
        let number: Int
    }

    /// Seconds for which the mean is valid without a look: colours of water change slowly.
    private static let longestKnown = 86_400.0
    /// Number of looks from which the mean can be compared with.
    private static let firstLooks = 150
    /// Update rate of the mean and of its deviation, per look.
    private static let pace = 1.0 / 1000
    /// Levels of blue and red difference together, and number of mean deviations, that a change must exceed.
    private static let leastChange = 10.0
    private static let deviations = 6.0
    /// Luma levels in which colours can be measured.
    private static let light = 40.0...230.0

    let zone: Zone
    private let settings: WaterSettings
    private var mean = Mean()
    private var looks = 0
    private var change: LastingCondition?
    private var number = 1

    public init(zone: Zone, settings: WaterSettings) {
        self.zone = zone
        self.settings = settings
    }

    var kind: AlertKind { .dirtyWater }
    var checkpoint: Checkpoint? {
        looks > 0 ? Checkpoint(mean: mean, looks: looks, change: change, number: number) : nil
    }
    mutating func restore(_ checkpoint: Checkpoint, after gap: Double) {
        guard gap <= Self.longestKnown else { return }
        (mean, looks, change, number) = (checkpoint.mean, checkpoint.looks, checkpoint.change, checkpoint.number)
        if gap <= Self.longestGap { change?.resume(after: gap) }
    }

    public mutating func evaluate(_ look: Observation) -> [Finding] {
        guard let colour = colour(of: look.scene) else {
            return change.map { [finding($0, $0.unseenPhase)] } ?? []
        }
        let time = look.scene.time
        let distance = abs(colour.blue - mean.blue) + abs(colour.red - mean.red)
        let isOther =
            looks >= Self.firstLooks && distance > max(Self.leastChange, Self.deviations * mean.deviation)
        guard isOther else {
            learn(colour, distance)
            return settle(at: time)
        }
        var change =
            self.change
            ?? LastingCondition(
                look.scene, settings.windows, "the water has another colour than before", zh: "水的颜色与以前不同")
        if let dwell = change.lasts(look.scene, settings.windows, dwell: settings.dwell) {
            change.why.append(
                .init(
                    at: time,
                    what: "for \(Int(dwell)) s its colour is \(Int(distance)) levels off its long mean, "
                        + "daylight taken out",
                    zh: "持续 \(Int(dwell)) 秒，扣除日光影响后，颜色与长期平均相差 \(Int(distance)) 级"))
        }
        self.change = change
        return [finding(change, change.phase)]
    }

    private mutating func settle(at time: MediaTime) -> [Finding] {
        guard var change else { return [] }
        let end = change.rests(at: time)
        self.change = change
        guard let end else { return [finding(change, change.unseenPhase)] }
        change.why.append(.init(at: end, what: "the water has its own colour again", zh: "水恢复了原来的颜色"))
        let ended = finding(change, .ended(at: end))
        self.change = nil
        number += 1
        return [ended]
    }

    /// The mean follows slowly; at first it is the mean of all looks.
    private mutating func learn(_ colour: (blue: Double, red: Double), _ distance: Double) {
        looks += 1
        let pace = max(Self.pace, 1 / Double(looks))
        mean.blue += (colour.blue - mean.blue) * pace
        mean.red += (colour.red - mean.red) * pace
        if looks > 10 { mean.deviation += (distance - mean.deviation) * max(Self.pace, 1 / Double(looks)) }
    }

    /// Mean blue and red difference of the zone minus those of the rest; nil by night and without colour.
    private func colour(of scene: Scene) -> (blue: Double, red: Double)? {
        guard let chroma = scene.chroma else { return nil }
        let (width, height) = (scene.picture.width, scene.picture.height)
        var inside = (luma: 0, blue: 0, red: 0, count: 0)
        var outside = (blue: 0, red: 0, count: 0)
        for y in stride(from: 0, to: height, by: 3) {
            for x in stride(from: 0, to: width, by: 3) {
                let pixel = y * width + x
                let point = Point(x: (Double(x) + 0.5) / Double(width), y: (Double(y) + 0.5) / Double(height))
                if zone.polygon.contains(point) {
                    inside.luma += Int(scene.picture.pixels[pixel])
                    inside.blue += Int(chroma.blue[pixel])
                    inside.red += Int(chroma.red[pixel])
                    inside.count += 1
                } else {
                    outside.blue += Int(chroma.blue[pixel])
                    outside.red += Int(chroma.red[pixel])
                    outside.count += 1
                }
            }
        }
        guard inside.count >= 20, Self.light.contains(Double(inside.luma) / Double(inside.count)) else { return nil }
        let (blue, red) = (Double(inside.blue) / Double(inside.count), Double(inside.red) / Double(inside.count))
        guard outside.count >= 20 else { return (blue - 128, red - 128) }
        return (blue - Double(outside.blue) / Double(outside.count), red - Double(outside.red) / Double(outside.count))
    }

    private func finding(_ change: LastingCondition, _ phase: Finding.Phase) -> Finding {
        Finding(
            kind: .dirtyWater, zone: zone.id, place: number, phase: phase, firstSeen: change.counts,
            lastSeen: change.lastSeen, threshold: settings.dwell,
            object: .init(objectClass: .water, confidence: 0.5, box: zone.polygon.bounds), why: change.why)
    }
}

/// How a zone of water is watched for an unusual colour.
public struct WaterSettings: TimedRuleSettings {
    /// Seconds for which the colour may differ.
    public var dwell: Double
    public var windows: TimeWindows

    public init(dwell: Double = 1800, windows: TimeWindows = .always) {
        self.dwell = dwell
        self.windows = windows
    }
}
