import Analytics
import Foundation
import TestSupport
import Testing

@testable import Edge
@testable import Pipeline
@testable import Runtime

@Suite(.waiting) struct CameraPresetTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A picture as ffmpeg takes it from a camera.
    private func picture(_ name: String, _ source: String) throws -> String {
        let path = folder.file(name).path
        try Footage.ffmpeg(
            ["-nostdin", "-v", "error", "-f", "lavfi", "-i", source, "-frames:v", "1", "-update", "1", path],
            "take a picture")
        return path
    }

    @Test func `a preset is read from a JPEG or a PNG, and known again in another light and shape`() throws {
        let bars = try CameraPreset(id: "a", path: try picture("a.jpg", "testsrc2=size=1280x720"))
        #expect((bars.picture.width, bars.picture.height) == (320, 180))
        let dim = "testsrc2=size=640x480,eq=brightness=-0.2:contrast=0.6"
        let same = try CameraPreset(id: "b", path: try picture("b.png", dim))
        #expect((same.picture.width, same.picture.height) == (320, 240))
        #expect(bars.isAlike(same) && same.isAlike(bars))
        let other = try CameraPreset(id: "c", path: try picture("c.jpg", "mandelbrot=size=1280x720"))
        #expect(!bars.isAlike(other) && !other.isAlike(bars))
    }

    @Test func `a picture that cannot be used is refused with its name and what to do`() throws {
        let plain = try picture("plain.jpg", "color=gray:size=640x360")
        let text = folder.file("text.jpg")
        try Data("no picture".utf8).write(to: text)
        for (path, remedy) in [
            (plain, "too little can be made out"), (text.path, "JPEG or PNG"),
            (folder.file("none.jpg").path, "none.jpg"),
        ] {
            let error = #expect(throws: SetupError.self) { try CameraPreset(id: "gate", path: path) }
            let message = try #require(error).description
            #expect(message.contains("preset gate") && message.contains(path) && message.contains(remedy), "\(message)")
        }
    }
}
