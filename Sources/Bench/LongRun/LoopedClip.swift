import Domain
import Foundation
import Video

/// The looks of a clip, held small, that go round for as long as a long run needs: the end is cross-faded into the
/// beginning, so that nothing jumps.
struct LoopedClip {
    struct Planes {
        /// Luma, blue and red difference, `width` × `height` bytes each, row-major.
        var values: [[UInt8]]
    }

    struct Unusable: Error, CustomStringConvertible { let description: String }

    /// Seconds between two looks, as the daemon's usual ones.
    static let look = 2.0
    /// Looks over which the end becomes the beginning, and the least that a loop has: less would be all cross-fade.
    private static let fade = 2
    private static let least = 4
    /// More than this is not held: ten minutes; and no wider: the detector's input is narrower.
    private static let most = 300
    private static let widest = 640.0

    let width: Int
    let height: Int
    private let looks: [Planes]
    /// Looks of one round.
    let period: Int

    /// - Throws: where the clip cannot be read or is too short to go round.
    init(path: String, aspect: Aspect?) throws {
        var recording = try Recording(path: path, sampling: .every(seconds: Self.look), aspect: aspect)
        var looks: [Planes] = []
        var scaler: Scaler?
        var size = (width: 0, height: 0)
        while looks.count < Self.most, let frame = try recording.next() {
            if scaler == nil {
                let scale = min(1, Self.widest / Double(max(1, frame.width)))
                size = (
                    max(16, Int(Double(frame.width) * scale) & ~1), max(16, Int(Double(frame.height) * scale) & ~1)
                )
                scaler = Scaler(width: size.width, height: size.height, format: .planes)
            }
            let count = size.width * size.height
            let values = try scaler?.scale(frame) { pixels in
                (0..<3).map { Array(pixels[$0 * count..<($0 + 1) * count]) }
            }
            if let values { looks.append(Planes(values: values)) }
        }
        guard looks.count >= Self.least + Self.fade else {
            throw Unusable(
                description: "it has \(looks.count) looks of \(Int(Self.look)) s, a loop needs "
                    + "\(Self.least + Self.fade): give a longer clip")
        }
        (width, height) = size
        self.looks = looks
        period = looks.count - Self.fade
    }

    /// The look number `index` of an endless row.
    func look(_ index: Int) -> Planes {
        let place = index % period
        // The first looks of a round are the last ones of the round before, on their way out.
        guard index >= period, place < Self.fade else { return looks[place] }
        let share = (place + 1) * 256 / (Self.fade + 1)
        let (old, new) = (looks[period + place], looks[place])
        return Planes(
            values: zip(old.values, new.values).map { old, new in
                zip(old, new).map { UInt8((Int($0) * (256 - share) + Int($1) * share) >> 8) }
            })
    }
}
