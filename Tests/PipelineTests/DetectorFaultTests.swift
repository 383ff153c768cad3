import Analytics
import Domain
import Foundation
import Inference
import PipelineSupport
import Synchronization
import TestSupport
import Testing
import Threading
import Video

@testable import Pipeline

/// What becomes of looks whose detector fails or is busy.
@Suite(.heavy) struct DetectorFaultTests {
    private static let car = Detection(
        objectClass: .car, score: 0.8, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2))

    private static func zones() -> [WatchedZone] {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map { Point(x: $0.0, y: $0.1) }
        return [
            WatchedZone(
                zone: Zone(id: "np1", name: "", polygon: Polygon(corners)),
                rules: [.illegalParking: ParkingSettings(dwell: 30)])
        ]
    }

    @Test func `after an error no earlier boxes stand for a picture that looks like the failed one`() async throws {
        let harness = try PipelineHarness(Self.zones())
        harness.script.says([Self.car])
        // Long enough that nothing is in doubt and an equal picture is not shown to the detector.
        for step in 0..<12 { try await harness.look(at: Double(step) * 2) }
        let asked = harness.script.asked
        try await harness.look(at: 23)
        #expect(harness.script.asked == asked, "an equal picture was shown to the detector")
        harness.script.fails()
        // The detector looks again after ten seconds in any case, and fails.
        await #expect(throws: InferenceError.self) { try await harness.look(at: 33) }
        harness.script.says([])
        let look = try await harness.look(at: 34)
        #expect(harness.script.asked == asked + 2)
        #expect(look.detections.isEmpty)
    }

    @Test func `a camera that goes blind in a burst asks for looks only`() async throws {
        let harness = try PipelineHarness(Self.zones())
        for step in 0..<4 { try await harness.look(at: Double(step) * 2) }
        // As where something may be smoke.
        harness.pipeline.slowBurst.decide(true, at: MediaTime(6))
        #expect(harness.pipeline.attention == .slowBurst)
        try await harness.look(at: 8, isCovered: true)
        #expect(harness.pipeline.attention == .looks)
    }

    @Test func `a detector for which many looks wait gets on, and one that hangs does not`() async throws {
        let harness = try PipelineHarness(Self.zones())
        let (script, detector) = (harness.script, harness.script.detector)
        let isHung = Mutex(false)
        let hangs = Mutex(false)
        let done = Mutex(0)
        script.holds {
            while isHung.withLock({ $0 }) {
                hangs.withLock { $0 = true }
                Thread.sleep(forTimeInterval: 0.01)
            }
            done.withLock { $0 += 1 }
            // Nobody waits for it: it makes the queue a long one.
            Thread.sleep(forTimeInterval: 0.01)
        }
        let frame = try BlockStreet.frame(at: 0)
        let looks = (0..<200).map { _ in Task { _ = try? await detector.detections(in: frame) } }
        #expect(try await eventually { done.withLock { $0 } > 0 })
        await detector.getsOn()
        let after = done.withLock { $0 }
        #expect(after < 150, "it answered only after \(after) of 200 looks")
        isHung.withLock { $0 = true }
        // On a busy machine all of them may be done by now.
        let last = Task { _ = try? await detector.detections(in: frame) }
        #expect(try await eventually { hangs.withLock { $0 } })
        _ = await finishes(within: .seconds(1)) { await detector.getsOn() }
        let answered = await finishes(within: .milliseconds(300)) { await detector.getsOn() }
        #expect(!answered)
        isHung.withLock { $0 = false }
        for look in looks + [last] { await look.value }
        // Idle, it answers as well.
        await detector.getsOn()
    }

    @Test func `two workers look at two pictures at a time, and one of them that hangs is noticed`() async throws {
        let script = try ScriptedDetector()
        let detector = try ObjectDetector(
            model: script.model, workers: 2, engines: script.engines, heads: script.heads)
        let hanging = Mutex(0)
        let isHung = Mutex(true)
        script.holds {
            // Only the first one.
            guard
                hanging.withLock({ hanging in
                    hanging += 1
                    return hanging == 1
                })
            else { return }
            while isHung.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.01) }
        }
        let frame = try BlockStreet.frame(at: 0)
        let first = Task { _ = try? await detector.detections(in: frame) }
        #expect(try await eventually { hanging.withLock { $0 } == 1 })
        #expect(detector.isFree, "the second one has time")
        for _ in 0..<3 { _ = try await detector.detections(in: frame) }
        let answered = await finishes(within: .milliseconds(300)) { await detector.getsOn() }
        #expect(!answered)
        isHung.withLock { $0 = false }
        await first.value
        await detector.getsOn()
        #expect(script.asked == 4)
    }
}
