import Analytics
import Configuration
import TestSupport
import Testing
import Video

@testable import Bench
@testable import Daemon

@Suite struct BenchmarkTests {
    @Test func theUsualCadenceIsThatOfTheDaemon() throws {
        let text = """
            site:
              id: s1
              area: "320583102201"
            broker:
              host: localhost
            cameras:
              - id: cam-01
                url: rtsp://10.0.0.1/a
                purpose: parking
                signage_confirmed: true
                zones:
                  - id: np1
                    polygon: [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]
                    rules:
                      parking.motor:
            """
        let camera = try #require(Configuration.parse(text: text, file: "f").cameras.first)
        #expect(Benchmark.Options().cadence == DaemonSettings.cadence(camera))
    }

    @Test func thereIsARuleForEachKind() {
        for kind in Benchmark.kinds {
            #expect(Benchmark.Options().rules([kind]).kinds == [kind])
        }
    }

    @Test func withoutATruthFileAllOfThePictureIsWatchedForWhatIsAskedFor() throws {
        func watched(_ kinds: Set<AlertKind>?) throws -> Set<AlertKind> {
            let zones = Benchmark.Options(kinds: kinds).zones(nil)
            let zone = try #require(zones.first)
            #expect(zones.count == 1 && zone.zone.polygon.bounds == .whole)
            return zone.rules.kinds
        }
        #expect(try watched(nil) == [.illegalParking])
        #expect(try watched([.exposedGarbage, .crowd]) == [.exposedGarbage, .crowd])
    }

    @Test func aClipOfKeyFramesAloneIsLookedAtEveryTwoSeconds() throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 20, size: (320, 180), gop: 1)
        var recording = try Recording(path: clip, cadence: Benchmark.Options().cadence)
        var looks: [Double] = []
        while let frame = try recording.next() { looks.append(frame.time.seconds) }
        // What the distance of key frames is, the first two tell.
        #expect(looks.count <= 12, "\(looks)")
        #expect(zip(looks.dropFirst(2), looks.dropFirst(3)).allSatisfy { abs($1 - $0 - 2) < 0.15 }, "\(looks)")
    }
}
