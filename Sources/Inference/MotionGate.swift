public import Analytics
public import Domain

/// Admits a picture to the detector only where something has changed since the last admitted one.
///
/// Equal pictures give equal boxes: nothing is lost, and a quiet street costs next to nothing.
public struct MotionGate: Sendable {
    /// Pixels of a cell's side, at the small picture's size.
    private static let cell = 8
    /// Mean change of a cell that counts, in luma levels: sensor noise averages to far less over 64 pixels.
    private static let change = 4.0
    /// The detector runs at least once in this many seconds.
    public var longestRest = Self.usualRest
    public static let usualRest = 10.0

    private let watched: [Box]
    private var admitted: (time: MediaTime, picture: GreyImage)?

    /// - Parameter zones: the watched areas; changes elsewhere are ignored. Enlarged here, so that objects that reach into
    ///   them count.
    public init(zones: [Polygon]) { watched = zones.map { $0.bounds.grown(by: 0.5) } }

    /// Why the detector must run.
    public enum Admission: Sendable {
        /// The picture is another one, or somebody wants to know anew.
        case changed
        /// It has not changed, but the detector has rested for long enough.
        case rested
    }

    /// Why the detector must run on `picture`; nil where it need not.
    ///
    /// - Parameter isWanted: whether to run the detector even on an equal picture.
    public mutating func admission(
        of picture: GreyImage, at time: MediaTime, isWanted: Bool = false
    ) -> Admission? {
        var admission = Admission.changed
        if !isWanted, let admitted, time >= admitted.time,
            admitted.picture.width == picture.width, admitted.picture.height == picture.height,
            !hasChanged(from: admitted.picture, to: picture)
        {
            guard time - admitted.time >= longestRest else { return nil }
            admission = .rested
        }
        admitted = (time, picture)
        return admission
    }

    /// The last admitted picture could not be processed: the next one is admitted in any case.
    public mutating func forget() { admitted = nil }

    private func hasChanged(from old: GreyImage, to new: GreyImage) -> Bool {
        for box in watched {
            let left = pixel(box.x, of: new.width) / Self.cell
            let top = pixel(box.y, of: new.height) / Self.cell
            let right = min((pixel(box.maxX, of: new.width) + Self.cell - 1) / Self.cell, new.width / Self.cell)
            let bottom = min((pixel(box.maxY, of: new.height) + Self.cell - 1) / Self.cell, new.height / Self.cell)
            guard left < right, top < bottom else { continue }
            for row in top..<bottom {
                for column in left..<right where change(old, new, row, column) > Self.change { return true }
            }
        }
        return false
    }

    /// A share of `side` in whole pixels, clamped to 0…side; 0 for NaN.
    private func pixel(_ share: Double, of side: Int) -> Int {
        share > 0 ? Int(min(share, 1) * Double(side)) : 0
    }

    private func change(_ old: GreyImage, _ new: GreyImage, _ row: Int, _ column: Int) -> Double {
        var sum = 0
        for y in row * Self.cell..<(row + 1) * Self.cell {
            for x in column * Self.cell..<(column + 1) * Self.cell {
                let index = y * new.width + x
                sum += abs(Int(new.pixels[index]) - Int(old.pixels[index]))
            }
        }
        return Double(sum) / Double(Self.cell * Self.cell)
    }
}
