import Analytics
import Foundation
import TestSupport
import Testing

/// Bags pasted into every quiet street: what counts is the share that is found, on streets that the method was not made on.
@Suite(
    .enabled(if: Prepared.isReady && CutOut.isPresent, "needs 'make models', ../shared/footage and ../shared/images"),
    .timeLimit(.minutes(20)))
struct GarbageTrialTests {
    @Test func nineOfTenBagsThatAreLeftInAStreetAreFoundInTime() async throws {
        let perScene = Int(ProcessInfo.processInfo.environment["GARBAGE_TRIALS"] ?? "") ?? 8
        let outlines = try CutOut.outlines()
        let detector = try Prepared.detector()
        var (trials, found, wrong) = (0, 0, 0)
        for (number, name) in Scenery.quiet.enumerated()
        where name.hasPrefix(ProcessInfo.processInfo.environment["SCENE"] ?? "") {
            let scenery = try Scenery(name)
            var random = SeededGenerator(
                seed: UInt64(number) + (UInt64(ProcessInfo.processInfo.environment["GARBAGE_SEED"] ?? "") ?? 1) * 1000)
            for _ in 0..<perScene {
                guard let trial = try GarbageTrial(scenery, outlines: outlines, using: &random) else { continue }
                let rules = ZoneRules(ground: [.exposedGarbage: GroundSettings(dwell: GarbageTrial.dwell)])
                let alerts = try await scenery.watch(
                    seconds: GarbageTrial.seconds, rules: rules, detector: detector, trial.paste)
                let right = alerts.count { trial.isMatched(by: $0) }
                trials += 1
                found += right > 0 ? 1 : 0
                wrong += alerts.count - min(1, right)
                let box = trial.box
                print(
                    "\(name) start \(trial.start) bag \(trial.outline.file) \(trial.cutOut.planes.width)x\(trial.cutOut.planes.height) at \(trial.x),\(trial.y) gain \(trial.gain): \(right > 0 ? "found" : "MISSED")",
                    alerts.filter { !trial.isMatched(by: $0) }.map {
                        "\($0.confirmed.seconds) iou \($0.object.box.iou(box)) \($0.object.box)"
                    })
            }
        }
        print("trials \(trials) found \(found) wrong \(wrong)")
        #expect(trials >= 60)
        #expect(Double(found) >= 0.9 * Double(trials))
        #expect(Double(wrong) <= 0.02 * Double(trials))
    }
}
