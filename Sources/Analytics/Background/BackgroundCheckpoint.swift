public import Domain
public import Foundation

/// The background of one camera's view, from which objects on the ground keep their time after a restart.
///
/// About 200 kB for a picture of 320 × 180 pixels; stored as a binary property list.
public struct BackgroundCheckpoint: Sendable, Codable, Equatable {
    /// Version of the fields below; any other version is rejected.
    static let currentVersion = 1

    /// The background under one appearance of the view (day or infra-red), and the objects on it.
    struct Appearance: Sendable, Codable, Equatable {
        let width: Int
        let height: Int
        /// One byte a pixel, row-major.
        let luma: Data
        let blue: Data
        let red: Data
        /// Mean deviations, restlessness and pixels not yet seen, as `RunLengths`: large areas have equal values.
        let noise: Data
        let restless: Data
        let unknown: Data
        let candidates: [Candidate]
    }

    /// An object, or a candidate for one.
    struct Candidate: Sendable, Codable, Equatable {
        let object: LeftObject
        /// Its pixels as pairs: the first pixel of a run and the length of the run.
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
    /// Time of the last look.
    public let time: MediaTime
    /// Nil where the background was still being learnt.
    let now: Appearance?
    /// The other appearance (day or infra-red), where objects were found under it.
    let other: Appearance?

    /// The objects on the ground.
    var objects: [LeftObject] { [now, other].compactMap { $0 }.flatMap { $0.candidates.map(\.object) } }

    /// Nil where `data` is damaged or has another version; the background is then learnt again.
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

    /// - Throws: if Foundation cannot encode it, which these fields should never cause.
    public func data() throws -> Data {
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        return try encoder.encode(self)
    }
}

/// The result of restoring the background of an earlier run.
public enum BackgroundRestoration: Sendable, Equatable {
    /// There was nothing to restore.
    case none
    /// Waiting for the first look.
    case waiting
    /// Restored: objects on the ground keep their time.
    case taken
    /// The background is learnt again; objects on the ground become part of it.
    case refused(Reason)

    public enum Reason: String, Sendable {
        case tooOld = "too old"
        case otherView = "the camera shows another view, or another size of picture"
    }
}

/// Run-length encoding: pairs of a count and a byte value.
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

    /// Nil where the runs do not add up to `count` bytes.
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
