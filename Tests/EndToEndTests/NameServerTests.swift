import Analytics
import Contract
import Domain
import Foundation
import Glibc
import Store
import TestSupport
import Testing

/// The real program where no name server answers: glibc looks for 56 s and cannot be interrupted, and systemd gives a stop
/// 20 s (`TimeoutStopSec`). One after the other: the addresses of the name servers are those of the process.
@Suite(.tags(.isolated), .serialized) struct NameServerTests {
    private static let isReady = FileManager.default.fileExists(atPath: WatchedLane.models + "/manifest.json")

    private func configuration(_ folder: TemporaryFolder, cameras: String) -> String {
        """
        site: {id: s1, area: "320583102201", state_directory: \(folder.file("state").path), models_directory: \(WatchedLane.models)}
        broker: {host: broker.nowhere.example}
        evidence: {directory: \(folder.file("evidence").path)}
        delivery:
          webhooks:
            - {id: desk, url: "https://desk.nowhere.example/alerts", timeout: 60}
        cameras:

        """ + cameras
    }

    private func camera(dwell: Double = 5) -> String {
        WatchedLane.camera("c1", "rtsp://camera.nowhere.example/stream", dwell: dwell)
    }

    /// A message that waits for the webhook.
    private func leaveMessage(in folder: TemporaryFolder) throws {
        let state = folder.file("state")
        try FileManager.default.createDirectory(at: state, withIntermediateDirectories: true)
        let outbox = try Outbox(file: state.appending(path: "outbox.sqlite"))
        try outbox.serve(sinks: ["desk"])
        let incident = Incident(
            id: UUIDv7.make(), kind: .illegalParking, camera: "c1", zone: "np1", firstSeen: MediaTime(0),
            confirmed: MediaTime(5), lastSeen: MediaTime(5), threshold: 5,
            object: .init(objectClass: .car, confidence: 0.7, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)))
        try outbox.commit(
            LookCommit(
                camera: "c1",
                changes: [
                    .init(incident: incident) { incident, sequence in
                        AlertMessage(
                            sequence: sequence, id: UUIDv7.make(), subject: incident.id, topic: "alerts",
                            openTopic: "open", isOpen: true, payload: [UInt8]("{}".utf8))
                    }
                ]))
    }

    @Test(.enabled(if: isReady, "needs 'make models'"), .waiting(minutes: 4), arguments: [false, true])
    func `a stop waits for no name server, of a broker, a camera or a webhook, during a reload either`(
        isReloading: Bool
    ) async throws {
        guard let server = try SilentNameServer() else {
            return print("name servers: skipped, port 53 or a mount namespace is not permitted here")
        }
        let folder = try TemporaryFolder()
        try leaveMessage(in: folder)
        let daemon = try RunningDaemon(
            configuration(folder, cameras: camera()), in: folder, through: server.prefix)
        defer { daemon.end() }
        var asked = ""
        #expect(
            try await eventually {
                asked += server.questions()
                return ["camera", "broker", "desk"].allSatisfy { asked.contains("\($0).nowhere") }
            }, "\(asked)\n\(daemon.log)")
        if isReloading {
            // It waits for the camera that leaves.
            try daemon.beginReload(configuration(folder, cameras: camera(dwell: 6)))
            try await Task.sleep(for: .seconds(1))
        }
        let stopping = ContinuousClock.now
        #expect(daemon.stop() == 0)
        let stopped = ContinuousClock.now - stopping
        print("name servers: stopped after \(stopped)\(isReloading ? " during a reload" : "")")
        #expect(stopped < Patience.seconds(10))
        #expect(daemon.log.contains("gridwarden has stopped"))
    }
}
