/// How far a shaking camera shows its picture beside the background, in whole pixels: where both differ least once the overall
/// gain is taken out.
struct Displacement {
    /// The largest that is found.
    static let reach = 2
    /// Every so many pixels are compared.
    private static let step = 3

    let x: Int
    let y: Int

    /// - Parameter hidden: 1 where the background is not seen.
    init(of picture: Plane, against ground: Plane, hidden: Plane) {
        let (width, height) = (ground.width, ground.height)
        let (rows, columns) = (
            stride(from: 4, to: height - 4, by: Self.step), stride(from: 4, to: width - 4, by: Self.step)
        )
        var (now, then) = (1, 1)
        for y in rows {
            for x in columns where hidden.values[y * width + x] == 0 {
                now += Int(picture.values[y * width + x])
                then += Int(ground.values[y * width + x])
            }
        }
        let gain = now * 256 / then
        var best = (x: 0, y: 0, cost: Int.max)
        var still = Int.max
        picture.values.withUnsafeBufferPointer { picture in
            ground.values.withUnsafeBufferPointer { ground in
                for dy in -Self.reach...Self.reach {
                    for dx in -Self.reach...Self.reach {
                        var cost = 0
                        for y in rows {
                            for x in columns {
                                let pixel = y * width + x
                                let here = Int(picture[pixel + dy * width + dx])
                                // A large difference is an object, not a movement.
                                cost += min(24, abs(here - Int(ground[pixel]) * gain >> 8))
                            }
                        }
                        if dx == 0, dy == 0 { still = cost }
                        if cost < best.cost { best = (dx, dy, cost) }
                    }
                }
            }
        }
        (x, y) = best.cost < still * 95 / 100 ? (best.x, best.y) : (0, 0)
    }
}
