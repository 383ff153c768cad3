import Domain
import Foundation

extension BackgroundModel {
    /// The difference in luma levels that counts, and the share of the picture that may differ for the picture to still
    /// show this background.
    private static let difference: Float = 20
    private static let mostDifferent = 0.5
    /// Squared weight from which an edge counts, the number of edges needed for a comparison, and the least likeness.
    private static let edges = (weight: Float(0.15), points: 150, likeness: 0.3)

    /// Nil while the background is still being learnt.
    func appearance(with candidates: [BackgroundCheckpoint.Candidate]) -> BackgroundCheckpoint.Appearance? {
        guard isReady else { return nil }
        return BackgroundCheckpoint.Appearance(
            width: width, height: height, luma: Data(ground.luma.values), blue: Data(ground.blue.values),
            red: Data(ground.red.values), noise: RunLengths.encode(noise.values),
            restless: RunLengths.encode(restless.values), unknown: RunLengths.encode(unknown.values),
            candidates: candidates)
    }

    /// Restores the background; nil where `picture` or the planes have another size.
    init?(_ kept: BackgroundCheckpoint.Appearance, for picture: ColourPicture) {
        let (width, height) = (picture.width, picture.height)
        let count = width * height
        guard kept.width == width, kept.height == height,
            [kept.luma, kept.blue, kept.red].allSatisfy({ $0.count == count }),
            let noise = RunLengths.decode(kept.noise, count: count),
            let restless = RunLengths.decode(kept.restless, count: count),
            let unknown = RunLengths.decode(kept.unknown, count: count)
        else { return nil }
        func plane(_ values: [UInt8]) -> Plane { Plane(width: width, height: height, values: values) }
        let ground = ColourPicture(
            luma: plane(Array(kept.luma)), blue: plane(Array(kept.blue)), red: plane(Array(kept.red)))
        self.init(
            known: ground, noise: plane(noise), restless: plane(restless), unknown: plane(unknown),
            last: Self.lit(picture, as: ground))
    }

    /// Whether the first look after the restart shows the same view.
    ///
    /// - Parameter covers: boxes of people and vehicles in that look.
    func isResembled(under covers: [Box]) -> Bool {
        let (low, high) = (ground.luma.least(), ground.luma.greatest())
        var (different, count) = (0, 0)
        for y in 0..<height {
            for x in 0..<width {
                let point = Point(x: (Double(x) + 0.5) / Double(width), y: (Double(y) + 0.5) / Double(height))
                guard !covers.contains(where: { $0.holds(point) }) else { continue }
                let pixel = y * width + x
                let now = Float(view.luma.values[pixel])
                let beyond = max(Float(low.values[pixel]) - now, now - Float(high.values[pixel]))
                if beyond > Self.difference { different += 1 }
                count += 1
            }
        }
        guard Double(different) <= Self.mostDifferent * Double(count) else { return false }
        // Any asphalt is as grey as any other; a camera that has turned has its edges in other places.
        let (then, now) = (EdgeField(GreyImage(ground.luma)), EdgeField(GreyImage(view.luma)))
        let points = then.strongest(above: Self.edges.weight, most: 2000)
        guard points.count >= Self.edges.points else { return true }
        return (-1...1).contains { dy in
            (-1...1).contains { dx in
                then.likeness(to: now, at: points, dx: dx, dy: dy) >= Self.edges.likeness
            }
        }
    }

    /// The picture, adjusted to the light of the background.
    private static func lit(_ picture: ColourPicture, as ground: ColourPicture) -> ColourPicture {
        let (width, height) = (picture.width, picture.height)
        let light = IlluminationMap(of: picture, over: ground, mask: Plane(width: width, height: height))
        var lit = picture
        var row = IlluminationMap.Row(width: width)
        func byte(_ value: Float) -> UInt8 { UInt8(min(255, max(0, value + 0.5))) }
        for y in 0..<height {
            light.fill(row: y, width: width, into: &row)
            for x in 0..<width {
                let pixel = y * width + x
                lit.luma.values[pixel] = byte(Float(picture.luma.values[pixel]) / row.gain[x])
                lit.blue.values[pixel] = row.blue(picture.blue.values[pixel], over: ground.blue.values[pixel], at: x)
                lit.red.values[pixel] = row.red(picture.red.values[pixel], over: ground.red.values[pixel], at: x)
            }
        }
        return lit
    }
}
