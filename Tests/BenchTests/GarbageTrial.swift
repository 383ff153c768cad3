import Domain
import Foundation
import TestSupport
import Video

/// A rubbish bag or another thing, cut out of a photograph.
struct CutOut {
    let planes: Planes
    /// 0…1 for each pixel of `planes`, soft at the border.
    let alpha: [Float]

    static let folder = Footage.packageRoot.deletingLastPathComponent().appending(path: "shared/images/trash-bags")
    static let isPresent = FileManager.default.fileExists(atPath: folder.path)

    /// One outline of the photographs' list.
    struct Outline {
        let file: String
        let polygon: Polygon
    }

    static func outlines() throws -> [Outline] {
        let text = try String(contentsOf: folder.appending(path: "polygons.csv"), encoding: .utf8)
        return text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: ",", maxSplits: 2)
            guard fields.count == 3 else { return nil }
            let numbers = fields[2].split(separator: " ").compactMap { Double($0) }
            guard numbers.count >= 8 else { return nil }
            let corners = stride(from: 0, to: numbers.count - 1, by: 2).map {
                Point(x: numbers[$0], y: numbers[$0 + 1])
            }
            return Outline(file: String(fields[0]), polygon: Polygon(corners))
        }
    }

    /// - Parameters:
    ///   - width: of the cut-out, in pixels.
    ///   - folder: that the outline's file is in.
    init(_ outline: Outline, width: Int, in folder: URL = Self.folder) throws {
        var photograph = try Recording(path: folder.appending(path: outline.file).path, sampling: .every(seconds: 1))
        guard let frame = try photograph.next() else { throw Scenery.Absent() }
        let bounds = outline.polygon.bounds
        let cut = try frame.part(bounds)
        let height = max(4, width * cut.height / max(1, cut.width))
        planes = try Planes(cut, width: width, height: height)
        var alpha = [Float](repeating: 0, count: width * height)
        for y in 0..<height {
            for x in 0..<width {
                var inside: Float = 0
                for dy in [0.25, 0.75] {
                    for dx in [0.25, 0.75] {
                        let point = Point(
                            x: bounds.x + (Double(x) + dx) / Double(width) * bounds.width,
                            y: bounds.y + (Double(y) + dy) / Double(height) * bounds.height)
                        if outline.polygon.contains(point) { inside += 0.25 }
                    }
                }
                alpha[y * width + x] = inside
            }
        }
        self.alpha = alpha
    }

    /// Lays it at (x, y), its luma scaled by `gain` as the light of the place has it.
    func paste(into picture: inout Planes, x left: Int, y top: Int, gain: Float) {
        for y in 0..<planes.height where top + y >= 0 && top + y < picture.height {
            for x in 0..<planes.width where left + x >= 0 && left + x < picture.width {
                let weight = alpha[y * planes.width + x]
                guard weight > 0 else { continue }
                let target = (top + y) * picture.width + left + x
                for plane in 0..<3 {
                    let value = Float(planes.values[plane][y * planes.width + x])
                    let lit = plane == 0 ? min(255, value * gain) : 128 + (value - 128) * min(1, gain)
                    let old = Float(picture.values[plane][target])
                    picture.values[plane][target] = UInt8(old + (lit - old) * weight)
                }
            }
        }
    }
}

/// A bag that is put down at a quiet place of a real street, with exact truth.
struct GarbageTrial {
    static let dwell = 10.0
    /// A run has so many seconds; the bag comes and goes at looks within it.
    static let seconds = 46.0

    let scene: String
    let outline: CutOut.Outline
    let cutOut: CutOut
    let x: Int
    let y: Int
    let gain: Float
    /// Of the scene's first look.
    let brightness: Int
    let start: Double
    let end: Double
    let box: Box

    /// Draws size, place, light and time. Places are those where the scene itself is quiet: what is pasted over moving
    /// cars is no street. Nil where there is no such place.
    init?(_ scenery: Scenery, outlines: [CutOut.Outline], using random: inout SeededGenerator) throws {
        guard let outline = outlines.randomElement(using: &random), let first = scenery.looks.first else { return nil }
        let width = Int(Double(first.width) * Double.random(in: 0.04...0.12, using: &random))
        let cutOut = try CutOut(outline, width: max(8, width))
        var place: (x: Int, y: Int)?
        for _ in 0..<200 where place == nil {
            let x = Int.random(in: 2..<max(3, first.width - cutOut.planes.width - 2), using: &random)
            let lowest = first.height - cutOut.planes.height - 2
            guard lowest > first.height / 3 else { return nil }
            let y = Int.random(in: first.height / 3..<lowest, using: &random)
            if Self.isQuiet(scenery, x, y, cutOut.planes.width, cutOut.planes.height) { place = (x, y) }
        }
        guard let place else { return nil }
        let mean = Double(first.values[0].reduce(0) { $0 + Int($1) }) / Double(first.values[0].count)
        // As bright as the scene: a white bag at dusk is grey.
        gain = Float(min(1.3, max(0.35, mean / 120)) * Double.random(in: 0.8...1.2, using: &random))
        scene = scenery.name
        brightness = first.brightness
        self.outline = outline
        self.cutOut = cutOut
        (x, y) = place
        start = Double(Int.random(in: 14...20, using: &random)) + 0.5
        end = start + Double(Int.random(in: 22...26, using: &random))
        box = Box(
            x: Double(place.x) / Double(first.width), y: Double(place.y) / Double(first.height),
            width: Double(cutOut.planes.width) / Double(first.width),
            height: Double(cutOut.planes.height) / Double(first.height))
    }

    /// True where no look differs from the first by more than noise and an overall change of light.
    private static func isQuiet(_ scenery: Scenery, _ x: Int, _ y: Int, _ width: Int, _ height: Int) -> Bool {
        let first = scenery.looks[0]
        for look in scenery.looks.dropFirst() {
            var (sum, count) = (0, 0)
            let gain = Double(look.brightness) / Double(first.brightness)
            for row in stride(from: y, to: y + height, by: 2) {
                for column in stride(from: x, to: x + width, by: 2) {
                    let pixel = row * first.width + column
                    sum += abs(Int(look.values[0][pixel]) - Int(Double(first.values[0][pixel]) * gain))
                    count += 1
                }
            }
            if sum > 9 * max(1, count) { return false }
        }
        return true
    }

    func paste(into planes: inout Planes, at seconds: Double) {
        guard seconds >= start, seconds < end else { return }
        // The camera's exposure lights the bag as it lights the street.
        cutOut.paste(into: &planes, x: x, y: y, gain: gain * Float(planes.brightness) / Float(brightness))
    }

    /// Whether an alert is this bag's, and in time.
    func isMatched(by alert: Incident) -> Bool {
        alert.object.box.iou(box) >= 0.3 && alert.confirmed.seconds >= start + Self.dwell - 1
            && alert.confirmed.seconds <= start + Self.dwell + 8
    }
}

extension GarbageTrial: CustomStringConvertible {
    var description: String {
        "\(scene): \(outline.file), \(cutOut.planes.width)x\(cutOut.planes.height) pixels at \(x), \(y), from \(start) s"
    }
}
