import Analytics
public import Domain
public import Inference
import Pipeline
public import Video

extension Benchmark {
    public struct Options: Sendable {
        /// Overrides the file beside the clip.
        public var truth: String?
        /// Seconds.
        public var dwell: Double
        /// Seconds for single kinds, in place of `dwell`.
        public var dwells: [AlertKind: Double] = [:]
        /// Only these kinds are watched; nil for all that the clip's zones ask for.
        public var kinds: Set<AlertKind>?
        /// `usualSampling` unless something else is asked for.
        public var sampling: SamplingPolicy
        /// That of a camera of the daemon whose configuration says nothing of it.
        public static let usualSampling = SamplingPolicy.keyFrames(promise: promise, interval: 2)
        private static let promise = 3.0
        /// Seconds from one look to the next that an alert may be late by.
        var longestLook: Double {
            switch sampling {
            case .keyFrames(let promise, _): promise
            case .every(let seconds): max(Self.promise, seconds)
            }
        }
        /// The shape in which pictures are shown; what the clip says where nil.
        public var aspect: Aspect?
        /// Whether zones in which vehicles are small are looked at in parts too.
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

        /// Without a truth file the whole picture is watched, for parking unless `kinds` says otherwise.
        func zones(_ truth: Truth?) -> [WatchedZone] {
            guard let truth else {
                let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map { Point(x: $0.0, y: $0.1) }
                let zone = Zone(id: "all", name: "", polygon: Polygon(corners))
                return [WatchedZone(zone: zone, rules: rules(kinds.map(Array.init) ?? [.illegalParking]))]
            }
            return truth.zones.map { zone in
                WatchedZone(
                    zone: Zone(id: zone.id, name: "", polygon: truth.polygon(zone)),
                    rules: rules(zone.rules.map(AlertKind.init)))
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
