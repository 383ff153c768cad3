import Analytics
import Domain
import Foundation
import Testing
import Video

@testable import Contract
@testable import Edge

@Suite struct CameraStatusTests {
    private let noon = Date(timeIntervalSince1970: 1_790_000_000)
    private let camera: CameraIdentity
    private let status: CameraStatus

    init() throws {
        let place = GridLocation(area: try AreaCode("320583102201"), grid: "003", microgrid: "02")
        camera = CameraIdentity(
            id: "cam-01", name: "", place: place, timeZone: TimeZone(identifier: "Asia/Shanghai") ?? .gmt)
        status = CameraStatus(
            camera: camera,
            site: SiteIdentity(
                id: "edge-1", place: place, software: "test", configurationSHA256: "", catalogue: "",
                model: .init(name: "", version: "", sha256: "")))
    }

    /// One look at `seconds`, with a fault or none, and the clocks set by so much.
    private func look(
        _ seconds: Double, _ fault: CameraFault? = nil, isClear: Bool? = nil, width: Int = 640, camera: Double? = 0.2,
        system: Double = 0
    ) async -> CameraReport? {
        let moment = ClockMoment(
            system: noon.addingTimeInterval(seconds + system), uptime: seconds,
            camera: camera.map { noon.addingTimeInterval(seconds + $0) })
        return await status.looked(
            ViewJudgement(isClear: isClear ?? (fault == nil), fault: fault), at: MediaTime(seconds),
            size: .init(width: width, height: width * 9 / 16), date: moment.system, moment: moment)
    }

    @Test func `the preset that is in view is told at each change`() async throws {
        func at(_ seconds: Double, _ preset: String?) async -> CameraReport? {
            await status.looked(
                ViewJudgement(isClear: true), at: MediaTime(seconds), size: .init(width: 640, height: 360),
                date: noon.addingTimeInterval(seconds), moment: nil, preset: preset)
        }
        #expect(await at(0, "gate")?.preset == "gate")
        #expect(await at(2, "gate") == nil)
        let report = try #require(await at(4, "yard"))
        #expect(String(decoding: try JSONEncoder().encode(report), as: UTF8.self).contains(#""preset":"yard""#))
        #expect(try #require(await at(6, nil)).preset == nil)
    }

    @Test func `only changes are published`() async throws {
        #expect(await status.stream(.connecting, at: noon) == nil)
        let online = try #require(await status.stream(.online, at: noon))
        #expect(online.state == .online && online.fault == nil)
        #expect(await look(0)?.clockOffsetMilliseconds == 200)
        for seconds in 1..<30 { #expect(await look(Double(seconds) * 2) == nil) }
        let offline = try #require(await status.stream(.offline("no answer"), at: noon))
        #expect(offline.state == .offline && offline.reason == "no answer")
        // A picture that was on its way does not bring the stream back.
        #expect(await look(61) == nil)
        #expect(await status.stream(.connecting, at: noon) == nil)
        #expect(await status.stream(.online, at: noon)?.state == .online)
    }

    @Test func `the offset of the camera's clock is told once it is known and where it moves`() async throws {
        #expect(await status.stream(.online, at: noon)?.clockOffsetMilliseconds == nil)
        for seconds in 0..<5 { #expect(await look(Double(seconds) * 2, camera: nil) == nil) }
        let first = try #require(await look(10, camera: -0.4))
        #expect(first.state == .online && first.clockOffsetMilliseconds == -400)
        // A quarter of an hour in which each third picture is two seconds late.
        for look in 6..<450 {
            let late = look.isMultiple(of: 3) ? 2.0 : 0
            #expect(await self.look(Double(look) * 2, camera: -0.4 - late) == nil)
        }
        // The camera's clock drifts by ten seconds, in five hours.
        var told: [Int] = []
        for look in 450..<9450 {
            let drift = Double(look - 450) / 900
            let report = await self.look(Double(look) * 2, camera: -0.4 + drift)
            told += [report?.clockOffsetMilliseconds].compactMap { $0 }
        }
        #expect((8...10).contains(told.count) && told == told.sorted(), "\(told)")
        #expect(abs(try #require(await status.clockOffset) - 9.6) < 0.01)
    }

    @Test(arguments: [-86400.0, 3600])
    func `a clock that is set at the camera's reboot is a warning`(seconds: Double) async throws {
        _ = await status.stream(.online, at: noon)
        for look in 0..<5 { _ = await self.look(Double(look) * 2) }
        _ = await status.stream(.offline("no answer"), at: noon)
        _ = await status.stream(.online, at: noon)
        for seconds in [70.0, 72, 74] { #expect(await look(seconds, camera: nil) == nil) }
        let report = try #require(await look(76, camera: seconds))
        #expect(report.warning?.contains("the camera's clock was set") == true)
        #expect(report.clockOffsetMilliseconds == Int(seconds * 1000))
    }

    @Test(arguments: [
        (CameraFault.Kind.frozen, CameraReport.State.frozen), (.black, .blind), (.covered, .blind),
        (.outOfFocus, .blind), (.moved, .moved),
    ])
    func `a fault is the state, with its beginning and its reason`(kind: CameraFault.Kind, state: CameraReport.State)
        async throws
    {
        _ = await status.stream(.online, at: noon)
        for seconds in [0.0, 2, 4] { _ = await look(seconds) }
        #expect(await look(6, isClear: false) == nil)
        let fault = CameraFault(kind: kind, since: MediaTime(6), why: "words")
        _ = await look(8, isClear: false)
        let report = try #require(await look(10, fault))
        #expect(report.state == state && report.fault == kind.rawValue && report.reason == "words")
        #expect(report.since == CameraReport.text(noon.addingTimeInterval(6), camera))
        #expect(report.blindSeconds == 6 && report.looksPerSecond == 0.5 && report.clockOffsetMilliseconds == 200)
        #expect(report.zonesResting)
        #expect(await look(12, fault) == nil)
        let over = try #require(await look(14))
        #expect(!over.zonesResting)
        let offline = try #require(await status.stream(.offline("no answer"), at: noon))
        #expect(offline.zonesResting)
        let wire = try #require(
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(offline)) as? [String: Any])
        #expect(wire["zones_resting"] as? Bool == true)
        #expect(over.state == .online && over.reason == nil && over.since == nil && over.blindSeconds == 10)
    }

    @Test(arguments: [-3600.0, 3600]) func `a clock that jumps is a warning for a while`(seconds: Double) async throws {
        _ = await status.stream(.online, at: noon)
        for look in 0..<5 { _ = await self.look(Double(look) * 2) }
        let camera = try #require(await look(10, camera: seconds))
        #expect(camera.state == .online)
        #expect(camera.warning?.hasPrefix("clock jump: the camera's clock was set 3600 s") == true)
        #expect(camera.clockOffsetMilliseconds == Int(seconds * 1000))
        #expect(await look(12, camera: seconds) == nil)
        let system = try #require(await look(14, camera: seconds, system: seconds))
        #expect(system.warning?.contains("this computer") == true)
        var calm: CameraReport?
        for look in 8..<400 where calm == nil {
            calm = await self.look(Double(look) * 2, camera: seconds, system: seconds)
        }
        #expect(calm?.warning == nil && calm?.state == .online)
    }

    @Test func `a change of resolution is a warning`() async throws {
        _ = await status.stream(.online, at: noon)
        _ = await look(0)
        let report = try #require(await look(2, width: 1280))
        #expect(report.state == .online && report.warning?.contains("from 640x360 to 1280x720") == true)
    }

    @Test func `the shape of its pictures is told, and what is doubtful of it as long as it is`() async throws {
        func look(_ seconds: Double, width: Int, _ shape: String, _ remarks: [String]) async -> CameraReport? {
            await status.looked(
                ViewJudgement(isClear: true, fault: nil), at: MediaTime(seconds),
                size: .init(width: width, height: 1080),
                date: noon.addingTimeInterval(seconds), moment: nil,
                picture: .init(stored: [960, 1080], shown: [width, 1080], shape: shape), remarks: remarks)
        }
        _ = await status.stream(.online, at: noon)
        let doubtful = try #require(await look(0, width: 960, "assumed", ["set aspect"]))
        #expect(doubtful.warning == "set aspect" && doubtful.state == .online)
        #expect(doubtful.picture == .init(stored: [960, 1080], shown: [960, 1080], shape: "assumed"))
        #expect(await look(2, width: 960, "assumed", ["set aspect"]) == nil)
        let stated = try #require(await look(4, width: 1920, "stated", []))
        #expect(stated.picture?.shown == [1920, 1080])
        #expect(stated.warning?.contains("size changed from 960x1080 to 1920x1080") == true)
        #expect(try #require(await look(700, width: 1920, "stated", [])).warning == nil)
    }

    @Test func `how its zones are seen is told, and told again when that has changed`() async throws {
        func look(_ seconds: Double, tiles: Int) async -> CameraReport? {
            await status.looked(
                ViewJudgement(isClear: true, fault: nil), at: MediaTime(seconds),
                size: .init(width: 1920, height: 1080),
                date: noon.addingTimeInterval(seconds), moment: nil,
                picture: .init(
                    stored: [1920, 1080], shown: [1920, 1080], shape: "stated", input: [448, 256],
                    zones: [.init(zone: "np1", smallestCar: tiles > 0 ? 65 : 194, tiles: tiles, cutBy: ["left"])]))
        }
        _ = await status.stream(.online, at: noon)
        let report = try #require(await look(0, tiles: 1))
        let json = try #require(String(data: JSONEncoder().encode(report), encoding: .utf8))
        #expect(json.contains(#""smallest_car_px":65"#) && json.contains(#""cut_by":["left"]"#))
        #expect(try CameraReport(json: Data(json.utf8)).picture == report.picture)
        #expect(await look(2, tiles: 1) == nil)
        #expect(try #require(await look(4, tiles: 0)).picture?.zones?.first?.smallestCar == 194)
    }
}
