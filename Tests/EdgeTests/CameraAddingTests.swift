import Console
import Domain
import Foundation
import SiteConfiguration
import TestSupport
import Testing
import Video

@testable import Edge

/// What adding a camera by the console does to the file, and to the password.
@Suite(.waiting(minutes: 2)) struct CameraAddingTests {
    private static let models = Footage.packageRoot.appending(path: "models/prepared").path
    static let isReady = FileManager.default.fileExists(atPath: models + "/manifest.json")
    private static let password = "geheim-77"

    private let folder: TemporaryFolder
    private let file: URL
    private var state: URL { folder.file("state") }

    init() throws {
        folder = try TemporaryFolder()
        file = folder.file("gridwarden.yaml")
    }

    private func text(_ cameras: String) -> String {
        """
        # The site. 站点
        site:
          id: s1
          area: "320583102201"
          grid: "003"   # 东门
          state_directory: \(folder.file("state").path)
          models_directory: \(Self.models)
        broker: {host: 127.0.0.1, port: 9}   # none
        evidence: {enabled: false}
        console: {listen: "127.0.0.1:18080"}
        cameras:\(cameras)

        """
    }

    private static let one = """

          # At the gate. rtsp://old:0ldSecret@127.0.0.1/b
          - id: cam-01
            url: rtsp://user:s3cretWord@127.0.0.1:9/a
            purpose: test
            signage_confirmed: true
            zones:
              - id: np1
                polygon: [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]
                rules: {parking.motor: {dwell: 60}}
        """

    private func adding(_ text: String?) throws -> CameraAdding {
        try FileManager.default.createDirectory(at: state, withIntermediateDirectories: true)
        if let text { try text.write(to: file, atomically: true, encoding: .utf8) }
        var settings = try DaemonSettings(
            Configuration.parse(text: text ?? self.text(Self.one), file: "f"), file: file.path, software: "test")
        if text != nil { settings.configurationFile = file.path }
        // Nobody reads it again here: what becomes of a wish is for the tests of a whole site.
        let desk = ReloadDesk(running: settings.site.configurationSHA256)
        Task {
            await desk.serve { _ in ReloadReport(outcome: .applied, sha256: "x", started: ["cam-02"]) }
        }
        return CameraAdding(settings, registry: CameraRegistry(settings.cameras.map(\.identity)), desk: desk)
    }

    private func camera(_ more: String = "", id: String = "cam-02", version: String? = nil) throws -> NewCamera {
        let version = version.map { ",\"version\":\"\($0)\"" } ?? ""
        let json = """
            {"id":"\(id)","name":"东门: 1","area":"320583102201","grid":"003","microgrid":"07","purpose":"违停 # 1",
             "signage":true,"gb28181":"34020000001320000001","longitude":120.6125,"latitude":31.3\(version),
             "zones":[{"id":"parking-motor","name":"机动车","surface":"carriageway","kind":"parking.motor","dwell":6,
             "polygon":[[0.04,0.5],[0.96,0.5],[0.99,0.9812],[0.01,0.98]]}\(more)]}
            """
        return try JSONDecoder().decode(NewCamera.self, from: Data(json.utf8))
    }

    private func stream(
        _ url: String = "rtsp://10.0.0.7/a?b=c", user: String? = "admin", password: String? = password
    ) -> StreamAddress {
        StreamAddress(url: url, user: user, password: password, transport: .tcp)
    }

    private var present: String { get throws { try String(contentsOf: file, encoding: .utf8) } }
    private var secrets: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: state.appending(path: "credentials").path)) ?? [])
            .sorted()
    }

    @Test(.enabled(if: isReady, "needs 'make models'"))
    func `a camera is added after the others, comments stay, and the password is in a file of its own`() async throws {
        let before = text(Self.one)
        let adding = try adding(before)
        let added = try await adding.add(camera(), stream(), isTrial: false)
        #expect(added.outcome == .applied && added.id == "cam-02")
        let after = try present
        #expect(after.hasPrefix(before.dropLast()))
        #expect(!after.contains(Self.password))
        let configuration = try Configuration.parse(text: after, file: "f")
        let camera = try #require(configuration.cameras.last)
        #expect(camera.id == "cam-02" && camera.name == "东门: 1" && camera.purpose == "违停 # 1")
        #expect(camera.url == "rtsp://10.0.0.7/a?b=c" && camera.transport == .tcp)
        #expect(camera.grid == "003" && camera.microgrid == "07" && camera.gb28181 == "34020000001320000001")
        #expect(camera.longitude == 120.6125 && camera.latitude == 31.3)
        #expect(camera.zones.map(\.zone.id) == ["parking-motor"] && camera.zones[0].zone.polygon.corners.count == 4)
        #expect(after.contains("parking.motor:") && after.contains("dwell: 6\n"))
        // What is the site's own is not repeated.
        #expect(!after.split(separator: "cam-02")[1].contains("area:"))

        let path = try #require(camera.credentialsFile)
        #expect(path == state.appending(path: "credentials/cam-02").path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "admin\n\(Self.password)\n")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let outer = try FileManager.default.attributesOfItem(atPath: state.appending(path: "credentials").path)
        #expect(outer[.posixPermissions] as? Int == 0o700)
        // As the daemon reads it.
        let settings = try DaemonSettings(configuration, software: "test")
        #expect(settings.cameras.last?.stream.url.parts.login?.password == Self.password)
        for secret in [Self.password, "s3cretWord", "0ldSecret"] { #expect(!added.diff.contains(secret)) }
        #expect(added.diff.contains("+  - id: cam-02"))
        #expect(added.version == settings.site.configurationSHA256)
    }

    @Test(.enabled(if: isReady, "needs 'make models'"))
    func `the first camera of a box stands where there was none`() async throws {
        let adding = try adding(text(" []   # none yet"))
        #expect(adding.offer(try Catalogue.builtIn()).id == "cam-01")
        let added = try await adding.add(
            camera(id: "cam-01"), stream("rtsp://u:p%40ss-word@10.0.0.7/a", user: nil, password: nil), isTrial: false)
        #expect(added.outcome == .applied)
        let camera = try #require(try Configuration.parse(text: present, file: "f").cameras.first)
        // A password in the address does not stay there.
        #expect(camera.url == "rtsp://10.0.0.7/a")
        let path = try #require(camera.credentialsFile)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "u\np@ss-word\n")
        #expect(try present.contains("# The site. 站点"))
    }

    @Test(.enabled(if: isReady, "needs 'make models'"))
    func `a trial shows the change and leaves nothing behind`() async throws {
        let before = text(Self.one)
        let adding = try adding(before)
        let trial = try await adding.add(camera(), stream(), isTrial: true)
        #expect(trial.outcome == .trial && trial.diff.contains("+    credentials_file: "))
        #expect(try present == before && secrets.isEmpty)
        #expect(trial.version.count == 64)
        // What it was shown for is what is written.
        let added = try await adding.add(camera(version: trial.version), stream(), isTrial: false)
        #expect(added.diff == trial.diff)
    }

    private func refusal(
        _ adding: CameraAdding, _ camera: NewCamera, _ stream: StreamAddress, isTrial: Bool = false
    ) async throws -> CameraRefusal {
        try #require(
            await #expect(throws: CameraRefusal.self) { _ = try await adding.add(camera, stream, isTrial: isTrial) })
    }

    @Test(.enabled(if: isReady, "needs 'make models'"))
    func `what cannot be added changes nothing, and leaves no password`() async throws {
        let before = text(Self.one)
        let adding = try adding(before)
        guard case .faults(let taken) = try await refusal(adding, camera(id: "cam-01"), stream()) else {
            throw CancellationError()
        }
        #expect(taken.first?.path == "id")
        guard case .changed = try await refusal(adding, camera(version: "0"), stream()) else {
            throw CancellationError()
        }
        let unknown =
            ",{\"id\":\"z2\",\"surface\":\"carriageway\",\"kind\":\"no.such\",\"dwell\":6,"
            + "\"polygon\":[[0,0],[1,0],[1,1]]}"
        guard case .faults(let wrong) = try await refusal(adding, camera(unknown), stream()) else {
            throw CancellationError()
        }
        #expect(wrong.first?.en.contains("no.such") == true && wrong.first?.zh.isEmpty == false)
        for login in ["a%3Ab:p", ":p", "u:p%0Aq"] {
            let odd = stream("rtsp://\(login)@10.0.0.7/a", user: nil, password: nil)
            guard case .faults = try await refusal(adding, camera(), odd) else { throw CancellationError() }
        }
        #expect(try present == before && secrets.isEmpty)
    }

    @Test(.enabled(if: isReady, "needs 'make models'"))
    func `where the file may not be written the page is given what to add`() async throws {
        let without = try adding(nil)
        guard case .notWritable(let patch) = try await refusal(without, camera(), stream(), isTrial: true) else {
            throw CancellationError()
        }
        #expect(patch.hasPrefix("- id: cam-02\n") && !patch.contains(Self.password) && secrets.isEmpty)
        let value = try ConfigurationValue(yaml: patch)
        guard case .list(let items) = value else { throw CancellationError() }
        #expect(items.first?["credentials_file"] != nil)
        // To be pasted, it names a file that is there.
        guard case .notWritable = try await refusal(without, camera(), stream()) else { throw CancellationError() }
        #expect(secrets == ["cam-02"])
    }

    @Test(.enabled(if: isReady, "needs 'make models'"))
    func `nobody's file of credentials is overwritten`() async throws {
        let used = state.appending(path: "credentials/cam-02").path
        let before = text(Self.one.replacing("purpose: test", with: "credentials_file: \(used)\n    purpose: test"))
        try FileManager.default.createDirectory(
            at: state.appending(path: "credentials"), withIntermediateDirectories: true)
        try "a\nb\n".write(toFile: used, atomically: true, encoding: .utf8)
        let adding = try adding(before)
        _ = try await adding.add(camera(), stream(), isTrial: false)
        #expect(secrets == ["cam-02", "cam-02-2"])
        #expect(try String(contentsOfFile: used, encoding: .utf8) == "a\nb\n")
    }

    // MARK: - The test of a stream

    @Test func `there is room for as many as leave a fifth of what is free`() {
        #expect(StreamTester.fits(cores: 0.05, free: 1, look: 0.02, detector: 1) == 16)
        // The detector has one thread.
        #expect(StreamTester.fits(cores: 0.05, free: 4, look: 0.05, detector: 0.5) == 8)
        #expect(StreamTester.fits(cores: 0.05, free: 0, look: 0.02, detector: 1) == 0)
        #expect(StreamTester.fits(cores: 0.05, free: 1, look: 0.02, detector: -1) == 0)
        #expect(StreamTester.fits(cores: 0, free: 1, look: 0, detector: 1) == 0)
        #expect(StreamTester.fits(cores: 1e-9, free: 64, look: 0, detector: 1) == 999)
    }

    @Test func `the kernel's counters say what is idle`() throws {
        let (idle, all) = MachineLoad.ticks("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 2 3\n")
        #expect(idle == 850 && all == 1000)
        #expect(MachineLoad.ticks("") == (nil, nil) && MachineLoad.ticks("cpu a b") == (nil, nil))
        let a = MachineLoad(idle: 850, all: 1000, own: 10, cores: 2)
        let b = MachineLoad(idle: 1850, all: 3000, own: 12, cores: 2)
        let share = try #require(MachineLoad.between(a, b))
        #expect(share.idle == 1 && abs(share.own - 0.2) < 1e-9)
        #expect(MachineLoad.between(b, b) == nil)
    }

    @Test func `every fault of a stream is a sentence in both languages, with what to do`() {
        for kind in StreamFault.allCases {
            for rest in [nil, 300.0] {
                let failure = StreamTestWords.failure(kind, rest: rest)
                for words in [failure.what, failure.action] {
                    #expect(words.en.count > 8 && words.zh.count > 4, "\(kind)")
                    #expect(words.zh.firstMatch(of: /\p{Han}[,;:!?()]|[,;:!?()]\p{Han}/) == nil, "\(words.zh)")
                }
                #expect(failure.code == kind.rawValue)
            }
        }
    }

    @Test func `the rows say what is good, what is not, and what to do`() throws {
        var facts = StreamTest.Facts(
            codec: "h264", profile: "High", width: 1920, height: 1080, rate: 25, bitsPerSecond: 4.1e6, keyInterval: 2,
            transport: "tcp", lost: 0, clock: "rtcp", clockOffset: 0.3, cores: 0.016, fits: 60, vehicles: 2,
            vehicleWidth: 0.18)
        func rows(_ seen: Double? = 2, isDistrusted: Bool = false, hasStill: Bool = true) -> [String: ConsoleParts
            .HealthRow]
        {
            let view = StreamTester.View(count: 2, width: seen == nil ? nil : 0.18, sharpness: seen)
            let all = StreamTestWords.rows(facts, isClockDistrusted: isDistrusted, view: view, hasStill: hasStill)
            return Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })
        }
        let good = rows()
        #expect(good.keys.sorted() == ["clock", "codec", "cost", "keys", "picture", "view"])
        #expect(good.values.allSatisfy { $0.state == .ok })
        #expect(good["codec"]?.now.en == "H.264 High · 4.1 Mb/s" && good["keys"]?.now.en == "every 2.0 s")
        #expect(good["cost"]?.now.en == "about 0.016 core at most" && good["cost"]?.action.en.contains("60") == true)
        #expect(good["view"]?.now.en == "vehicles are about 18 % of the width")
        #expect(
            rows(0.5)["view"]?.state == .warn && rows(0.2)["view"]?.state == .bad && rows(nil)["view"]?.state == .warn)
        #expect(rows(isDistrusted: true)["clock"]?.state == .warn && rows(hasStill: false)["picture"]?.state == .warn)
        facts.clockOffset = -42
        #expect(rows()["clock"]?.now.en == "42 s slow" && rows()["clock"]?.now.zh == "慢 42 秒")
        facts.clockOffset = nil
        #expect(rows()["clock"]?.state == .ok)
        facts.keyInterval = 12
        #expect(rows()["keys"]?.state == .warn)
        facts.keyInterval = nil
        #expect(rows()["keys"]?.state == .warn)
        (facts.lost, facts.fits, facts.codec, facts.width, facts.height) = (0.02, 0, "mjpeg", 320, 240)
        let bad = rows()
        #expect(bad["lost"]?.now.en.contains("2.0 %") == true && bad["cost"]?.state == .bad)
        #expect(bad["codec"]?.state == .warn && bad["picture"]?.state == .warn)
        facts.fits = nil
        #expect(rows()["cost"]?.state == .ok)
    }
}
