import Video

/// Cuts a picture into overlapping tiles of one size, so that a network with a fixed input sees it at full resolution.
enum Tiles {
    /// The tiles that cover a picture, in pixels; one where the picture is no larger than a tile.
    ///
    /// - Parameter overlap: an object up to this size is complete in at least one tile, in pixels.
    static func covering(width: Int, height: Int, tile: (width: Int, height: Int), overlap: Int) -> [PixelBox] {
        let columns = starts(width, tile.width, overlap)
        let rows = starts(height, tile.height, overlap)
        return rows.flatMap { y in
            columns.map { x in
                PixelBox(x: x, y: y, width: min(tile.width, width), height: min(tile.height, height))
            }
        }
    }

    private static func starts(_ length: Int, _ tile: Int, _ overlap: Int) -> [Int] {
        guard length > tile else { return [0] }
        let step = max(1, tile - overlap)
        let steps = (length - tile + step - 1) / step
        // Evenly spread; the last one ends at the picture's edge.
        return (0...steps).map { $0 * (length - tile) / steps }
    }
}
