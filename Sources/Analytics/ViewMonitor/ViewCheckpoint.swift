public import Foundation

/// The constant edges of a camera's view, by which a later run recognises it.
///
/// About 12 kB, whatever the picture's size; stored as a binary property list.
public struct ViewCheckpoint: Sendable, Codable, Hashable {
    /// Version of the fields below; any other version is rejected.
    static let currentVersion = 1
    private static let longestSide = 4096

    let version: Int
    /// Points of the edge field.
    let width: Int
    let height: Int
    /// Number of edges in the view; the points are chosen from them.
    let edges: Int
    /// Rows and columns of the points as row × width + column, four bytes each, the lowest first.
    let places: Data
    /// `EdgeField.x` and `y` at those points as signed bytes, 127 for 1.
    let x: Data
    let y: Data
    /// The zones drawn on it, in a form defined by the caller: other zones were drawn on another view.
    public var zones = ""

    /// Nil where there are too few constant edges.
    init?(_ field: EdgeField, at points: [Int], of edges: Int) {
        guard points.count >= ReferenceView.points.least else { return nil }
        version = Self.currentVersion
        (width, height, self.edges) = (field.width, field.height, edges)
        let points = points.prefix(ReferenceView.points.most)
        places = Data(points.flatMap { point in (0..<4).map { UInt8(truncatingIfNeeded: point >> (8 * $0)) } })
        func byte(_ value: Float) -> UInt8 { UInt8(bitPattern: Int8(max(-127, min(127, (value * 127).rounded())))) }
        x = Data(points.map { byte(field.x[$0]) })
        y = Data(points.map { byte(field.y[$0]) })
    }

    /// The checkpoint of a single small picture; nil where too little is visible in it.
    public init?(_ picture: GreyImage) {
        let field = EdgeField(picture)
        self.init(
            field, at: field.strongest(above: ReferenceView.edge, most: ReferenceView.points.most),
            of: field.count(above: ReferenceView.edge))
    }

    /// Nil where `data` is damaged or has another version; the view is then learnt again.
    public init?(data: Data) {
        guard let read = try? PropertyListDecoder().decode(ViewCheckpoint.self, from: data),
            read.version == Self.currentVersion, read.isWhole
        else { return nil }
        self = read
    }

    /// - Throws: if Foundation cannot encode it, which these fields should never cause.
    public func data() throws -> Data { try PropertyListEncoder.binary.encode(self) }

    /// Whether the picture shows the view, in any light.
    public func isSeen(in picture: GreyImage) -> Bool {
        KnownView(self).likeness(in: EdgeField(picture)) != nil
    }

    private var isWhole: Bool {
        (1...Self.longestSide).contains(width) && (1...Self.longestSide).contains(height)
            && (ReferenceView.points.least...ReferenceView.points.most).contains(x.count) && y.count == x.count
            && places.count == 4 * x.count && edges >= x.count && edges <= width * height
            && points.allSatisfy { $0 < width * height }
    }

    var points: [Int] {
        let bytes = [UInt8](places)
        return stride(from: 0, to: bytes.count - 3, by: 4).map { at in
            (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
        }
    }

    /// Whether pictures of this size can be compared with it.
    public func fits(width: Int, height: Int) -> Bool {
        self.width == max(1, width / 2) && self.height == max(1, height / 2)
    }
}
