public import Analytics
public import Domain
import Foundation
import Threading
public import Video

/// Chooses the pictures of each incident of one camera.
///
/// The first panorama must be taken before it is known to be needed: each pending place keeps one in memory until it
/// ends. Two panoramas of an incident are at least `spacing` apart: where the threshold passes sooner, a later one
/// follows with an update of the incident.
public struct EvidenceRecorder: Sendable {
    /// Seconds between the two panoramas of a standing vehicle, after GA/T 832-2014.
    public static let spacing = 10.0

    private struct Place: Hashable, Sendable {
        let kind: AlertKind
        let zone: String
        let number: Int

        init(_ finding: Finding) {
            kind = finding.kind
            zone = finding.zone
            number = finding.place
        }
    }

    private struct First: Sendable {
        let view: EvidenceView
        let time: MediaTime
        /// Time of the last finding about its place.
        var lastSpoken: MediaTime
    }

    /// The pictures of an open incident so far.
    private struct Pack: Sendable {
        let incident: UUID
        /// Of its earliest panorama.
        let since: MediaTime
        var isComplete: Bool
    }

    /// Most pending places that keep a picture; a camera over a car park would otherwise fill the memory.
    private static let mostPending = 32
    /// Seconds without a finding after which a place is forgotten: not every pending finding ends explicitly.
    private static let longestSilence = 60.0
    /// How many times smaller a JPEG is than its frame.
    private static let compression = 8
    /// Margin around the object, as a share of its size.
    private static let margin = 0.35

    private let compress: @Sendable (Frame) async throws -> [UInt8]
    private var first: [Place: First] = [:]
    private var packs: [Place: Pack] = [:]

    /// - Parameter compress: encodes a frame to be kept in memory, on a thread of its own.
    public init(compress: @escaping @Sendable (Frame) async throws -> [UInt8]) { self.compress = compress }

    /// The first picture of a thing, from before the look that found it.
    public struct Arrival: Sendable {
        /// Of the thing, in shares of the picture.
        public let box: Box
        public let frame: Frame
        /// The vehicles in that picture: where it is masked, too.
        public let vehicles: [Box]

        public init(box: Box, frame: Frame, vehicles: [Box]) {
            (self.box, self.frame, self.vehicles) = (box, frame, vehicles)
        }

        /// Whether it is what was found there; two boxes of one thing that stands still are nearly equal.
        public static func isSame(_ box: Box, _ finding: Finding) -> Bool { box.iou(finding.object.box) >= 0.5 }
    }

    /// Whether the first view of a finding is still to be kept.
    public func lacksFirst(_ finding: Finding) -> Bool {
        let place = Place(finding)
        return finding.phase == .pending && first[place] == nil && packs[place] == nil
            && first.count < Self.mostPending
    }

    /// Keeps the first view of pending findings, and forgets ended ones.
    ///
    /// - Parameters:
    ///   - vehicles: the detected vehicles, in shares of the picture.
    ///   - arrivals: the first views of things that came before this look.
    public mutating func note(
        _ findings: [Finding], vehicles: [Box], in frame: Frame, arrivals: [Arrival] = []
    ) {
        var view: EvidenceView?
        first = first.filter { frame.time - $0.value.lastSpoken <= Self.longestSilence }
        for finding in findings {
            let place = Place(finding)
            first[place]?.lastSpoken = frame.time
            switch finding.phase {
            case .pending where lacksFirst(finding):
                if let arrival = arrivals.first(where: { Arrival.isSame($0.box, finding) }) {
                    first[place] = First(
                        view: self.view(of: arrival.frame, arrival.vehicles), time: arrival.frame.time,
                        lastSpoken: frame.time)
                    continue
                }
                let taken = view ?? self.view(of: frame, vehicles)
                view = taken
                first[place] = First(view: taken, time: frame.time, lastSpoken: frame.time)
            case .ended:
                first[place] = nil
                packs[place] = nil
            default: break
            }
        }
    }

    /// The views of an incident that has just changed; none for a change that shows nothing new.
    public mutating func views(
        for incident: Incident, findings: [Finding], vehicles: [Box], in frame: Frame
    ) -> [EvidenceView] {
        guard incident.isOpen else { return [] }
        var views: [EvidenceView] = []
        if incident.state == .opened {
            let finding = findings.first {
                $0.kind == incident.kind && $0.zone == incident.zone && $0.object.box == incident.object.box
            }
            if let place = finding.map(Place.init) {
                let earliest = first.removeValue(forKey: place)
                if let earliest { views.append(earliest.view) }
                let since = earliest?.time ?? frame.time
                packs[place] = Pack(
                    incident: incident.id, since: since, isComplete: frame.time - since >= Self.spacing)
            }
        } else if let pack = packs.first(where: { $0.value.incident == incident.id }) {
            packs[pack.key]?.isComplete = pack.value.isComplete || frame.time - pack.value.since >= Self.spacing
        }
        views.append(
            EvidenceView(
                role: incident.state == .opened ? .panoramaConfirming : .panoramaLater, source: .init(keeping: frame),
                taken: frame.date, vehicles: vehicles))
        views.append(
            EvidenceView(
                role: .closeUp, source: .init(keeping: frame), part: incident.object.box.grown(by: Self.margin),
                taken: frame.date, vehicles: vehicles))
        return views
    }

    /// The findings whose incident still lacks a second panorama, once it may be taken.
    public func due(_ findings: [Finding], at time: MediaTime) -> [Finding] {
        findings.filter { finding in
            guard finding.phase == .standing, let pack = packs[Place(finding)] else { return false }
            return !pack.isComplete && time - pack.since >= Self.spacing
        }
    }

    /// Whether a second panorama of one of them is still to be taken.
    public func isWaiting(for findings: [Finding]) -> Bool {
        findings.contains { finding in
            finding.phase == .standing && packs[Place(finding)].map { !$0.isComplete } ?? false
        }
    }

    private func view(of frame: Frame, _ vehicles: [Box]) -> EvidenceView {
        let source = EvidenceView.Source(keeping: frame)
        if case .key = source {
            return EvidenceView(role: .panoramaFirst, source: source, taken: frame.date, vehicles: vehicles)
        }
        return EvidenceView(
            role: .panoramaFirst, source: .compressed(Task { [compress] in try await compress(frame) }),
            taken: frame.date, vehicles: vehicles, bytes: EvidenceView.bytes(of: frame) / Self.compression)
    }
}

/// Encodes frames that may be needed later as JPEG, on a thread of its own: masking takes seconds, and frames that wait
/// for it would fill the memory.
actor FrameCompressor {
    private let thread = DedicatedThread(name: "compress")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func compress(_ frame: Frame, quality: Int) throws -> [UInt8] { try JPEG.encode(frame, quality: quality) }
}
