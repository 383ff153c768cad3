import Console
import Contract
import Domain
import Foundation

/// The status in words: what is well, what is not, and what to do.
enum ConsoleHealth {
    typealias Row = ConsoleParts.HealthRow

    static func rows(_ status: SiteStatus) -> [Row] {
        [broker(status), outbox(status), cameraRow(status), writing(status), evidence(status), clocks(status)]
            .compactMap(\.self) + sinks(status)
    }

    private static func broker(_ status: SiteStatus) -> Row {
        let name = LocalizedName(zh: "消息服务器", en: "Broker")
        if let blocked = status.blocked {
            return Row(
                id: "broker", state: .bad, name: name,
                now: .init(zh: "拒收消息 \(blocked.sequence)", en: "refuses message \(blocked.sequence)"),
                action: .init(zh: "其后的消息都在等待；请检查消息服务器的权限", en: "All later ones wait: check its access list"))
        }
        return status.brokerConnected
            ? Row(
                id: "broker", state: .ok, name: name, now: .init(zh: "已连接", en: "connected"),
                action: .init(zh: "事件立即送达", en: "Alerts leave at once"))
            : Row(
                id: "broker", state: .bad, name: name, now: .init(zh: "未连接", en: "not connected"),
                action: .init(zh: "事件保存在本机，恢复后补发；请检查网络", en: "Alerts wait here and follow later: check the network"))
    }

    private static func outbox(_ status: SiteStatus) -> Row {
        let name = LocalizedName(zh: "待发消息", en: "Outbox")
        let count = status.outbox.undelivered
        if let age = status.outbox.secondsOld {
            let seconds = Int(age)
            return Row(
                id: "outbox", state: .bad, name: name,
                now: .init(zh: "数据库 \(seconds) 秒没有响应", en: "the store has not answered for \(seconds) s"),
                action: .init(zh: "请检查磁盘", en: "See to the disk"))
        }
        let isLate = (status.outbox.oldestUndeliveredSeconds ?? 0) > 60
        return Row(
            id: "outbox", state: isLate ? .warn : .ok, name: name,
            now: .init(zh: "\(count) 条等待", en: count == 1 ? "1 waits" : "\(count) wait"),
            action: isLate
                ? .init(zh: "最早一条已等待超过 1 分钟", en: "The oldest has waited for more than a minute")
                : .init(zh: "没有积压", en: "Nothing piles up"))
    }

    private static func cameraRow(_ status: SiteStatus) -> Row {
        let name = LocalizedName(zh: "摄像机", en: "Cameras")
        let (all, seeing) = (status.cameras.count, status.cameras.count { $0.state == "online" })
        return Row(
            id: "cameras", state: seeing == all ? .ok : .bad, name: name,
            now: .init(zh: "\(all) 路，\(seeing) 路看得见", en: "\(seeing) of \(all) can see"),
            action: seeing == all
                ? .init(zh: "没有盲区", en: "None is blind")
                : .init(zh: "见下方各摄像机", en: "See the cameras below"))
    }

    private static func writing(_ status: SiteStatus) -> Row? {
        guard let writing = status.writing else { return nil }
        let name = LocalizedName(zh: "写入", en: "Writing")
        if writing.refused != nil {
            return Row(
                id: "writing", state: .bad, name: name,
                now: .init(zh: "\(writing.waiting) 项写不进磁盘", en: "\(writing.waiting) changes cannot be written"),
                action: .init(zh: "请清理磁盘空间，原因见日志", en: "Make room on the disk; the log has the reason"))
        }
        return Row(
            id: "writing", state: .ok, name: name, now: .init(zh: "正常", en: "works"),
            action: .init(
                zh: "\(writing.pictures) 件的图片在制作",
                en: "pictures of \(writing.pictures) incidents are being made"))
    }

    private static func evidence(_ status: SiteStatus) -> Row? {
        guard let evidence = status.evidence else { return nil }
        let name = LocalizedName(zh: "证据空间", en: "Evidence space")
        let (used, budget) = (evidence.bytes >> 20, evidence.budgetBytes >> 20)
        let isFull = evidence.bytes > evidence.budgetBytes / 10 * 9
        return Row(
            id: "evidence", state: isFull ? .warn : .ok, name: name,
            now: .init(zh: "\(used) / \(budget) MB", en: "\(used) of \(budget) MB"),
            action: isFull
                ? .init(zh: "将删除最早的证据", en: "The oldest evidence makes room")
                : .init(zh: "空间充足", en: "There is room"))
    }

    private static func clocks(_ status: SiteStatus) -> Row? {
        let worst = status.cameras.compactMap { camera in camera.clockOffsetSeconds.map { (camera.id, $0) } }
            .max { abs($0.1) < abs($1.1) }
        guard let (camera, offset) = worst else { return nil }
        let seconds = Int(abs(offset).rounded())
        let isWrong = abs(offset) > 5
        let (zh, en) = (offset < 0 ? "慢" : "快", offset < 0 ? "slow" : "fast")
        return Row(
            id: "clock", state: isWrong ? .warn : .ok, name: .init(zh: "时钟", en: "Clock"),
            now: isWrong
                ? .init(zh: "\(camera) \(zh) \(seconds) 秒", en: "\(camera) is \(seconds) s \(en)")
                : .init(zh: "摄像机与本机一致", en: "cameras and this box agree"),
            action: isWrong
                ? .init(zh: "请设置该摄像机的 NTP 服务器", en: "Set that camera's NTP server")
                : .init(zh: "无须处理", en: "Nothing to do"))
    }

    private static func sinks(_ status: SiteStatus) -> [Row] {
        (status.sinks ?? []).compactMap { sink in
            guard sink.trouble != nil || (sink.deadLetters ?? 0) > 0 else { return nil }
            return Row(
                id: "sink-\(sink.name)", state: .warn, name: .init(zh: "投递 \(sink.name)", en: "Sink \(sink.name)"),
                now: sink.trouble?.refused == false
                    ? .init(zh: "无法送达", en: "cannot be reached")
                    : .init(zh: "有消息被拒收", en: "refuses messages"),
                action: .init(zh: "运行 gridwarden status 查看原因", en: "Run gridwarden status for the reason"))
        }
    }
}
