import Hashing
public import Inference
import Synchronization

/// Outputs of detection networks by their inputs: a picture that many tests look at runs through the network once in a process.
///
/// Exact: the key is the SHA-256 of the network's file and of all bytes of the input, so two inputs that are not the
/// same share no entry, and OpenCV gives the same outputs for the same input (`FootageTests` holds that without a
/// cache). Not for tests that measure the detector, compare engines or read raw outputs.
public final class OutputCache: Sendable {
    /// For all tests of the process. An input of 448×256 is kept in some tens of kilobytes.
    public static let shared = OutputCache(limit: 200 << 20)

    private struct Entry {
        let kept: KeptOutputs
        var used: Int
    }

    private struct Contents {
        var entries: [String: Entry] = [:]
        var bytes = 0
        var clock = 0
    }

    private let limit: Int
    private let contents = Mutex(Contents())

    /// - Parameter limit: bytes; what was not asked for longest goes first.
    public init(limit: Int) { self.limit = limit }

    /// The bytes that are kept, and of how many inputs.
    public var size: (bytes: Int, inputs: Int) { contents.withLock { ($0.bytes, $0.entries.count) } }

    /// The engine of that name with the cache before it. A network is loaded with the first input that is not known.
    public func engines(over real: InferenceEngines = .standard, name: String = Model.usualEngine) -> InferenceEngines {
        InferenceEngines([
            name: { model throws(InferenceError) in CachedEngine(model: model, real: real, cache: self) }
        ])
    }

    fileprivate func outputs(of key: String) -> [[Float]]? {
        let kept = contents.withLock { contents -> KeptOutputs? in
            contents.clock += 1
            contents.entries[key]?.used = contents.clock
            return contents.entries[key]?.kept
        }
        return kept?.outputs
    }

    fileprivate func keep(_ kept: KeptOutputs, as key: String) {
        contents.withLock { contents in
            contents.clock += 1
            let old = contents.entries.updateValue(Entry(kept: kept, used: contents.clock), forKey: key)
            contents.bytes += kept.bytes - (old?.kept.bytes ?? 0)
            while contents.bytes > limit, let oldest = contents.entries.min(by: { $0.value.used < $1.value.used }) {
                contents.entries[oldest.key] = nil
                contents.bytes -= oldest.value.kept.bytes
            }
        }
    }
}

private struct CachedEngine: InferenceEngine {
    /// The network.
    // @unchecked: one owner, one thread at a time, as of every engine.
    private final class Opened: @unchecked Sendable {
        var engine: any InferenceEngine & ~Copyable

        init(_ model: Model, _ engines: InferenceEngines) throws(InferenceError) { engine = try engines.open(model) }
    }

    let model: Model
    let real: InferenceEngines
    let cache: OutputCache
    private var opened: Opened?

    init(model: Model, real: InferenceEngines, cache: OutputCache) {
        (self.model, self.real, self.cache) = (model, real, cache)
    }

    mutating func forward(
        _ blob: [Float], width: Int, height: Int, outputs: [(name: String, count: Int)], isExact: Bool
    ) throws(InferenceError) -> [[Float]] {
        let names = outputs.map(\.name).joined(separator: ",")
        let hash = try Self.hash(blob)
        let key = "\(model.sha256) \(width)x\(height) \(names) \(hash)"
        if let known = cache.outputs(of: key) { return known }
        let all = try network().engine.forward(blob, width: width, height: height, outputs: outputs, isExact: isExact)
        let kept = KeptOutputs(all, of: model)
        cache.keep(kept, as: key)
        // As every later time.
        return kept.outputs
    }

    private mutating func network() throws(InferenceError) -> Opened {
        if let opened { return opened }
        let new = try Opened(model, real)
        opened = new
        return new
    }

    private static func hash(_ blob: [Float]) throws(InferenceError) -> String {
        do {
            let hash = try SHA256()
            try blob.withUnsafeBytes { try hash.update($0) }
            return try hash.hex()
        } catch {
            throw InferenceError("know an input again", cause: "\(error)", remedy: "check libcrypto")
        }
    }
}

/// Outputs of one input. All outputs of EfficientDet are 2 MB, so only anchors with a class that a detection could be
/// of are kept, bit for bit; the others come back as ones of which nothing is found.
struct KeptOutputs: Sendable {
    /// A logit below this is a score below 0.05; the detector uses those from 0.2 on (`ObjectDetector.faintScore`).
    private static let least: Float = -3

    /// Nil where all outputs are kept as they are.
    private let anchors: [Int]?
    private let values: [[Float]]
    private let count: Int
    private let classes: Int

    init(_ outputs: [[Float]], of model: Model) {
        classes = model.classes.count
        count = outputs.count == 2 ? outputs[1].count / 4 : 0
        guard model.head == Model.usualHead, count > 0, outputs[1].count == 4 * count,
            outputs[0].count == classes * count
        else {
            anchors = nil
            values = outputs
            return
        }
        var kept: [Int] = []
        var logits: [Float] = []
        var offsets: [Float] = []
        for anchor in 0..<count {
            let row = outputs[0][anchor * classes..<(anchor + 1) * classes]
            guard row.contains(where: { $0 >= Self.least }) else { continue }
            kept.append(anchor)
            logits += row
            offsets += outputs[1][4 * anchor..<4 * anchor + 4]
        }
        anchors = kept
        values = [logits, offsets]
    }

    var bytes: Int { values.reduce(0) { $0 + 4 * $1.count } + 8 * (anchors?.count ?? 0) + 500 }

    var outputs: [[Float]] {
        guard let anchors else { return values }
        var logits = [Float](repeating: -.infinity, count: classes * count)
        var offsets = [Float](repeating: 0, count: 4 * count)
        for (place, anchor) in anchors.enumerated() {
            for index in 0..<classes { logits[anchor * classes + index] = values[0][place * classes + index] }
            for index in 0..<4 { offsets[4 * anchor + index] = values[1][4 * place + index] }
        }
        return [logits, offsets]
    }
}
