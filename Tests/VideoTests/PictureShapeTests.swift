import CFFmpeg
import Domain
import Foundation
import TestSupport
import Testing

@testable import Video

/// Pixels that are not square.
@Suite(.heavy) struct PictureShapeTests {
    private func clip(
        _ name: String, in folder: TemporaryFolder, size: String, pixel: String, seconds: Double = 1,
        _ options: [String] = []
    ) throws -> String {
        try MadeClip.make(
            name, in: folder,
            ["-f", "lavfi", "-i", "testsrc2=size=\(size):rate=5:duration=\(seconds)", "-vf", "setsar=\(pixel)"]
                + ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "5", "-bf", "0"] + options)
    }

    private func shapes(_ clip: String, aspect: Aspect? = nil) throws -> [PictureShape] {
        var recording = try Recording(path: clip, sampling: .every(seconds: 0), aspect: aspect)
        var found: [PictureShape] = []
        while let frame = try recording.next() {
            #expect((frame.width, frame.height) == (frame.shape.width, frame.shape.height))
            found.append(frame.shape)
        }
        return found
    }

    private func shape(_ clip: String, aspect: Aspect? = nil) throws -> PictureShape {
        try #require(try shapes(clip, aspect: aspect).first)
    }

    @Test(
        arguments: ["clip.mp4", "clip.ts"],
        [
            ("704x576", "16/11", 1024, 576), ("640x480", "4/3", 853, 480), ("960x1080", "2/1", 1920, 1080),
            ("800x360", "4/5", 800, 450), ("704x396", "1/1", 704, 396),
        ]) func `a picture is as large as it is shown`(
            name: String, stored: (size: String, pixel: String, width: Int, height: Int)
        ) throws
    {
        let folder = try TemporaryFolder()
        let shape = try shape(clip(name, in: folder, size: stored.size, pixel: stored.pixel))
        #expect((shape.width, shape.height) == (stored.width, stored.height))
        #expect("\(shape.storedWidth)x\(shape.storedHeight)" == stored.size)
        #expect(shape.origin == .stated && shape.remark == nil)
    }

    @Test func `what is not stated is taken for square, and said where no pixel is`() throws {
        let folder = try TemporaryFolder()
        let known = try shape(clip("a.ts", in: folder, size: "640x360", pixel: "0"))
        #expect(known.origin == .assumed && known.remark == nil && known.width == 640)
        let doubtful = try shape(clip("b.ts", in: folder, size: "704x576", pixel: "0"))
        #expect(doubtful.origin == .assumed && doubtful.width == 704 && doubtful.height == 576)
        #expect(doubtful.remark?.contains("set aspect") == true, "\(String(describing: doubtful.remark))")
        let absurd = try shape(clip("c.ts", in: folder, size: "640x360", pixel: "200/1"))
        #expect(absurd.origin == .assumed && absurd.width == 640 && absurd.height == 360)
        #expect(absurd.remark?.contains("which cannot be") == true, "\(String(describing: absurd.remark))")
    }

    @Test func `the configuration goes before the file, and a file's container before its pictures`() throws {
        let folder = try TemporaryFolder()
        let stored = try clip("stored.mp4", in: folder, size: "704x576", pixel: "12/11")
        #expect(try shape(stored).width == 768)
        let told = try MadeClip.make("told.mp4", in: folder, ["-i", stored, "-c", "copy", "-aspect", "16:9"])
        #expect(try shape(told).width == 1024)
        let configured = try shape(told, aspect: Aspect("4:3"))
        #expect((configured.width, configured.height) == (768, 576) && configured.origin == .configured)
        // A picture that is turned is measured as it is shown.
        let turned = try MadeClip.make(
            "turned.mp4", in: folder, ["-i", stored, "-c", "copy", "-metadata:s:v:0", "rotate=90"])
        let upright = try shape(turned)
        #expect((upright.width, upright.height) == (576, 768), "\(upright)")
        let narrow = try shape(turned, aspect: Aspect("9:16"))
        #expect((narrow.width, narrow.height) == (576, 1024), "\(narrow)")
    }

    @Test func `a shape that changes within the stream is followed`() throws {
        let folder = try TemporaryFolder()
        let stream = try Footage.join(
            [
                try clip("a.mp4", in: folder, size: "640x480", pixel: "1/1", seconds: 2),
                try clip("b.mp4", in: folder, size: "640x480", pixel: "4/3", seconds: 2),
                try clip("c.mp4", in: folder, size: "352x288", pixel: "16/11", seconds: 2),
            ], in: folder)
        let widths = try shapes(stream).map(\.width)
        let changes = widths.indices.filter { $0 == 0 || widths[$0] != widths[$0 - 1] }.map { widths[$0] }
        #expect(changes == [640, 853, 512], "\(widths)")
        #expect(Set(try shapes(stream, aspect: Aspect("16:9")).map(\.width)) == [853, 512])
    }

    @Test func `evidence has square pixels, and parts of a picture have its shape`() throws {
        let folder = try TemporaryFolder()
        var recording = try Recording(
            path: clip("a.ts", in: folder, size: "960x1080", pixel: "2/1"), sampling: .every(seconds: 0))
        let frame = try #require(try recording.next())
        let part = try frame.part(Box(x: 0.25, y: 0.5, width: 0.5, height: 0.25))
        #expect((part.width, part.height) == (960, 270))
        #expect((part.shape.storedWidth, part.shape.storedHeight) == (480, 270))
        let picture = try JPEG.decode(try JPEG.encode(frame))
        #expect((picture.width, picture.height) == (1920, 1080))
        let canvas = try Canvas(frame, part: Box(x: 0, y: 0, width: 0.5, height: 1))
        #expect((canvas.width, canvas.height) == (960, 1080))
        // A copy of a copy stays as it is.
        let again = try Canvas(canvas, part: .whole)
        #expect((again.width, again.height) == (960, 1080))
    }

    @Test func `what would grow too large shrinks at its other side`() {
        let wide = PictureShape.shown(4096, 2304, PixelAspect(.init(num: 2, den: 1)))
        #expect((wide.width, wide.height) == (4096, 1152))
        let high = PictureShape.shown(2160, 4096, PixelAspect(.init(num: 1, den: 2)))
        #expect((high.width, high.height) == (1080, 4096))
        let none = PictureShape.shown(640, 360, PixelAspect(.init(num: 0, den: 1)))
        #expect((none.width, none.height) == (640, 360))
    }

    @Test func `the fields of interlaced H.265 are shown in the height of their picture`() throws {
        let folder = try TemporaryFolder()
        func fields(_ name: String, pixel: String) throws -> String {
            try MadeClip.make(
                name, in: folder,
                ["-f", "lavfi", "-i", "testsrc2=size=640x480:rate=10:duration=2"]
                    + ["-vf", "interlace,separatefields,setsar=\(pixel)", "-c:v", "libx265", "-preset", "ultrafast"]
                    + ["-pix_fmt", "yuv420p", "-x265-params", "interlace=tff:keyint=10:bframes=0:log-level=error"])
        }
        let square = try shape(fields("a.265", pixel: "1/1"))
        #expect((square.storedWidth, square.storedHeight) == (640, 240))
        #expect((square.width, square.height) == (640, 480), "\(square)")
        let wide = try shape(fields("b.265", pixel: "4/3"))
        #expect(abs(Double(wide.width) / Double(wide.height) - 16.0 / 9) < 0.01, "\(wide)")
        // Stated of the field's own pixels, which are half as wide as high.
        let own = try shape(fields("c.265", pixel: "1/2"))
        #expect((own.width, own.height) == (640, 480), "\(own)")
    }

    @Test(arguments: ["16:9", "4:3", "9:16", "32:9"])
    func `a shape of a picture is read as it is written`(text: String) throws {
        #expect(try #require(Aspect(text)).description == text)
    }

    @Test(arguments: [
        "", "16", "16:", ":9", "16:0", "0:9", "-16:9", "16:9:1", "1.78", "1:9", "99:1", "a:b", "99999:99998",
    ])
    func `what is no shape is refused`(text: String) { #expect(Aspect(text) == nil) }
}
