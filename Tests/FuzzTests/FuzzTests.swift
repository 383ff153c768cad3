import Domain
import Foundation
import FuzzTargets
import Synchronization
import TestSupport
import Testing
import Video

/// The short form of `make fuzz`: what is committed, and so many mutations of it. A fault ends the test process.
@Suite(.waiting) struct FuzzTests {
    @Test(arguments: FuzzTarget.allCases)
    func `the corpus is taken`(target: FuzzTarget) throws {
        let inputs = try target.inputs()
        #expect(!inputs.isEmpty)
        for input in inputs {
            let isTaken = target.take(input.bytes)
            // What once was a fault has its name from that.
            #expect(isTaken || input.name.hasPrefix("broken-"), "\(target) \(input.name)")
        }
    }

    @Test(.heavy, arguments: FuzzTarget.allCases)
    func `mutations of the corpus are taken`(target: FuzzTarget) throws {
        let inputs = try target.inputs().map(\.bytes)
        var mutator = Mutator(seed: 20_261_124, inputs: inputs)
        for _ in 0..<400 { target.take(mutator.next()) }
    }

    /// Bits of RTSP and RTP flip on their way, as a broken switch makes them.
    @Test(.waiting(minutes: 3))
    func `a stream with flipped bits costs pictures, and the camera is back when they are right again`() async throws {
        let folder = try TemporaryFolder()
        let server = try RTSPServer(clip: Footage.makeTestClip(in: folder, seconds: 3, gop: 5))
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.port, seed: 7)
        defer { proxy.stop() }
        let url = server.url.replacing(":\(server.port)/", with: ":\(proxy.port)/")
        let camera = Camera(
            id: "cam", settings: .init(url: CameraURL(url), openTimeout: 3, readTimeout: 2))
        let run = Task { await camera.run(from: MediaTime(0)) }
        // Damaged pictures are not handed out: the switch breaks and heals by the clock, not by what comes through.
        let isHealed = Mutex(false)
        let weather = Task {
            try await Task.sleep(for: .seconds(3))
            proxy.set(.corrupt(every: 2000))
            try await Task.sleep(for: .seconds(4))
            proxy.set(.corrupt(every: 20_000))
            try await Task.sleep(for: .seconds(4))
            proxy.set(.none)
            isHealed.withLock { $0 = true }
        }
        var whole = 0
        for await frame in camera.frames {
            _ = try JPEG.encode(frame)
            whole += isHealed.withLock { $0 ? 1 : 0 }
            if whole == 4 { break }
        }
        try await weather.value
        #expect(whole == 4)
        #expect(proxy.corrupted > 0)
        camera.stop()
        await run.value
    }
}
