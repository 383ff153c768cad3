public import Domain
public import Foundation
import Synchronization

/// The vehicles that stood and the things that lay in one view of a camera lately, wherever in the picture: so that a zone that is
/// being drawn can be told what it would have reported. In memory only, bounded, and it outlives the runs of its camera.
/// People are not in it.
public final class StayLog: Sendable {
    private let state = Mutex(StayHistory())

    public init() {}

    /// As it is now.
    public var history: StayHistory { state.withLock(\.self) }

    /// Takes one look; looks come in the order of their times.
    public func note(_ look: Observation) { state.withLock { $0.note(look) } }
}

/// What a `StayLog` holds at one moment.
public struct StayHistory: Sendable {
    /// Seconds of which is told.
    public static let told = 3600.0
    /// What has gone is kept for longer: where traffic waits, a rule learns from what stood there before.
    private static let kept = 5400.0
    /// Beyond this number the oldest one that has gone is forgotten.
    private static let most = 300
    /// Least overlap (IoU) of what an id speaks of before and after a restart.
    private static let sameness = 0.3
    /// Seconds by which the beginning of a thing moves where something else lies in its place.
    private static let renewal = 5.0

    /// The first and the newest look of this timeline; nil before the first.
    public private(set) var begin: MediaTime?
    public private(set) var end: MediaTime?
    /// Of the newest look.
    public private(set) var date = Date.distantPast
    var standing: [Stay] = []
    var lying: [Stay] = []
    private var next = 1

    public init() {}

    /// What was there within the time of which is told.
    public var stays: [Stay] {
        guard let end else { return [] }
        return (standing + lying).filter { stay in stay.until.map { end - $0 <= Self.told } ?? true }
    }

    /// The date of a time of its timeline.
    public func date(of time: MediaTime) -> Date { date.addingTimeInterval(-((end ?? time) - time)) }

    mutating func note(_ look: Observation) {
        let time = look.scene.time
        // Another timeline: what was is of another clock.
        if let end, time < end { self = StayHistory(next: next) }
        begin = begin ?? time
        (end, date) = (time, look.scene.date)
        noteStanding(look, at: time)
        noteLying(look.objects, at: time)
        Self.prune(&standing, at: time)
        Self.prune(&lying, at: time)
    }

    private init(next: Int) { self.next = next }

    private mutating func number() -> Int {
        defer { next += 1 }
        return next
    }

    private mutating func noteStanding(_ look: Observation, at time: MediaTime) {
        var open = Self.open(standing)
        for object in look.stationary where object.isEstablished && object.objectClass.isPlated {
            if let index = open[object.id], standing[index].box.iou(object.box) >= Self.sameness {
                open[object.id] = nil
                standing[index].update(object, at: time)
            } else {
                standing.append(Stay(object, number: number(), at: time))
            }
        }
        let ends = Dictionary(look.ended.map { ($0.object.id, $0.at) }) { first, _ in first }
        for (id, index) in open { standing[index].until = ends[id] ?? standing[index].lastSeen }
    }

    private mutating func noteLying(_ objects: [LeftObject], at time: MediaTime) {
        var open = Self.open(lying)
        for object in objects {
            switch object.presence {
            case .gone(let at), .lost(let at):
                if let index = open.removeValue(forKey: object.id) { lying[index].until = at }
                continue
            case .visible, .hidden: break
            }
            if case .known = object.identity { continue }
            if let index = open[object.id], object.since - lying[index].since < Self.renewal {
                open[object.id] = nil
                lying[index].update(object, at: time)
            } else {
                lying.append(Stay(object, number: number(), at: time))
            }
        }
        for index in open.values { lying[index].until = lying[index].lastSeen }
    }

    /// The indices of those that are there, by their ids.
    private static func open(_ stays: [Stay]) -> [Int: Int] {
        Dictionary(
            stays.indices.filter { stays[$0].until == nil }.map { (stays[$0].id, $0) }, uniquingKeysWith: { $1 })
    }

    private static func prune(_ stays: inout [Stay], at time: MediaTime) {
        stays.removeAll { stay in stay.until.map { time - $0 > kept } ?? false }
        while stays.count > most {
            guard let oldest = stays.indices.min(by: { key(stays[$0]) < key(stays[$1]) }) else { return }
            stays.remove(at: oldest)
        }
    }

    /// What has gone goes first, the longest ago before the others.
    private static func key(_ stay: Stay) -> (Int, Double) {
        (stay.until == nil ? 1 : 0, (stay.until ?? stay.since).seconds)
    }
}
