import Contract
import Foundation
import Glibc
import MQTT
import Store
import Synchronization
import TestSupport
import Testing

/// The installed program on a computer whose date is set while it runs. `clock-step.c` sets it, for this process alone;
/// what only counts seconds goes on, as the kernel's clocks do.
@Suite(.tags(.isolated), .waiting) struct ClockChaosTests {
    private static let dwell = 15.0

    /// The camera's states as they were told, with our own date.
    private final class Screen: Sendable {
        let client: MQTTClient
        private let heard = Mutex<[(report: CameraReport, at: Date)]>([])
        var reports: [(report: CameraReport, at: Date)] { heard.withLock(\.self) }

        init(_ broker: Broker) async throws {
            client = MQTTClient(MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "screen"))
            try client.start()
            try await client.waitForConnection()
            try await client.subscribe(AlertTopics().filter(.camera))
            Task { [weak self, client] in
                for await message in client.messages {
                    guard let report = try? CameraReport(json: Data(message.payload)) else { continue }
                    self?.heard.withLock { $0.append((report, Date())) }
                }
            }
        }
    }

    private static let compiler = URL(filePath: "/usr/bin/cc")

    /// What sets the date of a process; nil without a compiler.
    private func library(in folder: TemporaryFolder) throws -> URL? {
        guard FileManager.default.isExecutableFile(atPath: Self.compiler.path) else {
            Campaign.skip("the steps of the clock are skipped: there is no C compiler, run 'make deps'")
            return nil
        }
        let source = Footage.packageRoot.appending(path: "Tests/clock-step.c").path
        let (library, log) = (folder.file("clock-step.so"), folder.file("compiler"))
        let child = try ChildProcess(
            Self.compiler, ["-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o", library.path, source], log: log)
        child.wait()
        try #require(child.exit == 0, "\(tail(log))")
        return library
    }

    @Test(.enabled(if: WatchedStreet.isReady, "needs 'make models' and ../shared/footage"), .waiting(minutes: 2))
    func `a date that is set back makes nobody wait longer for the broker`() async throws {
        let folder = try TemporaryFolder()
        guard let library = try library(in: folder) else { return }
        let ahead = try ChaosProgress(file: folder.file("ahead"))
        ahead.write(0)
        let broker = try Broker()
        defer { broker.stop() }
        let screen = try await Screen(broker)
        broker.end()
        let file = try WatchedStreet.configuration(
            folder, broker: broker.port, camera: "rtsp://127.0.0.1:1/nobody", rule: "parking.motor: { dwell: 15 }")
        let child = try ChildProcess(
            URL(filePath: "/usr/bin/env"),
            [
                "LD_PRELOAD=\(library.path)", "CLOCK_STEP=\(folder.file("ahead").path)",
                ChildProcess.built("gridwarden").path, "run", "--config", file,
            ], log: folder.file("log"))
        defer { child.kill() }
        #expect(
            try await eventually(seconds: 20) {
                try String(contentsOf: folder.file("log"), encoding: .utf8).contains("no broker")
            })
        // By then it waits for seconds before it tries again.
        try await Task.sleep(for: .seconds(5))
        ahead.write(-7200)
        try broker.start()
        // The camera that is not there is told, once there is a broker.
        #expect(
            try await eventually(seconds: 25) { !screen.reports.isEmpty }, "\(tail(folder.file("log")))")
        await screen.client.close()
    }

    @Test(.enabled(if: WatchedStreet.isReady, "needs 'make models' and ../shared/footage"), .waiting(minutes: 4))
    func `a date that is set an hour forward and two back while a car stands there changes nothing`() async throws {
        let folder = try TemporaryFolder()
        guard let library = try library(in: folder) else { return }
        // Seconds by which the daemon's date is ahead.
        let ahead = try ChaosProgress(file: folder.file("ahead"))
        ahead.write(0)
        let hour = 3600
        let broker = try Broker()
        defer { broker.stop() }
        let server = try RTSPServer(clip: WatchedStreet.shortStay(in: folder), loops: false)
        defer { server.stop() }
        let centre = try await Centre(port: broker.port, filter: AlertTopics().filter(.alert))
        let screen = try await Screen(broker)
        let file = try WatchedStreet.configuration(
            folder, broker: broker.port, camera: server.url, rule: "parking.motor: { dwell: \(Self.dwell) }")
        let log = folder.file("log")
        // `env` becomes the program: the child is the program itself.
        @Sendable func start() throws -> ChildProcess {
            try ChildProcess(
                URL(filePath: "/usr/bin/env"),
                [
                    "LD_PRELOAD=\(library.path)", "CLOCK_STEP=\(folder.file("ahead").path)",
                    ChildProcess.built("gridwarden").path, "run", "--config", file,
                ], log: log)
        }
        let child = try start()
        defer { child.kill() }
        #expect(try await eventually(seconds: 20) { screen.reports.last?.report.state == .online }, "\(tail(log))")
        let online = ContinuousClock.now

        // In the middle of the dwell.
        try await Task.sleep(for: .seconds(12))
        #expect(centre.count == 0)
        ahead.write(hour)
        #expect(try await eventually(seconds: 20) { centre.count > 0 })
        // Back while it still stands there.
        try await Task.sleep(until: online + .seconds(34))
        ahead.write(-hour)
        #expect(try await eventually(seconds: 40) { centre.received.last?.event.data.incident.state == "closed" })

        let events = centre.received.map(\.event)
        Campaign.say(
            "clock steps: "
                + events.map { "\($0.data.incident.state) after \($0.data.observed.dwellSeconds) s" }
                .joined(separator: ", "))
        // The steps were there: in the ids, which go on from the latest date, and in the camera's state.
        for (event, at) in centre.received {
            let seconds = try #require(ChaosCheck.written(event.id)).timeIntervalSince(at)
            #expect((Double(hour) - 60...Double(hour) + 5).contains(seconds), "\(event.id): \(seconds)")
        }
        let warnings = screen.reports.filter { $0.report.warning?.contains("clock jump") == true }
        let texts = warnings.compactMap(\.report.warning)
        #expect(texts.contains { $0.contains("the clock of this computer was set 3600 s forward") }, "\(texts)")
        #expect(texts.contains { $0.contains("the clock of this computer was set 7200 s back") }, "\(texts)")
        let last = try #require(screen.reports.last)
        let told = try #require(RFC3339.date(from: last.report.at)).timeIntervalSince(last.at)
        #expect(abs(told + Double(hour)) < 5, "\(told)")
        #expect(screen.reports.allSatisfy { $0.report.state == .online })

        // One incident, opened once and on time, closed once, in sequence.
        #expect(Set(events.map(\.subject)).count == 1)
        let states = events.map(\.data.incident.state)
        #expect(states.first == "opened" && states.count { $0 == "opened" } == 1, "\(states)")
        #expect(states.last == "closed" && states.count { $0 == "closed" } == 1, "\(states)")
        #expect(events.compactMap { Int($0.sequence) } == Array(1...events.count))
        #expect(events.map(\.id) == events.map(\.id).sorted())
        let opened = try #require(events.first).data.observed
        // A look is 2 s at most.
        #expect((Self.dwell...Self.dwell + 2).contains(opened.dwellSeconds), "\(opened)")
        let closed = try #require(events.last).data.observed
        let standing = WatchedStreet.departure - WatchedStreet.arrival
        #expect((standing - 6...standing + 2).contains(closed.dwellSeconds), "\(closed)")

        child.signal(SIGTERM)
        #expect(try await eventually(seconds: 20) { child.exit != nil })
        #expect(child.exit == 0)
        let outbox = try Outbox(file: folder.file("state").appending(path: "outbox.sqlite"))
        func kept() throws -> [AlertMessage] { try outbox.messages(from: 1, through: 1000) }
        #expect(try kept().count == events.count)
        #expect(try outbox.counts().undelivered == 0 && outbox.openIncidents().isEmpty)

        // A start in another year: everything would be older than what is kept.
        ahead.write(400 * 24 * hour)
        let later = try start()
        defer { later.kill() }
        let words = "the computer's date is not believed yet"
        #expect(
            try await eventually(seconds: 20) { try String(contentsOf: log, encoding: .utf8).contains(words) })
        later.signal(SIGTERM)
        #expect(try await eventually(seconds: 20) { later.exit != nil })
        #expect(try kept().count == events.count)
        for client in [centre.client, screen.client] { await client.close() }
        #expect(try centre.violations() == [])
    }
}
