import Analytics
public import Domain
import Evidence
import Foundation
import Glibc
public import Inference
import Pipeline
import Synchronization
public import Video

/// Runs recorded footage through the daemon's own pipeline, on media time, as fast as possible.
public struct Benchmark: Sendable {
    private let detector: ObjectDetector
    private let options: Options
    /// One sequence for all clips: their evidence may go to the same folder.
    private let ids = SequentialIDs()

    public init(detector: ObjectDetector, options: Options) {
        self.detector = detector
        self.options = options
    }

    /// Throws where a clip cannot be opened. A later error is the report's `fault`: earlier results still count.
    ///
    /// - Parameter progress: called periodically with the completed share, 0…1.
    public func run(_ clip: String, progress: (Double) -> Void = { _ in }) async throws -> ClipReport {
        let truth = try options.truth(for: clip)
        let zones = options.zones(truth)
        let detector = detector.suited(to: zones)
        let gallery = try options.evidence.map { try Gallery(folder: $0.folder, masking: $0.masking) }
        var pipeline = CameraPipeline(
            zones: zones, detector: detector,
            incidents: IncidentBook(camera: clip) { [ids] _ in ids.next() }, recorder: gallery?.recorder,
            hasTiles: options.hasTiles)
        var recording = try Recording(path: clip, sampling: options.sampling, aspect: options.aspect)
        var annotator = options.annotate.map { Annotator(path: $0, zones: zones.map(\.zone.polygon)) }
        let before = processSeconds()
        var alerts: [Score.Alert] = []
        var last: MediaTime?
        var blind = BlindTime()
        var size = (width: 0.0, height: 0.0)
        let duration = recording.duration ?? 0
        var fault: String?
        var remarks: [String] = []
        do {
            while let frame = try recording.next() {
                size = (Double(frame.width), Double(frame.height))
                for remark in frame.remarks where !remarks.contains(remark) { remarks.append(remark) }
                let look = try await pipeline.look(at: frame)
                for remark in look.remarks where !remarks.contains(remark) { remarks.append(remark) }
                recording.attention = pipeline.attention
                recording.rest = pipeline.rest
                guard !frame.isBurstFrame else { continue }
                for change in look.changes {
                    if let index = alerts.firstIndex(where: { $0.incident.id == change.incident.id }) {
                        alerts[index].incident = change.incident
                    } else {
                        alerts.append(.init(incident: change.incident, wait: last.map { look.time - $0 } ?? 0))
                    }
                }
                blind.add(look.judgement, at: look.time)
                last = look.time
                for change in look.changes { try await gallery?.add(change, clip: clip) }
                try annotator?.add(frame, look)
                if duration > 0 { progress(min(1, recording.seconds / duration)) }
            }
            if pipeline.costs.looks == 0 { fault = "no picture of it could be looked at" }
        } catch {
            fault = "\(error)"
        }
        do { try annotator?.finish() } catch { fault = fault ?? "\(error)" }
        let cpu = processSeconds() - before
        let costs = pipeline.costs
        let score = truth.map {
            Score(
                alerts: alerts, truth: $0, dwell: options.threshold, longestLook: options.longestLook,
                kinds: options.kinds)
        }
        let stream = max(recording.seconds, 0.001)
        let known = recording.decodeSeconds + costs.gate + costs.infer
        return ClipReport(
            clip: clip, fault: fault, remarks: remarks,
            input: last.map { _ in detector.model.input(width: Int(size.width), height: Int(size.height)).size },
            dwell: Dictionary(
                zones.flatMap(\.rules.kinds).map { ($0.rawValue, options.threshold(of: $0)) }, uniquingKeysWith: { $1 }),
            matched: score?.matched ?? 0,
            missed: score?.missed ?? 0, wrong: score?.wrong ?? 0, duplicate: score?.duplicate ?? 0,
            openingDelay: .init(score?.openingDelays ?? []), closingDelay: .init(score?.closingDelays ?? []),
            looks: costs.looks, burstFrames: costs.burstFrames, inferences: costs.inferences, cpuSeconds: rounded(cpu),
            streamSeconds: rounded(stream),
            blindSeconds: rounded(blind.seconds),
            cost: .init(
                total: precise(cpu / stream), decode: precise(recording.decodeSeconds / stream),
                gate: precise(costs.gate / stream), infer: precise(costs.infer / stream),
                tiles: precise(costs.tiles / stream),
                rest: precise(max(0, cpu - known) / stream)),
            peakRSS: peakRSS(),
            alerts: alerts.map(\.incident).map { incident in
                let box = incident.object.box
                return .init(
                    kind: incident.kind.rawValue, zone: incident.zone, openedS: rounded(incident.confirmed.seconds),
                    closedS: incident.closed.map { rounded($0.seconds) },
                    box: [box.x * size.width, box.y * size.height, box.width * size.width, box.height * size.height].map
                    {
                        $0.rounded()
                    })
            })
    }

    private func processSeconds() -> Double {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    private func peakRSS() -> Double {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return (Double(usage.ru_maxrss) / 1024 * 10).rounded() / 10
    }
}

extension Benchmark {
    public struct Options: Sendable {
        /// Overrides the file beside the clip.
        public var truth: String?
        /// Seconds.
        public var dwell: Double
        /// Seconds for single kinds, in place of `dwell`.
        public var dwells: [AlertKind: Double] = [:]
        /// Only these kinds are watched; nil for all kinds of the clip's zones.
        public var kinds: Set<AlertKind>?
        /// `usualSampling` by default.
        public var sampling: SamplingPolicy
        /// That of a camera of the daemon with default settings.
        public static let usualSampling = SamplingPolicy.keyFrames(promise: promise, interval: 2)
        private static let promise = 3.0
        /// The longest time without a look, in seconds, of each zone; nil where the rules decide, as in the daemon.
        public var promise: Double?
        /// Seconds between two looks, by which an alert may be late.
        var longestLook: Double {
            switch sampling {
            case .keyFrames(let promise, _): promise
            case .every(let seconds): max(Self.promise, seconds)
            }
        }
        /// The shape in which pictures are displayed; nil uses that of the clip.
        public var aspect: Aspect?
        /// Whether zones with small vehicles are also detected in tiles.
        public var hasTiles = true
        /// Where to write the annotated video.
        public var annotate: String?
        /// Where to write the masked evidence, and the networks to mask it with.
        public var evidence: (folder: String, masking: MaskingModels)?

        public init(
            truth: String? = nil, dwell: Double = 30, kinds: Set<AlertKind>? = nil,
            sampling: SamplingPolicy = usualSampling, annotate: String? = nil,
            evidence: (folder: String, masking: MaskingModels)? = nil
        ) {
            self.truth = truth
            self.dwell = dwell
            self.kinds = kinds
            self.sampling = sampling
            self.annotate = annotate
            self.evidence = evidence
        }

        /// Nil where there is none.
        func truth(for clip: String) throws -> Truth? {
            if let truth { return try Truth.load(truth) }
            let beside = URL(filePath: clip).deletingPathExtension().path + ".truth.json"
            return FileManager.default.fileExists(atPath: beside) ? try Truth.load(beside) : nil
        }

        /// Without a truth file the whole picture is watched, for parking unless `kinds` says otherwise.
        func zones(_ truth: Truth?) -> [WatchedZone] {
            guard let truth else {
                let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map { Point(x: $0.0, y: $0.1) }
                let zone = Zone(id: "all", name: "", polygon: Polygon(corners))
                return [
                    WatchedZone(
                        zone: zone, rules: rules(kinds.map(Array.init) ?? [.illegalParking]),
                        promise: promise)
                ]
            }
            return truth.zones.map { zone in
                WatchedZone(
                    zone: Zone(id: zone.id, name: "", polygon: truth.polygon(zone)),
                    rules: rules(zone.rules.map(AlertKind.init)), promise: promise)
            }
        }

        func threshold(of kind: AlertKind) -> Double { dwells[kind] ?? Rules[kind]?.trialDwell ?? dwell }

        func rules(_ kinds: [AlertKind]) -> ZoneRules {
            var rules = ZoneRules()
            for kind in kinds where self.kinds?.contains(kind) ?? true {
                rules[kind] = Rules[kind]?.settings(of: kind, dwell: threshold(of: kind))
            }
            return rules
        }
    }
}

/// Ids that are the same in every run.
final class SequentialIDs: Sendable {
    private let count = Atomic<UInt64>(0)

    func next() -> UUID {
        let value = count.add(1, ordering: .relaxed).newValue
        return withUnsafeBytes(of: value.bigEndian) { b in
            UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]))
        }
    }
}
