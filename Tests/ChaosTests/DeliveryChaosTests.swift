import Contract
import Domain
import Foundation
import Glibc
import MQTT
import Store
import TestSupport
import Testing

/// Kills, broken brokers, bad networks and full disks, and whether a subscriber notices any of it.
@Suite(.tags(.isolated), .serialized, .waiting) struct DeliveryChaosTests {
    /// One campaign against the writer: kills at random points, faults beside them, and then what the centre received.
    private func campaign(
        kills: Int, seed: UInt64, state: URL, in folder: TemporaryFolder, disk: FullDisk? = nil, pause: Int = 2000
    ) async throws -> ChaosCheck {
        try FileManager.default.createDirectory(at: folder.file("broker"), withIntermediateDirectories: true)
        let broker = try Broker(lines: [
            "persistence true", "persistence_location \(folder.file("broker").path)/", "max_queued_messages 0",
        ])
        defer { broker.stop() }
        // The writer is a machine of its own where that may be, with the proxy at our end of the cable.
        let network = PartitionedNetwork.make(orTell: Campaign.skip)
        defer { network?.stop() }
        let host = network?.address ?? "127.0.0.1"
        let proxy = try FaultProxy(to: broker.port, seed: seed, on: host)
        defer { proxy.stop() }
        let centre = try await Centre(port: broker.port, filter: AlertTopics().filter(.alert))
        let progress = folder.file("progress")
        let log = folder.file("log")
        func start() throws -> ChildProcess {
            let words = [state.path, host, "\(proxy.port)", "\(seed)", progress.path, "\(pause)"]
            let program = ChildProcess.built("chaos-writer")
            return try network?.start(program, words, log: log) ?? ChildProcess(program, words, log: log)
        }
        let faults = Task {
            var random = SeededGenerator(seed: seed ^ 0xFA17)
            var turn = 0
            while !Task.isCancelled {
                turn += 1
                let wait = Int.random(in: 300...1500, using: &random)
                let choice = Int.random(in: 0..<6, using: &random)
                let cut = PartitionedNetwork.Cut.allCases.randomElement(using: &random)
                try? await Task.sleep(for: .milliseconds(Int.random(in: 200...1000, using: &random)))
                switch disk != nil && !turn.isMultiple(of: 2) ? 6 : choice {
                case 0:
                    broker.end()
                    try? await Task.sleep(for: .milliseconds(wait))
                    try broker.start()
                case 1: proxy.set(.silent)
                case 2: proxy.set(.slow(bytes: 20_000))
                case 3: proxy.reset()
                case 4: if let cut { try network?.cut(cut) }
                case 6: disk?.fill()
                default: break
                }
                try? await Task.sleep(for: .milliseconds(wait))
                proxy.set(.none)
                try network?.heal()
                disk?.free()
            }
        }
        var random = SeededGenerator(seed: seed)
        for number in 0..<kills {
            let child = try start()
            // Mostly in the middle of the work, sometimes while it starts.
            let life = number.isMultiple(of: 5) ? 1...120 : 100...500
            try await Task.sleep(for: .milliseconds(Int.random(in: life, using: &random)))
            #expect(child.exit == nil, "the writer ended by itself: \(tail(log))")
            child.kill()
        }
        faults.cancel()
        _ = try await faults.value
        proxy.set(.none)
        try network?.heal()
        let child = try start()
        try await Task.sleep(for: .seconds(2))
        child.signal(SIGTERM)
        #expect(try await eventually(seconds: 80) { child.exit != nil }, "the writer did not end: \(tail(log))")
        #expect(child.exit == 0, "\(tail(log))")
        let outbox = try Outbox(file: state.appending(path: "outbox.sqlite"))
        let counts = try outbox.counts()
        #expect(counts.undelivered == 0)
        _ = try await eventually(seconds: 30) {
            centre.received.last?.event.sequence.suffix(9) ?? "" >= String(format: "%09lld", counts.lastSequence)
        }
        #expect(centre.client.droppedMessages == 0)
        // What is retained is what is open.
        let screen = try await Centre(port: broker.port, filter: AlertTopics().filter(.open))
        let open = try Set(outbox.openIncidents().map { $0.id.uuidString.lowercased() })
        #expect(try await eventually(seconds: 10) { Set(screen.received.map(\.event.subject)) == open })
        let looks = try ChaosProgress(file: progress)
        let check = ChaosCheck(
            centre.received, scene: ScriptedScene(seed: seed), through: looks.look,
            sequence: Int(counts.lastSequence), begun: looks.date, longestWait: 30)
        for client in [centre.client, screen.client] { await client.close() }
        #expect(try centre.violations() == [])
        #expect(try screen.violations() == [])
        return check
    }

    @Test(.waiting(minutes: Campaign.isLong ? 30 : 5))
    func `hundreds of kills, a failing broker and a failing network lose nothing and repeat nothing`() async throws {
        let folder = try TemporaryFolder()
        let kills = Campaign.isLong ? 1000 : 200
        Campaign.say("\(kills) kills, CHAOS_SEED=\(Campaign.seed)")
        let check = try await campaign(
            kills: kills, seed: Campaign.seed, state: folder.file("state"), in: folder)
        Campaign.say("\(check)")
        #expect(check.isClean, "CHAOS_SEED=\(Campaign.seed): \(check)")
        #expect(check.messages > kills)
    }

    @Test(.waiting(minutes: Campaign.isLong ? 15 : 3))
    func `kills on a disk that is full now and then lose nothing and repeat nothing`() async throws {
        let folder = try TemporaryFolder()
        guard let disk = try FullDisk(in: folder, megabytes: 64) else {
            Campaign.skip("the full disk is skipped: a tmpfs may not be mounted here")
            return
        }
        let kills = Campaign.isLong ? 200 : 30
        Campaign.say("\(kills) kills on a small disk, CHAOS_SEED=\(Campaign.seed)")
        let check = try await campaign(
            kills: kills, seed: Campaign.seed, state: disk.url.appending(path: "state"), in: folder, disk: disk)
        Campaign.say("\(check); the disk was full \(disk.count) times")
        #expect(check.isClean, "CHAOS_SEED=\(Campaign.seed): \(check)")
        #expect(check.messages > kills)
        #expect(disk.count > 0)
    }

    @Test(.waiting(minutes: 3), arguments: PartitionedNetwork.Cut.allCases)
    func `a network that is cut for longer than the keep-alive loses nothing and repeats nothing`(
        cut: PartitionedNetwork.Cut
    ) async throws {
        guard let network = PartitionedNetwork.make(orTell: Campaign.skip) else { return }
        defer { network.stop() }
        let folder = try TemporaryFolder()
        let broker = try Broker()
        defer { broker.stop() }
        let proxy = try FaultProxy(to: broker.port, on: network.address)
        defer { proxy.stop() }
        let centre = try await Centre(port: broker.port, filter: AlertTopics().filter(.alert))
        let (seed, state, log) = (Campaign.seed, folder.file("state"), folder.file("log"))
        let progress = try ChaosProgress(file: folder.file("progress"))
        let child = try network.start(
            ChildProcess.built("chaos-writer"),
            [state.path, network.address, "\(proxy.port)", "\(seed)", folder.file("progress").path, "10000"], log: log)
        defer { child.kill() }
        #expect(try await eventually(seconds: 20) { centre.count > 20 }, "\(tail(log))")
        try network.cut(cut)
        // What was on its way arrives.
        try await Task.sleep(for: .seconds(1))
        let (count, look) = (centre.count, progress.look)
        // The keep-alive is 5 s.
        try await Task.sleep(for: .seconds(9))
        #expect(centre.count == count && progress.look > look + 200)
        try network.heal()
        #expect(try await eventually(seconds: 30) { centre.count > count + 20 }, "\(tail(log))")
        child.signal(SIGTERM)
        #expect(try await eventually(seconds: 70) { child.exit != nil }, "\(tail(log))")
        let outbox = try Outbox(file: state.appending(path: "outbox.sqlite"))
        let counts = try outbox.counts()
        #expect(counts.undelivered == 0)
        #expect(
            try await eventually(seconds: 20) {
                centre.received.contains { Int64($0.event.sequence) == counts.lastSequence }
            })
        let check = ChaosCheck(
            centre.received, scene: ScriptedScene(seed: seed), through: progress.look,
            sequence: Int(counts.lastSequence), begun: progress.date, longestWait: 30)
        Campaign.say("\(cut) for 10 s: \(check)")
        #expect(check.isClean, "CHAOS_SEED=\(seed): \(check)")
        await centre.client.close()
        #expect(try centre.violations() == [])
    }
}

/// The end of what a child wrote.
func tail(_ log: URL) -> String {
    String(((try? String(contentsOf: log, encoding: .utf8)) ?? "").suffix(1000))
}
