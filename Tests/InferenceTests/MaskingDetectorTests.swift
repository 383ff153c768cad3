import Analytics
import Domain
import Foundation
import TestSupport
import Testing
import Video

@testable import Inference

/// The networks that find what is to be masked.
@Suite(.heavy) struct MaskingDetectorTests {
    private static let masking = MaskingModels(folder: Footage.packageRoot.appending(path: "models/prepared").path)
    private static let photos = Footage.photos("coco-val")
    private static let isReady = (try? masking.verified()) != nil && !photos.isEmpty

    @Test func `tiles cover the picture, and what is small lies whole in one`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            let (width, height) = (Int.random(in: 1...4000, using: &random), Int.random(in: 1...2500, using: &random))
            let tiles = Tiles.covering(width: width, height: height, tile: (736, 608), overlap: 128)
            #expect(tiles.allSatisfy { $0 == $0.cut(width: width, height: height) && $0.width > 0 && $0.height > 0 })
            for _ in 0..<20 {
                let (w, h) = (Int.random(in: 1...min(128, width), using: &random), min(128, height))
                let x = Int.random(in: 0...width - w, using: &random)
                let y = Int.random(in: 0...height - h, using: &random)
                #expect(
                    tiles.contains {
                        $0.x <= x && $0.y <= y && $0.x + $0.width >= x + w && $0.y + $0.height >= y + h
                    }, "\(w)x\(h) at \(x), \(y) in \(width)x\(height)")
            }
        }
    }

    @Test func `a box in pixels holds the box and stays in the picture`() {
        var random = SeededGenerator(seed: 8)
        for _ in 0..<1000 {
            func share() -> Double { Double.random(in: -0.5...1.5, using: &random) }
            let box = Box(x: share(), y: share(), width: abs(share()), height: abs(share()))
            let pixels = PixelBox(box, width: 640, height: 360)
            #expect(pixels.cut(width: 640, height: 360) == pixels)
            #expect(Double(pixels.x) <= max(0, box.x * 640) + 1e-9)
            #expect(Double(pixels.x + pixels.width) >= min(1, box.maxX) * 640 - 1e-9 || box.maxX < 0)
        }
        #expect(PixelBox(Box(x: .nan, y: 0, width: .infinity, height: 1), width: 640, height: 360).width == 0)
    }

    /// One cell speaks; the box is centred on it.
    @Test func `CenterFace's outputs become boxes`() throws {
        var heat = [Float](repeating: 0, count: 12)
        heat[6] = 0.9
        var scale = [Float](repeating: 0, count: 24)
        (scale[6], scale[18]) = (Float(log(10.0)), Float(log(5.0)))
        let faces = FaceDetector.decode(
            heat: heat, scale: scale, offset: [Float](repeating: 0, count: 24), columns: 4, minimumScore: 0.3)
        let face = try #require(faces.first)
        #expect(faces.count == 1)
        // Cell 6 of four columns is row 1, column 2; 40 pixels high, 20 wide.
        #expect(abs(face.box.centre.x - 10) < 1e-3 && abs(face.box.centre.y - 6) < 1e-3)
        #expect(abs(face.box.width - 20) < 1e-3 && abs(face.box.height - 40) < 1e-3)
    }

    @Test func `values that are no numbers are no faces`() {
        let wild = [Float](repeating: .infinity, count: 24)
        let faces = FaceDetector.decode(
            heat: [Float](repeating: 1, count: 12), scale: [Float](repeating: .nan, count: 24), offset: wild,
            columns: 4, minimumScore: 0.3)
        #expect(faces.isEmpty)
    }

    @Test(.enabled(if: isReady, "needs 'make models' and ../shared/images"), .heavy(minutes: 3))
    func `a face of a photo is found wherever the photo lies in a large picture`() throws {
        var detector = try FaceDetector(model: try #require(Self.masking.face))
        var faces = 0
        for (photo, place) in zip(Self.photos, [(0, 0), (500, 300), (1280, 600), (700, 100)].cycled(Self.photos.count))
        {
            guard faces < 5 else { break }
            let small = try Canvas(try JPEG.decode([UInt8](Data(contentsOf: URL(filePath: photo)))))
            let found = try detector.faces(in: ColourPicture(small)).filter {
                $0.score >= 0.6 && max($0.box.width * Double(small.width), $0.box.height * Double(small.height)) >= 20
            }
            guard !found.isEmpty else { continue }
            let large = try Canvas(width: 1920, height: 1080, .grey)
            large.place(small, x: place.0, y: place.1)
            let again = try detector.faces(in: ColourPicture(large))
            for face in found {
                faces += 1
                let box = Box(
                    x: (face.box.x * Double(small.width) + Double(place.0)) / 1920,
                    y: (face.box.y * Double(small.height) + Double(place.1)) / 1080,
                    width: face.box.width * Double(small.width) / 1920,
                    height: face.box.height * Double(small.height) / 1080)
                #expect(again.contains { box.covered(by: $0.box.grown(by: 0.25)) > 0.8 }, "\(photo): \(face)")
            }
        }
        #expect(faces >= 5)
    }

    @Test(.enabled(if: isReady, "needs 'make models' and ../shared/images"))
    func `a missing description of the plate detector is an error that names it`() throws {
        let good = try #require(Self.masking.plate)
        let bad = Model(
            name: good.name, version: good.version, sha256: good.sha256, path: good.path,
            companions: [.init(path: "/nonexistent.prototxt", sha256: "")], width: 640, height: 640, classes: [])
        #expect { _ = try PlateDetector(model: bad) } throws: {
            "\($0)".contains("/nonexistent.prototxt") && "\($0)".contains("gridwarden models prepare")
        }
    }
}

extension Array {
    fileprivate func cycled(_ count: Int) -> [Element] { (0..<count).map { self[$0 % self.count] } }
}
