public import Domain

/// Something that a masking network found: where, and how sure it is.
public struct ScoredBox: Sendable, Hashable {
    public var box: Box
    /// 0…1.
    public var score: Double

    public init(box: Box, score: Double) {
        self.box = box
        self.score = score
    }

    /// Greedy non-maximum suppression, best first.
    static func suppress(_ boxes: [ScoredBox], overlap: Double) -> [ScoredBox] {
        var kept: [ScoredBox] = []
        for candidate in boxes.sorted(by: { ($1.score, $0.box.x, $0.box.y) < ($0.score, $1.box.x, $1.box.y) })
        where !kept.contains(where: { $0.box.iou(candidate.box) > overlap }) {
            kept.append(candidate)
        }
        return kept
    }
}
