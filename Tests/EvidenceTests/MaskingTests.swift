import Analytics
import Domain
import Foundation
import Inference
import TestSupport
import Testing
import Video

@testable import Evidence

/// Pixels of the evidence as it lies on the disk.
@Suite(.heavy) struct MaskingTests {
    @Test(
        .enabled(
            if: Samples.canMask && !Footage.photos("coco-val").isEmpty, "needs 'make models' and ../shared/images"),
        .heavy(minutes: 5))
    func `no face that is found in a photo is left in the file on disk`() async throws {
        let folder = try TemporaryFolder()
        let store = try EvidenceStore(folder: folder.url)
        let maker = EvidenceMaker(masking: Samples.masking)
        var detector = try FaceDetector(model: try #require(Samples.masking.face))
        var faces = 0
        for photo in Footage.photos("coco-val") {
            let frame = try Samples.frame(photo)
            let before = try ColourPicture(Canvas(frame))
            let found = try detector.faces(in: before).filter {
                max($0.box.width * Double(before.width), $0.box.height * Double(before.height)) >= 20
            }
            guard !found.isEmpty else { continue }
            let images = try await maker.images(
                of: [Samples.panorama(frame)], incident: Samples.incident(), profile: .maskAll
            ) { _ in [] }
            let stored = try store.save(try #require(images.first), incident: UUID())
            let bytes = try Data(contentsOf: folder.file(stored.file))
            let after = try ColourPicture(Canvas(try JPEG.decode([UInt8](bytes))))
            #expect(after.width == max(before.width, Caption.leastWidth))
            for face in found {
                faces += 1
                let area = PixelBox(face.box, width: before.width, height: before.height)
                let (old, new) = (Samples.structure(before, area), Samples.structure(after, area))
                // What is left is the edge between two masks, and what JPEG adds there.
                #expect(new < 0.15 * old, "\(URL(filePath: photo).lastPathComponent): \(face), \(old) became \(new)")
            }
            let left = try detector.faces(in: after)
            for face in found {
                let rest = left.filter { $0.box.iou(face.box) > 0.4 && $0.score >= 0.5 }
                #expect(rest.isEmpty, "\(URL(filePath: photo).lastPathComponent): \(rest)")
            }
        }
        #expect(faces >= 20)
    }
}

/// The networks take more memory than all else, and are needed at alerts only.
@Suite(.heavy) struct MaskingMemoryTests {
    @Test(
        .enabled(
            if: Samples.canMask && !Footage.photos("coco-val").isEmpty, "needs 'make models' and ../shared/images"))
    func `the networks are in memory while there is something to mask, and what they find stays the same`() async throws
    {
        let maker = EvidenceMaker(masking: Samples.masking, idle: .milliseconds(1))
        var isReady = await maker.isReady
        #expect(maker.fault == nil && !isReady)
        let photo = try #require(Footage.photos("coco-val").first)
        var pictures: [[UInt8]] = []
        for _ in 0..<2 {
            let image = try await maker.snapshot(of: try Samples.frame(photo), vehicles: [], caption: [])
            pictures.append(image.jpeg)
            repeat {
                try await Task.sleep(for: .milliseconds(5))
                isReady = await maker.isReady
            } while isReady
        }
        #expect(pictures[0] == pictures[1])
        let searches = await maker.searches
        #expect(searches == 2)
    }

    @Test(.enabled(if: Samples.canMask, "needs 'make models'"))
    func `networks that are no longer what the manifest says withhold the picture`() async throws {
        let folder = try TemporaryFolder()
        let known = try #require(Samples.masking.face)
        let file = folder.file("face.onnx")
        try FileManager.default.copyItem(atPath: known.path, toPath: file.path)
        let face = Model(
            name: known.name, version: known.version, sha256: known.sha256, path: file.path, width: known.width,
            height: known.height, classes: known.classes, engine: known.engine)
        let maker = EvidenceMaker(masking: MaskingModels(face: face, plate: Samples.masking.plate))
        #expect(maker.fault == nil)
        try Data([0]).write(to: file)
        let frame = try JPEG.decode(try JPEG.encode(try Canvas(width: 64, height: 36, .blue), quality: 4))
        await #expect(throws: EvidenceWithheld.self) {
            _ = try await maker.snapshot(of: frame, vehicles: [], caption: [])
        }
    }
}

/// Faces in pictures that are stored at half their width, as a recorder does.
@Suite struct SqueezedMaskingTests {
    /// Faces of 20 pixels and more that are found in all photos, each halved in width first.
    private func found(isTold: Bool) throws -> (whole: Int, halved: Int) {
        let folder = try TemporaryFolder()
        var detector = try FaceDetector(model: try #require(Samples.masking.face))
        var (whole, halved) = (0, 0)
        for photo in Footage.photos("coco-val") {
            let picture = try ColourPicture(Canvas(try Samples.frame(photo)))
            let faces = try detector.faces(in: picture).filter {
                max($0.box.width * Double(picture.width), $0.box.height * Double(picture.height)) >= 20
            }
            guard !faces.isEmpty else { continue }
            whole += faces.count
            let squeezed = folder.file("squeezed.mp4").path
            try Footage.ffmpeg(
                [
                    "-nostdin", "-v", "error", "-y", "-i", photo, "-vf",
                    "scale=trunc(iw/4)*2:trunc(ih/2)*2,setsar=\(isTold ? "2/1" : "1/1")", "-c:v", "libx264", "-qp", "4",
                    "-pix_fmt", "yuv420p", squeezed,
                ], "squeeze a photo")
            var recording = try Recording(path: squeezed, sampling: .every(seconds: 0))
            let frame = try #require(try recording.next())
            let again = try detector.faces(in: ColourPicture(Canvas(frame)))
            halved += faces.filter { face in again.contains { $0.box.iou(face.box) > 0.3 } }.count
        }
        return (whole, halved)
    }

    @Test(
        .enabled(
            if: Samples.canMask && !Footage.photos("coco-val").isEmpty, "needs 'make models' and ../shared/images"),
        .heavy(minutes: 5))
    func `faces in pictures of half their width are found where the shape is known`() throws {
        let (whole, known) = try found(isTold: true)
        let unknown = try found(isTold: false).halved
        #expect(whole >= 20 && Double(known) >= 0.8 * Double(whole), "\(known) of \(whole)")
        #expect(unknown + 5 <= known, "unknown \(unknown), known \(known) of \(whole)")
    }
}

/// Plates: which are shown, which are hidden.
@Suite(.heavy) struct PlateTests {
    /// A lorry of 445 × 256 pixels in a photo of 640 × 480.
    private static let photo = Footage.photos("coco-val").first { $0.hasSuffix("000000172648.jpg") }
    private static let lorry = Box(x: 193.64 / 640, y: 129.79 / 480, width: 444.89 / 640, height: 255.82 / 480)
    /// Where a plate is put, in pixels.
    private static let plate = PixelBox(x: 380, y: 330, width: 110, height: 36)

    /// The photo with a drawn number plate: white letters on blue, as they are in China.
    private func frame() throws -> Frame {
        let canvas = try Canvas(try Samples.frame(try #require(Self.photo)))
        let plate = try Canvas(width: Self.plate.width, height: Self.plate.height, .blue)
        let font = try #require(CaptionFont())
        let text = try #require(font.line("E·8K2M5", size: 26, width: Self.plate.width - 6))
        plate.stamp(text, x: 4, y: 1)
        canvas.place(plate, x: Self.plate.x, y: Self.plate.y)
        return try JPEG.decode(try JPEG.encode(canvas, quality: 2))
    }

    private func images(_ profile: PrivacyProfile, subject: Box, others: [Box] = []) async throws -> [EvidenceImage] {
        let frame = try frame()
        let maker = EvidenceMaker(masking: Samples.masking)
        let views = [nil, subject].map { part in
            EvidenceView(
                role: part == nil ? .panoramaConfirming : .closeUp, source: .frame(frame), part: part, taken: Date(),
                vehicles: [Self.lorry] + others)
        }
        return try await maker.images(of: views, incident: Samples.incident(subject), profile: profile) { _ in [] }
    }

    /// How much structure is left where the plate was, in luma levels.
    private func structure(_ image: EvidenceImage) throws -> Double {
        let picture = try ColourPicture(Canvas(try JPEG.decode(image.jpeg)))
        return Samples.deviation(
            Samples.luma(
                picture,
                PixelBox(x: Self.plate.x + 4, y: Self.plate.y + 4, width: Self.plate.width - 8, height: 28)))
    }

    private static let isReady = Samples.canMask && photo != nil

    @Test(.enabled(if: isReady, "needs 'make models' and ../shared/images"))
    func `the plate profile shows the plate of the vehicle in question`() async throws {
        let images = try await images(.plate, subject: Self.lorry)
        #expect(images.map(\.role) == [.panoramaConfirming, .closeUp, .plate])
        #expect(try structure(images[0]) > 30)
    }

    @Test(.enabled(if: isReady, "needs 'make models' and ../shared/images"))
    func `the mask-all profile hides the plate of the vehicle in question`() async throws {
        let images = try await images(.maskAll, subject: Self.lorry)
        #expect(images.map(\.role) == [.panoramaConfirming, .closeUp])
        #expect(try structure(images[0]) < 5)
    }

    @Test(.enabled(if: isReady, "needs 'make models' and ../shared/images"))
    func `the plate of another vehicle is hidden in either profile`() async throws {
        let elsewhere = Box(x: 0, y: 0, width: 0.2, height: 0.2)
        let images = try await images(.plate, subject: elsewhere)
        #expect(images.map(\.role) == [.panoramaConfirming, .closeUp])
        #expect(try structure(images[0]) < 5)
    }

    @Test(.enabled(if: isReady, "needs 'make models' and ../shared/images"))
    func `a plate that may be another vehicle's is hidden`() async throws {
        let before = Box(x: 350.0 / 640, y: 300.0 / 480, width: 0.3, height: 0.2)
        let images = try await images(.plate, subject: Self.lorry, others: [before])
        #expect(!images.map(\.role).contains(.plate))
        #expect(try structure(images[0]) < 5)
    }

    @Test func `a small or pale plate is not readable`() throws {
        let canvas = try Canvas(width: 400, height: 200, .grey)
        let plate = Box(x: 0.1, y: 0.1, width: 0.4, height: 0.2)
        let isBlankReadable = EvidenceMaker.isReadable(plate, on: canvas)
        let font = try #require(CaptionFont())
        let text = try #require(font.line("E8K2M5", size: 36, width: 160))
        canvas.stamp(text, x: 42, y: 18, .black)
        let isWrittenReadable = EvidenceMaker.isReadable(plate, on: canvas)
        let isSmallReadable = EvidenceMaker.isReadable(Box(x: 0.1, y: 0.1, width: 0.1, height: 0.2), on: canvas)
        #expect(!isBlankReadable && isWrittenReadable && !isSmallReadable)
    }
}
