import Analytics
import Domain
import Foundation
import Inference
import PipelineSupport
import Synchronization
import TestSupport
import Testing
import Video

@testable import Pipeline

/// Says the first number of its input, and counts how often it is asked.
private struct CountingEngine: InferenceEngine {
    /// Of all engines of a test.
    final class Calls: Sendable {
        private let number = Mutex(0)
        private let opened = Mutex(0)

        var all: Int { number.withLock { $0 } }
        var networks: Int { opened.withLock { $0 } }
        func add() { number.withLock { $0 += 1 } }
        func open() { opened.withLock { $0 += 1 } }

        /// What a cache lies before.
        var engines: InferenceEngines {
            InferenceEngines([
                Model.usualEngine: { _ in
                    self.open()
                    return CountingEngine(calls: self)
                }
            ])
        }
    }

    let calls: Calls

    mutating func forward(
        _ blob: [Float], width: Int, height: Int, outputs: [(name: String, count: Int)], isExact: Bool
    ) throws(InferenceError) -> [[Float]] {
        calls.add()
        return outputs.map { [Float](repeating: blob[0], count: $0.count) }
    }
}

@Suite struct OutputCacheTests {
    private func model(_ sha256: String = "a", head: String = "other") -> Model {
        Model(
            name: "net", version: "1", sha256: sha256, path: "/no/such", width: 2, height: 1, classes: [.car, .bus],
            head: head)
    }

    private static func ask(
        _ engines: InferenceEngines, _ model: Model, _ value: Float, count: Int = 4
    ) throws -> [[Float]] {
        var engine = try engines.open(model)
        let blob = [value] + [Float](repeating: 0, count: 5)
        return try engine.forward(blob, width: 2, height: 1, outputs: [("found", count)])
    }

    @Test func `an input runs through the network once, another one and another network by themselves`() throws {
        let calls = CountingEngine.Calls()
        let engines = OutputCache(limit: 1 << 20).engines(over: calls.engines)
        for _ in 0..<3 { #expect(try Self.ask(engines, model(), 7) == [[7, 7, 7, 7]]) }
        #expect(calls.all == 1)
        // Every byte counts: the next number, and a zero with a sign.
        #expect(
            try Self.ask(engines, model(), Float(7).nextUp)
                == [[Float]](repeating: .init(repeating: Float(7).nextUp, count: 4), count: 1))
        #expect(calls.all == 2)
        _ = try Self.ask(engines, model(), 0)
        _ = try Self.ask(engines, model(), -0.0)
        #expect(calls.all == 4)
        _ = try Self.ask(engines, model("b"), 7)
        #expect(calls.all == 5)
    }

    @Test func `a network is loaded with the first input that is not known`() throws {
        let calls = CountingEngine.Calls()
        let cache = OutputCache(limit: 1 << 20)
        for _ in 0..<3 { _ = try Self.ask(cache.engines(over: calls.engines), model(), 1) }
        #expect(calls.networks == 1)
        _ = try cache.engines(over: calls.engines).open(model())
        #expect(calls.networks == 1)
    }

    @Test func `no more bytes are kept than the limit, and what was asked for longest ago goes`() throws {
        let calls = CountingEngine.Calls()
        let cache = OutputCache(limit: 10_000)
        let engines = cache.engines(over: calls.engines)
        // Two of them have room.
        for value: Float in [1, 2, 1, 3] { _ = try Self.ask(engines, model(), value, count: 1000) }
        #expect(calls.all == 3 && cache.size.inputs == 2 && (8000...10_000).contains(cache.size.bytes))
        _ = try Self.ask(engines, model(), 1, count: 1000)
        #expect(calls.all == 3)
        _ = try Self.ask(engines, model(), 2, count: 1000)
        #expect(calls.all == 4)
        // One that is larger than all is given and not kept.
        #expect(try Self.ask(engines, model(), 4, count: 5000)[0].count == 5000)
        #expect(cache.size.bytes <= 10_000)
    }

    @Test func `of a detection network the anchors are kept of which something may be found`() throws {
        let calls = CountingEngine.Calls()
        let cache = OutputCache(limit: 1 << 20)
        let network = model(head: Model.usualHead)
        let cases: [(Float, Bool)] = [(-3.5, false), (-1.4, true), (2, true)]
        for (value, isKept) in cases {
            var engine = try cache.engines(over: calls.engines).open(network)
            let blob = [value] + [Float](repeating: 0, count: 5)
            for _ in 0..<2 {
                let outputs = try engine.forward(blob, width: 2, height: 1, outputs: [("classes", 6), ("boxes", 12)])
                #expect(outputs[0] == [Float](repeating: isKept ? value : -.infinity, count: 6))
                #expect(outputs[1] == [Float](repeating: isKept ? value : 0, count: 12))
            }
        }
        #expect(calls.all == 3)
    }

    @Test func `many tests at once each get the outputs of their own input`() async throws {
        let calls = CountingEngine.Calls()
        let engines = OutputCache(limit: 5000).engines(over: calls.engines)
        let network = model()
        let isRight = await withTaskGroup(of: Bool.self) { group in
            for task in 0..<8 {
                group.addTask {
                    (0..<100).allSatisfy { step in
                        let value = Float((task + step) % 20)
                        return (try? Self.ask(engines, network, value)) == [[value, value, value, value]]
                    }
                }
            }
            return await group.allSatisfy { $0 }
        }
        #expect(isRight)
    }

    @Test(.enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"), .heavy)
    func `a picture has the same detections with the cache as without it`() async throws {
        let cache = OutputCache(limit: 50 << 20)
        let without = try Prepared.uncachedDetector()
        let cached = try (0..<2).map { _ in try Prepared.detector(cache: cache) }
        var recording = try Recording(
            path: try #require(Footage.clip("composed/parking.mp4")), sampling: .every(seconds: 20))
        var (found, looks) = (0, 0)
        while let frame = try recording.next(), looks < 6 {
            let right = try await without.detections(in: frame).detections
            for detector in cached { #expect(try await detector.detections(in: frame).detections == right) }
            found += right.count
            looks += 1
        }
        #expect(looks == 6 && found > 0 && cache.size.inputs > 0)
        // All outputs of six would be 13 MB.
        #expect(cache.size.bytes < 3 << 20, "\(cache.size.bytes) bytes")
    }
}
