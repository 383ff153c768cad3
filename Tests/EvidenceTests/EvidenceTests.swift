import Domain
import Foundation
import TestSupport
import Testing
import Video

@testable import Evidence

@Suite(.waiting) struct EvidenceTests {
    /// One picture of a generated clip, 640 × 360.
    private func frame(in folder: TemporaryFolder) throws -> Frame {
        let clip = try Footage.makeTestClip(in: folder, seconds: 2)
        var recording = try Recording(path: clip, sampling: .keyFrames(promise: 3))
        let frame = try recording.next()
        return try #require(frame)
    }

    @Test func `a panorama has the size of the picture, and a close-up that of its part`() throws {
        let folder = try TemporaryFolder()
        let frame = try frame(in: folder)
        for (part, size) in [
            (Box?.none, (frame.width, frame.height)),
            (Box(x: 0.25, y: 0.25, width: 0.5, height: 0.5), (frame.width / 2, frame.height / 2)),
        ] {
            let file = folder.url.appending(path: "\(UUID()).jpg")
            try Data(try JPEG.encode(frame, part: part)).write(to: file)
            var again = try Recording(path: file.path, sampling: .every(seconds: 1))
            let picture = try again.next()
            let decoded = try #require(picture)
            #expect(abs(decoded.width - size.0) <= 2 && abs(decoded.height - size.1) <= 2)
        }
    }

    @Test func `the same picture gives the same bytes`() throws {
        let folder = try TemporaryFolder()
        let frame = try frame(in: folder)
        #expect(try JPEG.encode(frame) == JPEG.encode(frame))
    }

    @Test func `what is no JPEG is an error`() {
        #expect(throws: FFmpegError.self) { _ = try JPEG.decode([1, 2, 3]) }
        #expect(throws: FFmpegError.self) { _ = try JPEG.decode([]) }
    }

    @Test func `what is stored has the hash that is named`() throws {
        let folder = try TemporaryFolder()
        let store = try EvidenceStore(folder: folder.url.appending(path: "evidence"))
        let image = EvidenceImage(role: .closeUp, jpeg: [1, 2, 3], taken: Date(timeIntervalSince1970: 1_790_000_000))
        let stored = try store.save(image, incident: UUID())
        #expect(stored.sha256 == "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81")
        #expect(stored.bytes == 3)
        let path = store.folder.appending(path: stored.file).path
        #expect(FileManager.default.contents(atPath: path) == Data([1, 2, 3]))
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o640)
        #expect(!FileManager.default.fileExists(atPath: path + ".part"))
    }

    @Test func `old days are named, and new ones kept`() throws {
        let folder = try TemporaryFolder()
        let store = try EvidenceStore(folder: folder.url)
        let now = Date(timeIntervalSince1970: 1_790_000_000)
        for days in [0.0, 29, 40] {
            let taken = now.addingTimeInterval(-days * 86_400)
            _ = try store.save(EvidenceImage(role: .closeUp, jpeg: [0], taken: taken), incident: UUID())
        }
        let expired = store.expired(keeping: 30, now: now)
        #expect(expired == ["2026-08-12"])
        for day in expired { try store.delete(day: day) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 2)
    }

    @Test func `only a day can be deleted`() throws {
        let folder = try TemporaryFolder()
        let store = try EvidenceStore(folder: folder.url.appending(path: "evidence"))
        try store.delete(day: "..")
        #expect(FileManager.default.fileExists(atPath: folder.url.path))
    }

    @Test func `a folder that cannot be made is an error that says so`() throws {
        #expect { _ = try EvidenceStore(folder: URL(filePath: "/proc/nothing/here")) } throws: {
            "\($0)".contains("/proc/nothing/here") && "\($0)".contains("check its owner")
        }
    }
}
