import Contract
import Foundation
import MQTT
import Synchronization
import TestSupport
import Testing

/// Recorders that squeeze a picture and do not say so, with the real program. Alone, since four cameras at once have to see
/// within a look or two how long a car has stood.
@Suite(.tags(.alone), .waiting) struct ShapeTests {
    private static let dwell = 20.0

    /// The sedan of `parking.mp4` stands from 29 s to 104 s of the clip.
    private func part(_ size: String, in folder: TemporaryFolder) throws -> String {
        let path = folder.file("\(size).mp4").path
        try Footage.ffmpeg(
            [
                "-nostdin", "-v", "error", "-ss", "24", "-i", try #require(Footage.clip("composed/parking.mp4")), "-t",
                "75",
                "-r", "10", "-an", "-vf", "scale=\(size.replacing("x", with: ":")),setsar=0", "-pix_fmt", "yuv420p",
                "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "20", "-keyint_min", "20", "-sc_threshold",
                "0", "-crf", "22", path,
            ], "squeeze a clip")
        return path
    }

    @Test(.enabled(if: WatchedLane.isReady, "needs 'make models' and ../shared/footage"), .waiting(minutes: 4))
    func `a recorder that squeezes its pictures in silence gives the same alert once its aspect is set`() async throws {
        let folder = try TemporaryFolder()
        let broker = try Broker()
        defer { broker.stop() }
        let servers = try Dictionary(
            uniqueKeysWithValues: ["640x360", "960x1080", "352x576"].map {
                ($0, try RTSPServer(clip: part($0, in: folder), loops: false))
            })
        defer { for server in servers.values { server.stop() } }
        let client = MQTTClient(MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "screen"))
        try client.start()
        try await client.waitForConnection()
        for filter in ["mg/v1/alert/#", "mg/v1/camera/#"] { try await client.subscribe(filter) }
        let heard = Mutex<(reports: [CameraReport], opened: [AlertEvent])>(([], []))
        let listening = Task {
            for await message in client.messages {
                let data = Data(message.payload)
                heard.withLock { heard in
                    if let event = try? AlertEvent(json: data), event.data.incident.state == "opened" {
                        heard.opened.append(event)
                    }
                    if let report = try? CameraReport(json: data) { heard.reports.append(report) }
                }
            }
        }
        defer { listening.cancel() }
        func url(_ size: String) throws -> String { try #require(servers[size]).url }
        let daemon = try RunningDaemon(
            """
            site: {id: s1, area: "320583102201", state_directory: \(folder.file("state").path), models_directory: \(WatchedLane.models)}
            broker: {host: 127.0.0.1, port: \(broker.port)}
            evidence: {enabled: false}
            cameras:

            """ + WatchedLane.camera("square", try url("640x360"), dwell: Self.dwell)
                + WatchedLane.camera("half", try url("960x1080"), "aspect: 16:9", dwell: Self.dwell)
                + WatchedLane.camera("narrow", try url("352x576"), "aspect: \"16:9\"", dwell: Self.dwell)
                + WatchedLane.camera("silent", try url("960x1080"), dwell: Self.dwell), in: folder)
        defer { daemon.end() }
        for id in ["square", "half", "narrow"] {
            #expect(
                try await eventually(seconds: 70) { heard.withLock { $0.opened.contains { $0.data.camera.id == id } } },
                "\(id)")
        }
        let (reports, opened) = heard.withLock { $0 }
        // Each follows its own start: what tells is how long the car had stood when it was reported.
        for event in opened where event.data.camera.id != "silent" {
            let stood = event.data.observed.dwellSeconds
            #expect((Self.dwell...Self.dwell + 4).contains(stood), "\(event.data.camera.id): \(stood)")
        }
        #expect(Set(opened.map(\.data.camera.id)).isSuperset(of: ["square", "half", "narrow"]))
        let picture = reports.last { $0.camera == "half" }?.picture
        #expect(picture?.stored == [960, 1080] && picture?.shown == [1920, 1080], "\(String(describing: picture))")
        #expect(picture?.shape == "configured", "\(String(describing: picture))")
        // The same recorder without it says what to set.
        #expect(reports.contains { $0.camera == "silent" && $0.warning?.contains("set aspect") == true })
        #expect(!reports.contains { $0.camera != "silent" && $0.warning?.contains("set aspect") == true })
    }
}
