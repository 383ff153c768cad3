import Analytics
import Console
import Contract
import Domain
import Foundation
import Pipeline

/// The cameras in words: what each sees, why not, since when, and what to do.
enum ConsoleCameras {
    typealias Row = CameraParts.Row
    typealias Zone = CameraParts.Zone

    /// What is said of a state.
    struct Words {
        let cause: LocalizedName
        let action: LocalizedName

        init(_ zhCause: String, _ enCause: String, _ zhAction: String, _ enAction: String) {
            cause = .init(zh: zhCause, en: enCause)
            action = .init(zh: zhAction, en: enAction)
        }
    }

    /// Seconds by which a camera's clock may be off before somebody has to set it.
    private static let wrongClock = 5.0

    /// - Parameters:
    ///   - configured: all cameras; one that does not run could not be started.
    ///   - open: incidents by camera.
    ///   - blind: seconds without sight by camera, since midnight.
    ///   - shed: kinds for which no look is promised for now.
    static func rows(
        _ configured: [CameraIdentity], _ services: [CameraService], open: [String: Int], blind: [String: Double],
        shed: Set<AlertKind>, catalogue: Catalogue, now: Date = Date()
    ) -> [Row] {
        let running = Dictionary(services.map { ($0.camera.id, $0) }) { first, _ in first }
        return configured.map { identity in
            let service = running[identity.id]
            var row = service.map { described($0, open[identity.id] ?? 0) } ?? stopped(identity, open[identity.id] ?? 0)
            (row.grid, row.microgrid) = (identity.place.grid, identity.place.microgrid)
            row.blindToday = (blind[identity.id] ?? 0).rounded()
            row.zones = service.map { zones(of: $0, shed, catalogue, now) }
            return row
        }
    }

    private static func described(_ service: CameraService, _ open: Int) -> Row {
        let (identity, reading) = (service.settings.identity, service.meter.reading)
        let words = words(reading)
        var row = Row(
            id: identity.id, name: identity.name, area: identity.place.area.digits,
            state: reading.state ?? "connecting", cause: words.cause, action: words.action, openIncidents: open,
            secondsSinceLook: reading.secondsSinceLook, looksPerSecond: rounded(reading.looksPerSecond, to: 100))
        (row.fault, row.reason, row.warning) = (reading.fault, reading.reason, reading.warning)
        row.since = reading.since.map { RFC3339.string(from: $0, in: identity.timeZone) }
        row.cores = reading.cores.map { rounded($0, to: 1000) }
        row.clockOffset = reading.clockOffset.map { rounded($0, to: 10) }
        row.size = reading.size
        return row
    }

    private static func stopped(_ identity: CameraIdentity, _ open: Int) -> Row {
        Row(
            id: identity.id, name: identity.name, area: identity.place.area.digits,
            state: CameraReport.State.offline.rawValue, cause: .init(zh: "未能启动", en: "could not be started"),
            action: .init(zh: "原因见日志", en: "The log has the reason"), openIncidents: open, secondsSinceLook: nil,
            looksPerSecond: 0)
    }

    static func words(_ reading: CameraMeter.Reading) -> Words {
        switch reading.state.flatMap({ CameraReport.State(rawValue: $0) }) {
        case nil:
            Words("还没有画面", "no picture yet", "长时间如此请检查地址和网络", "If it stays so, check its address and the network")
        case .offline where reading.reason == CameraStatus.fileEnded:
            Words("录像已播完", "the recording has ended", "无须处理", "Nothing to do")
        case .offline:
            Words("没有视频流", "no stream", "检查电源、网络和密码", "Check power, network and password")
        case .frozen:
            Words("画面静止", "the picture does not change", "重启摄像机", "Restart the camera")
        case .moved:
            Words("画面与划区时不同", "it looks elsewhere", "转回原位，或重新划区", "Turn it back, or draw the zones anew")
        case .blind: blindness(reading.fault)
        case .online: online(reading)
        }
    }

    private static func blindness(_ fault: String?) -> Words {
        switch fault.flatMap({ CameraFault.Kind(rawValue: $0) }) {
        case .black: Words("画面全黑", "too dark", "检查照明和红外灯", "Check the lamp and the infra-red light")
        case .outOfFocus: Words("失焦", "out of focus", "到现场调焦或擦拭镜头", "Go and focus or wipe the lens")
        default: Words("镜头被遮挡", "something covers the lens", "到现场查看镜头", "Go and look at the lens")
        }
    }

    private static func online(_ reading: CameraMeter.Reading) -> Words {
        guard let offset = reading.clockOffset, abs(offset) > wrongClock else {
            return Words("看得见", "it sees", "无须处理", "Nothing to do")
        }
        let seconds = Int(abs(offset).rounded())
        return Words(
            "时钟\(offset < 0 ? "慢" : "快") \(seconds) 秒", "its clock is \(seconds) s \(offset < 0 ? "slow" : "fast")",
            "请设置摄像机的 NTP 服务器", "Set the camera's NTP server")
    }

    private static func zones(
        of service: CameraService, _ shed: Set<AlertKind>, _ catalogue: Catalogue, _ now: Date
    ) -> [Zone] {
        let reading = service.meter.reading
        let blind = Dictionary(reading.blind.map { ($0.zone, $0) }) { first, _ in first }
        let sharpness = Dictionary(reading.sharpness.map { ($0.zone, $0.smallestCar) }) { first, _ in first }
        return service.settings.zones.map { watched in
            let kinds = watched.rules.kinds.sorted { $0.rawValue < $1.rawValue }
            let seen = blind[watched.zone.id]
            return Zone(
                id: watched.zone.id, name: watched.zone.name,
                state: state(of: watched, reading, isLate: seen?.isLate ?? false, shed, now),
                blindSeconds: (seen?.seconds ?? 0).rounded(),
                rules: kinds.map { kind in
                    let name = catalogue[kind]?.name ?? .init(zh: kind.rawValue, en: kind.rawValue)
                    return .init(kind: kind.rawValue, name: name, dwell: watched.rules[kind]?.dwell ?? 0)
                }, preset: watched.preset,
                polygon: watched.zone.polygon.corners.map { [rounded($0.x, to: 1000), rounded($0.y, to: 1000)] },
                smallestCar: sharpness[watched.zone.id])
        }
    }

    static func state(
        of zone: WatchedZone, _ reading: CameraMeter.Reading, isLate: Bool, _ shed: Set<AlertKind>, _ now: Date
    ) -> Zone.State {
        guard reading.state == CameraReport.State.online.rawValue else { return .unseen }
        guard zone.preset == nil || zone.preset == reading.preset else { return .elsewhere }
        let kinds = zone.rules.kinds
        let isOpen = kinds.contains { (zone.rules[$0] as? any TimedRuleSettings)?.windows.contains(now) ?? true }
        guard isOpen else { return .resting }
        guard !kinds.isSubset(of: shed) else { return .shed }
        return isLate ? .late : .watched
    }

    private static func rounded(_ value: Double, to parts: Double) -> Double { (value * parts).rounded() / parts }
}
