import Domain

/// What one burst of pictures showed in each tile, and what several of them say together.
struct FlameBurst: Sendable {
    /// Flickering pixels in a tile. In the three recordings without fire that came closest the same place never had more than 17
    /// in three bursts running; in the one that burns it had 260 (bursts of 1.2 to 2 s, swings of 20 to 28 levels).
    private static let leastFlickering = 20
    /// Pixels of a tile below which it does not flicker at all. Flames of 3 to 6 % of the picture's width have 6 to 57, from one
    /// burst to the next (computed ones, Tests/Scenes/fires.py): one burst alone says little of them, and their mean does.
    private static let faint = 8
    /// What one burst adds to that mean at most: what passes once has hundreds.
    private static let mostInMean = 40
    /// Pixels as bright as a core (`FlickerMap.cores`) that a tile of flames has at least.
    private static let leastCore = 4
    /// Bursts in which a tile must flicker.
    static let bursts = 3

    let time: MediaTime
    /// Flickering pixels of each tile, 0 where they are faint, without a core or in unison; nil where it was not looked at.
    var pixels: [Int?] = []
    /// The bounds of the flickering pixels of each such tile.
    var boxes: [Int: Box] = [:]

    init(time: MediaTime) { self.time = time }

    /// What counts of so many flickering pixels of a tile, of which so many are as bright as a core.
    static func pixels(flickering: Int, cores: Int) -> Int {
        flickering >= faint && cores >= leastCore ? flickering : 0
    }

    func flickers(_ tile: Int) -> Bool { pixels[tile] ?? 0 > 0 }

    /// Whether a tile flickered strongly in three bursts, or in three and in the mean of all.
    static func burns(_ tile: Int, in bursts: [FlameBurst]) -> Bool {
        let pixels = bursts.compactMap { $0.pixels[tile] }
        guard pixels.count(where: { $0 > 0 }) >= Self.bursts else { return false }
        let sum = pixels.reduce(0) { $0 + min(mostInMean, $1) }
        return pixels.count { $0 >= leastFlickering } >= Self.bursts || sum >= leastFlickering * pixels.count
    }
}
