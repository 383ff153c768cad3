import Foundation
import SiteConfiguration
import Testing
import Video

@testable import Edge

/// What the key `decode` means for a camera.
@Suite struct DecodingSettingsTests {
    @Test(
        arguments: zip(
            CameraSettings.Decode.allCases, [DecodingWay.software, .software, .auto, .software, .vaapi, .v4l2m2m]))
    func `what decodes is that of key frames, and only all decodes all`(
        decode: CameraSettings.Decode, way: DecodingWay
    ) throws {
        let text = """
            site: {id: s1, area: "320583102201"}
            broker: {host: localhost}
            cameras:
              - id: cam-01
                url: rtsp://10.0.0.1/a
                purpose: parking
                signage_confirmed: true
                decode: \(decode.rawValue)
                zones:
                  - id: np1
                    polygon: [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]
                    rules:
                      parking.motor:
            """
        let camera = try #require(Configuration.parse(text: text, file: "f").cameras.first)
        #expect(camera.decode == decode)
        #expect(DaemonSettings.decoding(camera.decode) == way)
        let takesAll = DaemonSettings.sampling(camera) == .every(seconds: camera.lookEvery)
        #expect(takesAll == (decode == .all))
    }
}
