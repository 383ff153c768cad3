import Analytics
import Domain
import Foundation
import Logging
import Pipeline
import Synchronization
import TestSupport
import Testing
import Video

@testable import Edge

@Suite struct SheddingTests {
    /// A load that is read so often as the test says, and the time between two readings.
    private final class Machine: Sendable {
        private let state = Mutex((reading: 0, late: 0))
        let told = Mutex(0)
        private let readings: [Int]

        /// - Parameter readings: how many of a hundred looks are late before each.
        init(_ readings: [Int]) { self.readings = readings }

        var load: LookDispatcher.Load {
            state.withLock { state in
                state.late += readings[min(state.reading, readings.count - 1)]
                state.reading += 1
                return .init(needed: 100 * state.reading, late: state.late)
            }
        }

        var uptime: Double { state.withLock { LoadShedder.interval * Double($0.reading) } }
        var isOver: Bool { state.withLock { $0.reading >= readings.count } }
    }

    private func run(_ machine: Machine, _ board: Adjustable<[AlertKind]>) async throws {
        let shedding = Shedding(
            shed: board, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            kinds: { [.exposedGarbage: 4, .illegalParking: 3] },
            changed: { machine.told.withLock { $0 += 1 } }, load: { machine.load },
            clocks: Clocks(now: { .distantPast }, uptime: { machine.uptime }),
            pause: { if machine.isOver { withUnsafeCurrentTask { $0?.cancel() } } })
        try await shedding.run()
    }

    @Test func `what the machine has no time for is named to cameras and in the site's state, and no longer than that`()
        async throws
    {
        let board = Adjustable<[AlertKind]>([])
        let strained = Machine(Array(repeating: 50, count: 5))
        try await run(strained, board)
        #expect(board.value == [.exposedGarbage])
        #expect(strained.told.withLock(\.self) == 1)
        let relieved = Machine(Array(repeating: 50, count: 5) + Array(repeating: 0, count: 8))
        try await run(relieved, board)
        #expect(board.value.isEmpty)
        #expect(relieved.told.withLock(\.self) == 2)
    }

    @Test func `a zone is blind from its promise and a key frame on until it is seen again, also while nobody asks`() {
        let now = Mutex(100.0)
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)].map { Point(x: $0.0, y: $0.1) }
        func zone(_ id: String, dwell: Double, preset: String? = nil) -> WatchedZone {
            WatchedZone(
                zone: Zone(id: id, name: "", polygon: Polygon(corners)),
                rules: [.illegalParking: ParkingSettings(dwell: dwell)], preset: preset)
        }
        let meter = CameraMeter(
            zones: [zone("slow", dwell: 300), zone("fast", dwell: 20), zone("elsewhere", dwell: 300, preset: "b")],
            pace: 3
        ) { now.withLock(\.self) }
        func blind() -> [Double] { meter.reading.blind.map(\.seconds) }
        meter.saw(preset: nil, keyInterval: 2)
        now.withLock { $0 = 105 }
        #expect(blind() == [0, 0, 0])
        now.withLock { $0 = 113 }
        #expect(blind() == [1, 8, 3], "10 s, 3 s and 10 s are promised; of the last no key frame is known")
        meter.saw(preset: nil, keyInterval: 2)
        meter.saw(preset: "b", keyInterval: 2)
        now.withLock { $0 = 118 }
        #expect(blind() == [1, 8, 3])
    }
}
