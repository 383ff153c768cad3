import Domain
import Foundation
import Inference
import TestSupport
import Testing
import Video

@testable import Evidence

/// Small pictures for a page: what is left in them of faces and plates.
@Suite(.heavy) struct StillTests {
    private static let bytes = 40 << 10

    @Test(
        .enabled(
            if: Samples.canMask && !Footage.photos("coco-val").isEmpty, "needs 'make models' and ../shared/images"),
        .heavy(minutes: 5))
    func `no face that is found in a photo is left in its still`() async throws {
        let maker = EvidenceMaker(masking: Samples.masking)
        var detector = try FaceDetector(model: try #require(Samples.masking.face))
        var (faces, gone) = (0, 0)
        for photo in Footage.photos("coco-val") {
            let frame = try Samples.frame(photo)
            // As it would be without masks.
            let before = try ColourPicture(Canvas(frame, width: 480))
            let found = try detector.faces(in: before).filter {
                $0.score >= 0.5 && max($0.box.width * Double(before.width), $0.box.height * Double(before.height)) >= 20
            }
            guard !found.isEmpty else { continue }
            let jpeg = try await maker.still(
                of: frame.shrunk(toWidth: 720), vehicles: [], width: 480, atMost: Self.bytes)
            #expect(jpeg.count <= Self.bytes)
            let after = try ColourPicture(Canvas(try JPEG.decode(jpeg)))
            #expect(after.width == before.width && after.height == before.height)
            for face in found {
                faces += 1
                let area = PixelBox(face.box, width: before.width, height: before.height)
                let (old, new) = (Samples.structure(before, area), Samples.structure(after, area))
                if new < 0.3 * old { gone += 1 }
            }
        }
        // What is seen in a small picture is seen in a larger one, and the other way round it is not.
        #expect(faces >= 10 && gone == faces, "\(gone) of \(faces)")
    }

    @Test(.enabled(if: Samples.canMask && StillTests.photo != nil, "needs 'make models' and ../shared/images"))
    func `a plate that can be read in a still is masked`() async throws {
        let canvas = try Canvas(try Samples.frame(try #require(Self.photo)))
        let place = PixelBox(x: 380, y: 330, width: 110, height: 36)
        let plate = try Canvas(width: place.width, height: place.height, .blue)
        let font = try #require(CaptionFont())
        let text = try #require(font.line("E·8K2M5", size: 26, width: place.width - 6))
        plate.stamp(text, x: 4, y: 1)
        canvas.place(plate, x: place.x, y: place.y)
        let frame = try JPEG.decode(try JPEG.encode(canvas, quality: 2))
        let maker = EvidenceMaker(masking: Samples.masking)
        let lorry = Box(x: 193.64 / 640, y: 129.79 / 480, width: 444.89 / 640, height: 255.82 / 480)
        let jpeg = try await maker.still(of: frame, vehicles: [lorry], width: 480, atMost: Self.bytes)
        let picture = try ColourPicture(Canvas(try JPEG.decode(jpeg)))
        let area = place.normalised(width: 640, height: 480)
        let inside = PixelBox(area, width: picture.width, height: picture.height)
        #expect(Samples.deviation(Samples.luma(picture, inside)) < 15)
    }

    fileprivate static let photo = Footage.photos("coco-val").first { $0.hasSuffix("000000172648.jpg") }

    @Test func `what cannot be masked is no still`() async throws {
        let maker = EvidenceMaker(masking: MaskingModels(face: nil, plate: nil))
        let picture = [UInt8](repeating: 128, count: 64 * 36)
        let frame = try Frame(
            planes: [picture, picture, picture], width: 64, height: 36, time: MediaTime(0), date: .distantPast)
        await #expect(throws: EvidenceWithheld.self) {
            try await maker.still(of: frame, vehicles: [], width: 480, atMost: Self.bytes)
        }
    }

    @Test func `a frame is shrunk to the width that is asked for, in its shape, and never grows`() throws {
        for (size, shrunk) in [((1920, 1080), (720, 404)), ((640, 480), (640, 480)), ((1080, 1920), (720, 1280))] {
            let plane = [UInt8](repeating: 100, count: size.0 * size.1)
            let frame = try Frame(
                planes: [plane, plane, plane], width: size.0, height: size.1, time: MediaTime(7),
                date: Date(timeIntervalSince1970: 1_790_000_000))
            let small = try frame.shrunk(toWidth: 720)
            #expect(small.width == shrunk.0 && small.height == shrunk.1 && small.time == frame.time)
            #expect(small.date == frame.date)
        }
    }
}
