import Domain
import Foundation
import TestSupport
import Testing
import Video

@testable import Inference

/// What a dark picture becomes before the detector sees it.
@Suite(.heavy) struct ExposureTests {
    private static let folder = Footage.packageRoot.appending(path: "models/prepared").path
    private static let isReady =
        FileManager.default.fileExists(atPath: folder + "/manifest.json") && Footage.isPresent

    private func exposure(_ values: [UInt8]) -> Exposure {
        values.flatMap { [$0, $0, $0] }.withUnsafeBufferPointer { Exposure(of: $0) }
    }

    /// From 0 to `top` evenly, so many times.
    private func ramp(to top: Int) -> [UInt8] { (0..<20000).map { UInt8($0 % (top + 1)) } }

    @Test func `a dark picture is spread over the whole range and keeps its order`() throws {
        let table = try #require(exposure(ramp(to: 40)).table)
        #expect(table[0] == 0 && table[40] == 255)
        #expect(zip(table, table.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test func `a lamp in the night does not keep the street dark`() throws {
        let street = ramp(to: 40)
        let lamp = [UInt8](repeating: 255, count: street.count / 200)
        let table = try #require(exposure(street + lamp).table)
        #expect(table[39] >= 240 && table[255] == 255)
    }

    @Test func `a picture that is bright anywhere stays as it is`() {
        #expect(exposure(ramp(to: 255)) == .asItIs)
        #expect(exposure(ramp(to: 40) + [UInt8](repeating: 200, count: 600)) == .asItIs)
        #expect(exposure([]) == .asItIs)
    }

    @Test func `of a picture that is all black no more is made than its noise`() throws {
        let table = try #require(exposure((0..<9000).map { UInt8($0 % 3) }).table)
        #expect(table[2] <= 32)
    }

    /// The parked sedan by night: as the picture is by day, as its light falls to so many levels of 255 on average.
    @Test(.enabled(if: isReady, "needs 'make models' and ../shared/footage"), arguments: [20.0, 12])
    func `a car that stands in the dark is found`(mean: Double) async throws {
        var recording = try Recording(
            path: try #require(Footage.clip("composed/parking.mp4")), sampling: .keyFrames(promise: 3))
        var next = try recording.next()
        while let earlier = next, earlier.time.seconds < 60 { next = try recording.next() }
        let frame = try #require(next)
        let (width, height) = (frame.width, frame.height)
        var scaler = Scaler(width: width, height: height, format: .planes)
        var planes = try scaler.scale(frame) { pixels in
            (0..<3).map { Array(pixels[$0 * width * height..<($0 + 1) * width * height]) }
        }
        let gain = mean * Double(width * height) / planes[0].reduce(0) { $0 + Double($1) }
        planes[0] = planes[0].map { UInt8(Double($0) * gain) }
        for plane in 1...2 { planes[plane] = planes[plane].map { UInt8(128 + (Double($0) - 128) * gain) } }
        let dark = try Frame(planes: planes, width: width, height: height, time: frame.time, date: frame.date)
        let detector = try ObjectDetector(
            model: try ModelManifest.load(folder: Self.folder).detection("efficientdet-lite0", in: Self.folder))
        let sedan = Box(x: 238.0 / 640, y: 153.0 / 360, width: 126.0 / 640, height: 63.0 / 360)
        let whole = try await detector.detections(in: dark).detections
        let part = try await detector.detections(
            in: dark, part: Box(x: 200.0 / 640, y: 0.3, width: 202.0 / 640, height: 0.4)
        ).detections
        for found in [whole, part] {
            #expect(
                found.contains { $0.objectClass.isMotorVehicle && $0.score > 0.4 && $0.box.iou(sedan) > 0.6 },
                "\(found)")
        }
    }
}
