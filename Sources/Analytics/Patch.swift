/// The look of one place: `side` × `side` mean luma values, row-major.
public struct Patch: Sendable, Equatable {
    public static let side = 20

    /// Below this deviation (in luma levels) a patch is plain ground: what is left is noise of sensor and codec.
    private static let plain: Float = 5

    public let values: [Float]
    public let mean: Float
    public let deviation: Float

    init(values: [Float]) {
        self.values = values
        let count = Float(max(1, values.count))
        let mean = values.reduce(0, +) / count
        self.mean = mean
        deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    }

    /// How much two patches show the same thing, −1…1: the normalised cross-correlation, which a change of gain or
    /// offset (a cloud, an exposure step) leaves alone. Two plain patches are compared by their brightness.
    public func likeness(_ other: Patch) -> Double {
        guard values.count == other.values.count else { return 0 }
        switch (deviation < Self.plain, other.deviation < Self.plain) {
        case (true, true): return Double(max(0, 1 - abs(mean - other.mean) / 40))
        case (true, false), (false, true): return 0
        case (false, false): break
        }
        var sum: Float = 0
        for index in values.indices { sum += (values[index] - mean) * (other.values[index] - other.mean) }
        return Double(sum / (Float(values.count) * deviation * other.deviation))
    }
}
