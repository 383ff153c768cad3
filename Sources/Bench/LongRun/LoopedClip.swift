import Domain
import Foundation
import Video

/// The looks of a clip as small pictures, repeated for as long as a long run needs: the end is cross-faded into the
/// beginning, so that nothing jumps.
struct LoopedClip {
    struct Planes {
        /// Luma, blue and red difference, `width` × `height` bytes each, row-major.
        var values: [[UInt8]]
    }

    struct Unusable: Error, CustomStringConvertible { let description: String }

    /// Seconds between two looks, the daemon's default.
    static let look = 2.0
    /// Looks of the cross-fade, and the least number of looks in a loop: with fewer all of it would be cross-fade.
    private static let fade = 2
    private static let least = 4
    /// Most looks that are stored: ten minutes; and the largest width: the detector's input is narrower.
    private static let most = 300
    private static let widest = 640.0

    let width: Int
    let height: Int
    private let looks: [Planes]
    /// Looks of one repetition.
    let period: Int

    /// - Throws: where the clip is unreadable or too short to loop.
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

    /// The look with number `index` of an endless sequence.
    func look(_ index: Int) -> Planes {
        let place = index % period
        // The first looks of a repetition fade out the last ones of the previous one.
        guard index >= period, place < Self.fade else { return looks[place] }
        let share = (place + 1) * 256 / (Self.fade + 1)
        let (old, new) = (looks[period + place], looks[place])
        return Planes(
            values: zip(old.values, new.values).map { old, new in
                zip(old, new).map { UInt8((Int($0) * (256 - share) + Int($1) * share) >> 8) }
            })
    }
}
