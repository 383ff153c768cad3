public import Domain
import Foundation

/// Tracks haze over the ground from look to look, and from burst frame to burst frame in between. Experimental: it has
/// been verified on one composed plume only.
///
/// The picture is judged in overlapping tiles. A tile is hazy where most recent pictures showed the ground through
/// something pale that moves; a plume is a group of hazy tiles that touch or are close. Smoke keeps its place over its
/// source, while the dust of a lorry or a passing lamp is gone sooner.
public struct SmokeWatcher: Sendable {
    /// Side of a tile in pixels, and the distance from one tile to the next.
    private static let side = 24
    private static let stride = 12
    /// The share of a tile that must differ from the background.
    private static let leastFaint = 0.5
    /// Seconds of history; the seconds of it, and looks, in which a tile must be hazy, or stir.
    private static let memory = 12.0
    private static let hazy = (seconds: 5.0, looks: 3)
    private static let joining = (seconds: 3.5, looks: 2)
    /// The longest time that one look represents, in seconds.
    private static let longestLook = 3.0
    /// Seconds after which a tile that is no longer hazy no longer belongs to the plume.
    private static let lingering = 5.0
    /// Least number of hazy tiles in a plume; haze over more than this share of the picture is fog.
    private static let leastTiles = 3
    private static let fog = 0.6
    /// The surroundings of a plume, as a share of its size: smoke there belongs to the same fire.
    private static let near = 0.5
    /// The clear view that ends a plume: as a share of its age, and in seconds. The longer a fire burns, the longer its
    /// smoke may pause.
    private static let clear = (share: 1.0 / 3, seconds: 4.0...30.0, looks: 3)
    /// Seconds after which a plume is decided.
    private static let decided = 30.0

    /// One look or burst frame.
    private struct Impression: Sendable {
        let time: MediaTime
        /// The time that it represents, in seconds.
        let seconds: Double
        var hazy: [Bool]
        /// Possibly too plain to show haze, but it stirs as its neighbours do.
        var stirred: [Bool]
    }

    private struct Candidate: Sendable {
        var plume: Plume
        /// Everything that it has covered so far.
        var reach: Box
        var emptied: (since: MediaTime, looks: Int)?
    }

    private var columns = 0
    private var rows = 0
    /// The newest last.
    private var impressions: [Impression] = []
    private var candidates: [Candidate] = []
    private var nextID = 1
    /// The state of an earlier run, until the first look.
    private var restored: SmokeCheckpoint?

    /// - Parameter restored: the state of an earlier run; its times must be of the same timeline.
    public init(restored: WatchCheckpoint? = nil) { self.restored = restored?.smoke }

    /// The plumes that are being tracked.
    public var plumes: [Plume] { restored?.plumes ?? candidates.map(\.plume) }

    /// The state from which a later run resumes; nil where there is no smoke.
    var checkpoint: SmokeCheckpoint? {
        if let restored { return restored }
        guard let last = impressions.last, !candidates.isEmpty else { return nil }
        return SmokeCheckpoint(
            time: last.time, columns: columns, rows: rows,
            impressions: impressions.map {
                .init(
                    time: $0.time, seconds: $0.seconds, hazy: Data($0.hazy.map { $0 ? 1 : 0 }),
                    stirred: Data($0.stirred.map { $0 ? 1 : 0 }))
            }, plumes: plumes)
    }

    /// Resumes from the state of an earlier run, as if the time between had been seen.
    private mutating func restore(at time: MediaTime) {
        guard let kept = restored else { return }
        restored = nil
        let count = kept.columns * kept.rows
        guard 0...StationaryObjectTracker.longestRestart ~= time - kept.time, 0..<100_000 ~= count,
            kept.impressions.allSatisfy({ $0.hazy.count == count && $0.stirred.count == count })
        else { return }
        (columns, rows) = (kept.columns, kept.rows)
        impressions = kept.impressions.map {
            Impression(
                time: $0.time, seconds: $0.seconds, hazy: $0.hazy.map { $0 != 0 },
                stirred: $0.stirred.map { $0 != 0 })
        }
        candidates = kept.plumes.map { Candidate(plume: $0, reach: $0.box) }
        nextID = (kept.plumes.map(\.id).max() ?? 0) + 1
    }

    /// Where there may be smoke.
    public private(set) var hazes: [Box] = []

    /// Whether there may be smoke that is not decided yet: more looks would help.
    public private(set) var isUndecided = false

    /// Processes a burst frame.
    public mutating func take(burstFrame scene: Scene, over ground: LeftObjectDetector) {
        guard restored == nil, let model = ground.take(burstFrame: scene) else { return }
        judge(model, things: ground.pixelsOfThings, at: scene.time)
    }

    /// Processes one look; returns the plumes over the ground and, once more, those that have just gone.
    public mutating func update(with ground: LeftObjectDetector, at time: MediaTime) -> [Plume] {
        guard let model = ground.model, model.isReady else {
            // The background is learnt again, together with any haze over it.
            restored = nil
            return []
        }
        restore(at: time)
        judge(model, things: ground.pixelsOfThings, at: time)
        let tiles = 0..<columns * rows
        var regions = plumes(in: model)
        var gone: [Plume] = []
        var kept: [Candidate] = []
        for old in candidates {
            var candidate = old
            let around = candidate.reach.grown(by: Self.near)
            let own = regions.filter { $0.box.intersection(around) > 0 }
            regions.removeAll { $0.box.intersection(around) > 0 }
            if let first = own.first {
                candidate.plume.box = own.dropFirst().reduce(first.box) { $0.union($1.box) }
                candidate.reach = candidate.reach.union(candidate.plume.box)
                candidate.plume.certainty = own.reduce(candidate.plume.certainty) { max($0, $1.certainty) }
                candidate.plume.presence = .visible
                candidate.plume.lastSeen = time
                candidate.emptied = nil
            } else if lingers(candidate.plume, in: model, at: time) {
                candidate.plume.lastSeen = time
                candidate.emptied = nil
            } else {
                candidate.emptied = (candidate.emptied?.since ?? time, (candidate.emptied?.looks ?? 0) + 1)
                candidate.plume.presence = .hidden
            }
            if let emptied = candidate.emptied, emptied.looks >= Self.clear.looks,
                time - emptied.since >= Self.pause(of: candidate.plume, until: emptied.since)
            {
                candidate.plume.presence = .gone(at: emptied.since)
                gone.append(candidate.plume)
            } else {
                kept.append(candidate)
            }
        }
        for region in regions {
            let plume = Plume(
                id: nextID, box: region.box, since: region.since, lastSeen: time, presence: .visible,
                certainty: region.certainty)
            kept.append(Candidate(plume: plume, reach: plume.box))
            nextID += 1
        }
        candidates = kept
        let hazy = tiles.filter { tile in impressions.contains { $0.hazy[tile] } }
        hazes = hazy.map { box(ofTile: $0, in: model) } + candidates.map(\.reach)
        isUndecided = isUndecided(in: model, at: time)
        return kept.map(\.plume) + gone
    }

    /// Seconds of clear view that end the plume.
    private static func pause(of plume: Plume, until end: MediaTime) -> Double {
        min(clear.seconds.upperBound, max(clear.seconds.lowerBound, clear.share * (end - plume.since)))
    }

    /// Whether adjacent tiles were recently hazy where no plume is old enough to be decided.
    private func isUndecided(in model: BackgroundModel, at time: MediaTime) -> Bool {
        let known = candidates.filter { time - $0.plume.since >= Self.decided }.map {
            $0.reach.grown(by: Self.near)
        }
        let recent = impressions.filter { time - $0.time <= Self.lingering }
        var mask = Plane(width: columns, height: rows)
        for tile in mask.values.indices where recent.contains(where: { $0.hazy[tile] }) {
            let box = box(ofTile: tile, in: model)
            if !known.contains(where: { $0.holds(box.centre) }) { mask.values[tile] = 1 }
        }
        return Blob.all(in: mask, least: Self.leastTiles).contains {
            Double($0.area) <= Self.fog * Double(columns * rows)
        }
    }

    private mutating func judge(_ model: BackgroundModel, things: Plane?, at time: MediaTime) {
        let (columns, rows) = (
            max(1, (model.width - Self.side) / Self.stride + 1), max(1, (model.height - Self.side) / Self.stride + 1)
        )
        if columns != self.columns || rows != self.rows {
            self.columns = columns
            self.rows = rows
            impressions = []
        }
        let count = columns * rows
        let passed = impressions.last.map { time - $0.time } ?? 1
        impressions.removeAll { !(0..<Self.memory ~= time - $0.time) }
        var now = Impression(
            time: time, seconds: min(Self.longestLook, max(0, passed)),
            hazy: [Bool](repeating: false, count: count), stirred: [Bool](repeating: false, count: count))
        for row in 0..<rows {
            for column in 0..<columns {
                var (pixels, faint, stirred, count) = ([Int](), 0, 0, 0)
                for y in row * Self.stride..<min(model.height, row * Self.stride + Self.side) {
                    for x in column * Self.stride..<min(model.width, column * Self.stride + Self.side) {
                        let pixel = y * model.width + x
                        guard things.map({ $0.values[pixel] == 0 }) ?? true else { continue }
                        count += 1
                        faint += Int(model.faint.values[pixel])
                        stirred += Int(model.stirred.values[pixel])
                        pixels.append(pixel)
                    }
                }
                let isChanged = count >= Self.side * Self.side / 2 && Double(faint) >= Self.leastFaint * Double(count)
                let tile = row * columns + column
                now.hazy[tile] = isChanged && HazeEvidence(of: pixels, in: model)?.isHaze ?? false
                now.stirred[tile] = isChanged && stirred * 4 >= count
            }
        }
        impressions.append(now)
    }

    /// Whether a tile had the property `what` for so many of the stored seconds and looks.
    private func holds(
        _ tile: Int, _ what: (Impression) -> [Bool], for least: (seconds: Double, looks: Int)
    ) -> Bool {
        var (seconds, looks) = (0.0, 0)
        for impression in impressions where what(impression)[tile] {
            seconds += impression.seconds
            looks += 1
        }
        return seconds >= least.seconds && looks >= least.looks
    }

    /// Whether a plume is still visible: some of its tiles, recently.
    private func lingers(_ plume: Plume, in model: BackgroundModel, at time: MediaTime) -> Bool {
        let recent = impressions.filter { time - $0.time <= Self.lingering }
        let seen = (0..<columns * rows).filter { tile in
            recent.contains { $0.hazy[tile] } && plume.box.holds(box(ofTile: tile, in: model).centre)
        }
        return seen.count >= 2
    }

    private func box(ofTile index: Int, in model: BackgroundModel) -> Box {
        let (width, height) = (Double(model.width), Double(model.height))
        return Box(
            x: Double(index % columns * Self.stride) / width, y: Double(index / columns * Self.stride) / height,
            width: Double(Self.side) / width, height: Double(Self.side) / height)
    }

    /// Connected groups with enough hazy tiles.
    private func plumes(in model: BackgroundModel) -> [(box: Box, since: MediaTime, certainty: Double)] {
        let isHazy = (0..<columns * rows).map { holds($0, \.hazy, for: Self.hazy) }
        var mask = Plane(width: columns, height: rows)
        for tile in isHazy.indices where isHazy[tile] || holds(tile, \.stirred, for: Self.joining) {
            mask.values[tile] = 1
        }
        let remembered = impressions.reduce(0) { $0 + $1.seconds }
        return Blob.all(in: mask, least: Self.leastTiles).compactMap { blob in
            let hazy = blob.pixels.filter { isHazy[$0] }
            guard hazy.count >= Self.leastTiles, Double(blob.area) <= Self.fog * Double(isHazy.count),
                let since = impressions.first(where: { look in hazy.contains { look.hazy[$0] } })?.time
            else { return nil }
            let first = self.box(ofTile: blob.top * columns + blob.left, in: model)
            let box = first.union(self.box(ofTile: blob.bottom * columns + blob.right, in: model))
            let seconds = impressions.reduce(0.0) { sum, look in
                sum + look.seconds * Double(hazy.count { look.hazy[$0] })
            }
            return (box, since, seconds / max(1, Double(hazy.count) * remembered))
        }
    }
}

/// The state of tracked smoke that keeps its time after a restart.
struct SmokeCheckpoint: Sendable, Codable, Equatable {
    /// One look or burst frame; one byte a tile.
    struct Impression: Sendable, Codable, Equatable {
        let time: MediaTime
        let seconds: Double
        let hazy: Data
        let stirred: Data

        private enum CodingKeys: String, CodingKey {
            case time, seconds, stirred
            case hazy = "veiled"
        }
    }

    /// Time of the last look.
    let time: MediaTime
    let columns: Int
    let rows: Int
    let impressions: [Impression]
    let plumes: [Plume]
}

/// A part of the picture covered by smoke (the ground is still seen through it, paler, and it stirs) or filled by
/// flames.
public struct Plume: Sendable, Codable, Equatable {
    public enum Presence: Sendable, Codable, Equatable {
        case visible
        case hidden
        /// It has not been seen since then.
        case gone(at: MediaTime)
    }

    /// Flames have negative ids.
    public let id: Int
    public internal(set) var box: Box
    public internal(set) var since: MediaTime
    public internal(set) var lastSeen: MediaTime
    public internal(set) var presence: Presence
    /// For smoke the highest share so far of its tiles' looks that show stirring haze; for flames the share of the
    /// bursts in which they flickered, 0 while they are only suspected. 0…1.
    public internal(set) var certainty: Double

    /// The surroundings, as a share of its size and of the picture: fire or smoke there belongs to the same fire.
    private static let near = 1.0
    private static let nearest = 0.06

    /// The area in which something else belongs to the same fire.
    var reach: Box { box.grown(by: max(Self.near, Self.nearest / max(1e-6, min(box.width, box.height)))) }
}
