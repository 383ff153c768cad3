/// Where something is: the area, the grid in it, and the micro-grid in that.
public struct GridLocation: Sendable, Hashable {
    public var area: AreaCode
    public var grid: String
    public var microgrid: String

    public init(area: AreaCode, grid: String = "000", microgrid: String = "00") {
        self.area = area
        self.grid = grid
        self.microgrid = microgrid
    }
}
