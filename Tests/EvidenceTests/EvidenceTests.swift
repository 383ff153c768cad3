import Analytics
import Foundation
import TestSupport
import Testing
import Video

@testable import Evidence

@Suite struct EvidenceTests {
    /// One picture of a generated clip, 640 × 360.
    private func frame(in folder: TemporaryFolder) throws -> Frame {
        let clip = try Footage.makeTestClip(in: folder, seconds: 2)
        var recording = try Recording(path: clip, cadence: .keyFrames(promise: 3))
        let frame = try recording.next()
        return try #require(frame)
    }

    @Test func aPanoramaHasTheSizeOfThePictureAndACloseUpThatOfItsPart() throws {
        let folder = try TemporaryFolder()
        let frame = try frame(in: folder)
        for (part, size) in [
            (Box?.none, (frame.width, frame.height)),
            (Box(x: 0.25, y: 0.25, width: 0.5, height: 0.5), (frame.width / 2, frame.height / 2)),
        ] {
            let file = folder.url.appending(path: "\(UUID()).jpg")
            try Data(try JPEG.encode(frame, part: part)).write(to: file)
            var again = try Recording(path: file.path, cadence: .every(seconds: 1))
            let picture = try again.next()
            let decoded = try #require(picture)
            #expect(abs(decoded.width - size.0) <= 2 && abs(decoded.height - size.1) <= 2)
        }
    }

    @Test func theSamePictureGivesTheSameBytes() throws {
        let folder = try TemporaryFolder()
        let frame = try frame(in: folder)
        #expect(try JPEG.encode(frame) == JPEG.encode(frame))
    }

    @Test func whatIsStoredHashesToItsName() throws {
        let folder = try TemporaryFolder()
        let store = try EvidenceStore(folder: folder.url.appending(path: "evidence"))
        let image = EvidenceImage(role: .closeUp, jpeg: [1, 2, 3], taken: Date(timeIntervalSince1970: 1_790_000_000))
        let stored = try store.save(image, incident: UUID())
        #expect(stored.sha256 == "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81")
        #expect(stored.bytes == 3)
        let bytes = FileManager.default.contents(atPath: store.folder.appending(path: stored.file).path)
        #expect(bytes == Data([1, 2, 3]))
    }

    @Test func oldDaysAreDeletedAndNewOnesKept() throws {
        let folder = try TemporaryFolder()
        let store = try EvidenceStore(folder: folder.url)
        let now = Date(timeIntervalSince1970: 1_790_000_000)
        for days in [0.0, 29, 40] {
            let taken = now.addingTimeInterval(-days * 86_400)
            _ = try store.save(EvidenceImage(role: .closeUp, jpeg: [0], taken: taken), incident: UUID())
        }
        #expect(try store.prune(keeping: 30, now: now) == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 2)
    }

    @Test func aFolderThatCannotBeMadeSaysSo() throws {
        #expect { _ = try EvidenceStore(folder: URL(filePath: "/proc/nothing/here")) } throws: {
            "\($0)".contains("/proc/nothing/here") && "\($0)".contains("check its owner")
        }
    }

    @Test func anOpenedIncidentHasTwoPanoramasAndACloseUp() throws {
        let folder = try TemporaryFolder()
        let frame = try frame(in: folder)
        var recorder = EvidenceRecorder()
        let object = Incident.Object(
            objectClass: .car, confidence: 0.6, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2))
        func finding(_ phase: Finding.Phase) -> Finding {
            Finding(
                kind: .illegalParking, zone: "z", place: 3, phase: phase, firstSeen: MediaTime(0),
                lastSeen: MediaTime(9),
                threshold: 5, object: object)
        }
        try recorder.note([finding(.pending)], in: frame)
        let incident = Incident(
            id: UUID(), kind: .illegalParking, camera: "c", zone: "z", firstSeen: MediaTime(0), confirmed: MediaTime(9),
            lastSeen: MediaTime(9), threshold: 5, object: object)
        let images = try recorder.images(for: incident, findings: [finding(.standing)], in: frame)
        #expect(images.map(\.role) == [.panoramaFirst, .panoramaConfirming, .closeUp])
        #expect(images.allSatisfy { $0.jpeg.starts(with: [0xFF, 0xD8]) })
    }
}
