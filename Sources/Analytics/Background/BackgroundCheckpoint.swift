public import Domain
public import Foundation

/// What must be known of a camera's ground so that what lies there keeps its time after a restart.
///
/// About 200 kB for a picture of 320 × 180 pixels; read and written as a binary property list.
public struct BackgroundCheckpoint: Sendable, Codable, Equatable {
    /// Of the fields below; another version is not read.
    static let currentVersion = 1

    /// The ground under one appearance of the view, and what lies on it.
    struct Appearance: Sendable, Codable, Equatable {
        let width: Int
        let height: Int
        /// One byte a pixel, row-major.
        let luma: Data
        let blue: Data
        let red: Data
        /// Mean deviations, restlessness and what nobody has seen yet, as `RunLengths`: large parts are alike.
        let noise: Data
        let restless: Data
        let unknown: Data
        let candidates: [Candidate]
    }

    /// One thing, or what may become one.
    struct Candidate: Sendable, Codable, Equatable {
        let object: LeftObject
        /// Its pixels as pairs: the first of a run, and how many.
        let runs: [Int]
        /// Mean luma values of its place, rounded.
        let appearance: Data
        let strength: Double
        let verdicts: [Bool]
        let good: Int
        let looks: Int
        let hiddenLooks: Int
        let rejections: Int
        let changedLooks: Int
        let lookedAt: Double?
    }

    let version: Int
    /// When the camera last saw this.
    public let time: MediaTime
    /// Nil where the ground was still being learnt.
    let now: Appearance?
    /// The other one, by day or infra-red, where things lie that were seen under it.
    let other: Appearance?

    /// What lies there.
    var objects: [LeftObject] { [now, other].compactMap { $0 }.flatMap { $0.candidates.map(\.object) } }

    /// Nil where `data` is damaged or of another version: the ground is learnt anew then.
    public init?(data: Data) {
        guard let read = try? PropertyListDecoder().decode(BackgroundCheckpoint.self, from: data),
            read.version == Self.currentVersion
        else { return nil }
        self = read
    }

    init(time: MediaTime, now: Appearance?, other: Appearance?) {
        version = Self.currentVersion
        self.time = time
        self.now = now
        self.other = other
    }

    /// - Throws: where Foundation cannot encode it, which these fields give no cause for.
    public func data() throws -> Data {
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        return try encoder.encode(self)
    }
}

/// What became of the ground that an earlier run had kept.
public enum BackgroundRestoration: Sendable, Equatable {
    /// There was none.
    case none
    /// It waits for the first look.
    case waiting
    /// What lay there keeps its time.
    case taken
    /// The ground is learnt anew; what lies there is part of it.
    case refused(Reason)

    public enum Reason: String, Sendable {
        case tooOld = "too old"
        case otherView = "the camera shows another view, or another size of picture"
    }
}

/// Bytes as pairs: how many, and of which value.
enum RunLengths {
    static func encode(_ values: [UInt8]) -> Data {
        var runs = Data()
        var index = 0
        while index < values.count {
            var end = index + 1
            while end < values.count, end - index < 255, values[end] == values[index] { end += 1 }
            runs.append(UInt8(end - index))
            runs.append(values[index])
            index = end
        }
        return runs
    }

    /// Nil where the runs do not make `count` bytes.
    static func decode(_ runs: Data, count: Int) -> [UInt8]? {
        let bytes = Array(runs)
        guard bytes.count.isMultiple(of: 2) else { return nil }
        var values: [UInt8] = []
        values.reserveCapacity(count)
        for index in stride(from: 0, to: bytes.count, by: 2) {
            guard values.count + Int(bytes[index]) <= count else { return nil }
            values += repeatElement(bytes[index + 1], count: Int(bytes[index]))
        }
        return values.count == count ? values : nil
    }
}
