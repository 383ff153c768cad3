import Console
import Domain
import Foundation
import Video

/// What a test of a stream says to people: each row is good, to be watched or a fault, with what to do.
enum StreamTestWords {
    typealias Row = ConsoleParts.HealthRow

    /// Seconds.
    private static let wrongClock = 5.0
    private static let lossy = 0.005
    private static let smallest = 640 * 360

    static func rows(
        _ facts: StreamTest.Facts, isClockDistrusted: Bool, view: StreamTester.View, hasStill: Bool
    ) -> [Row] {
        [
            picture(facts, hasStill), codec(facts), losses(facts), keys(facts), clock(facts, isClockDistrusted),
            cost(facts), vehicles(view),
        ].compactMap(\.self)
    }

    private static func picture(_ facts: StreamTest.Facts, _ hasStill: Bool) -> Row {
        let name = LocalizedName(zh: "画面", en: "Picture")
        let rate = facts.rate.map { " · \(number($0, 0))/s" } ?? ""
        let now = LocalizedName(both: "\(facts.width) × \(facts.height)\(rate)")
        if !hasStill {
            return Row(
                id: "picture", state: .warn, name: name, now: now,
                action: .init(
                    zh: "无法遮挡人脸和号牌，因此不显示画面；请安装遮挡模型并启用证据",
                    en: "No picture is shown, for faces and plates cannot be masked: install the masking models, and "
                        + "switch evidence on"))
        }
        let isSmall = facts.width * facts.height < smallest
        return Row(
            id: "picture", state: isSmall ? .warn : .ok, name: name, now: now,
            action: isSmall
                ? .init(zh: "画面较小，请选用更大的码流", en: "The picture is small: choose a larger stream")
                : .init(zh: "合适", en: "Good"))
    }

    private static let codecs = ["h264": "H.264", "hevc": "H.265", "mjpeg": "MJPEG", "mpeg4": "MPEG-4"]

    private static func codec(_ facts: StreamTest.Facts) -> Row {
        let title = codecs[facts.codec] ?? facts.codec
        let profile = facts.profile.map { " \($0)" } ?? ""
        let now = LocalizedName(both: "\(title)\(profile) · \(number(facts.bitsPerSecond / 1e6, 1)) Mb/s")
        let isGood = ["h264", "hevc"].contains(facts.codec)
        return Row(
            id: "codec", state: isGood ? .ok : .warn, name: .init(zh: "编码", en: "Codec"), now: now,
            action: isGood
                ? .init(zh: "合适", en: "Good")
                : .init(zh: "开销较大，请在摄像机上改用 H.264 或 H.265", en: "It costs more: set H.264 or H.265 at the camera"))
    }

    private static func losses(_ facts: StreamTest.Facts) -> Row? {
        guard facts.lost > lossy else { return nil }
        let share = number(facts.lost * 100, 1)
        return Row(
            id: "lost", state: .warn, name: .init(zh: "丢包", en: "Loss"),
            now: .init(zh: "丢失 \(share) % 的数据包", en: "\(share) % of its packets are lost"),
            action: facts.transport == "udp"
                ? .init(zh: "请改用 TCP 传输，或检查网络", en: "Choose TCP, or check the network")
                : .init(zh: "请检查网络", en: "Check the network"))
    }

    private static func keys(_ facts: StreamTest.Facts) -> Row {
        let name = LocalizedName(zh: "关键帧", en: "Key frames")
        let action = LocalizedName(zh: "请在摄像机上把关键帧间隔设为 1 到 2 秒", en: "Set an interval of 1 to 2 s at the camera")
        guard let interval = facts.keyInterval else {
            return Row(
                id: "keys", state: .warn, name: name,
                now: .init(zh: "测试期间只有一个", en: "only one came during the test"), action: action)
        }
        let text = number(interval, 1)
        guard interval > StreamTester.promise + 0.05 else {
            return Row(
                id: "keys", state: .ok, name: name, now: .init(zh: "每 \(text) 秒一个", en: "every \(text) s"),
                action: .init(zh: "只解码关键帧", en: "Only these are decoded"))
        }
        return Row(
            id: "keys", state: .warn, name: name,
            now: .init(zh: "每 \(text) 秒一个，其间的画面也要解码", en: "every \(text) s: pictures between them are decoded too"),
            action: action)
    }

    private static func clock(_ facts: StreamTest.Facts, _ isDistrusted: Bool) -> Row {
        let name = LocalizedName(zh: "时钟", en: "Clock")
        if isDistrusted {
            return Row(
                id: "clock", state: .warn, name: name,
                now: .init(zh: "摄像机给出的时间自相矛盾", en: "the times that it tells contradict one another"),
                action: .init(
                    zh: "使用本机时间；请设置摄像机的 NTP 服务器或升级固件",
                    en: "This box's time is used: set the camera's NTP server, or update its firmware"))
        }
        guard let offset = facts.clockOffset else {
            return Row(
                id: "clock", state: .ok, name: name, now: .init(zh: "摄像机没有给出时间", en: "the camera tells no time"),
                action: .init(zh: "使用本机时间", en: "This box's time is used"))
        }
        let seconds = number(abs(offset), 0)
        guard abs(offset) > wrongClock else {
            return Row(
                id: "clock", state: .ok, name: name, now: .init(zh: "与本机一致", en: "agrees with this box"),
                action: .init(zh: "使用摄像机时间", en: "The camera's time is used"))
        }
        return Row(
            id: "clock", state: .warn, name: name,
            now: .init(
                zh: "\(offset < 0 ? "慢" : "快") \(seconds) 秒", en: "\(seconds) s \(offset < 0 ? "slow" : "fast")"),
            action: .init(zh: "请设置摄像机的 NTP 服务器", en: "Set the camera's NTP server"))
    }

    private static func cost(_ facts: StreamTest.Facts) -> Row {
        let name = LocalizedName(zh: "开销", en: "Cost")
        let cores = number(facts.cores, facts.cores < 0.1 ? 3 : 2)
        let now = LocalizedName(zh: "最多约 \(cores) 核", en: "about \(cores) core at most")
        switch facts.fits {
        case nil:
            return Row(
                id: "cost", state: .ok, name: name, now: now,
                action: .init(zh: "不知道本机的余量", en: "How busy this box is, is not known"))
        case 0?:
            return Row(
                id: "cost", state: .bad, name: name, now: now,
                action: .init(
                    zh: "本机没有余量：请减小码流或关键帧频率，或换用另一台设备",
                    en: "This box has no room for it: choose a smaller stream, or another box"))
        case let fits?:
            return Row(
                id: "cost", state: .ok, name: name, now: now,
                action: .init(zh: "本机还可加约 \(fits) 路这样的摄像机", en: "Room for about \(fits) such cameras"))
        }
    }

    private static func vehicles(_ view: StreamTester.View) -> Row {
        let name = LocalizedName(zh: "视野", en: "View")
        guard let width = view.width, let sharpness = view.sharpness else {
            return Row(
                id: "view", state: .warn, name: name,
                now: .init(zh: "测试期间没有看到车辆", en: "no vehicle was seen during the test"),
                action: .init(zh: "有车停在需要看的地方时再测一次", en: "Test again while one stands where it matters"))
        }
        let share = number(width * 100, width < 0.1 ? 1 : 0)
        let now = LocalizedName(zh: "车辆宽约画面的 \(share) %", en: "vehicles are about \(share) % of the width")
        // Parts of a zone are looked at enlarged, up to three times.
        if sharpness >= 1 {
            return Row(id: "view", state: .ok, name: name, now: now, action: .init(zh: "合适", en: "Good"))
        }
        if sharpness >= 1 / 3 {
            return Row(
                id: "view", state: .warn, name: name, now: now,
                action: .init(
                    zh: "较小：靠放大局部才能发现，开销较大；请拉近镜头或靠近安装",
                    en: "Small: found only in enlarged parts, which costs more; zoom in, or bring the camera nearer"))
        }
        return Row(
            id: "view", state: .bad, name: name, now: now,
            action: .init(zh: "太小，发现不了：请拉近镜头或靠近安装", en: "Too small to be found: zoom in, or bring the camera nearer"))
    }

    private static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

    /// Host and port of an address, for the caption of its picture.
    static func host(_ url: String) -> String {
        guard let mark = url.range(of: "://") else { return "" }
        let authority = url[mark.upperBound...].prefix { !"/?#".contains($0) }
        return String(authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority)
    }

    // MARK: - Failures

    /// - Parameter rest: seconds in which the same user and password are not shown to the camera again.
    static func failure(_ kind: StreamFault, rest: Double? = nil) -> StreamTest.Failure {
        let (what, action) = words(kind, minutes: rest.map { max(1, Int(($0 / 60).rounded(.up))) })
        return StreamTest.Failure(code: kind.rawValue, what: what, action: action)
    }

    private static func words(_ kind: StreamFault, minutes: Int?) -> (what: LocalizedName, action: LocalizedName) {
        func pair(_ zh: String, _ en: String, do zhAction: String, _ enAction: String) -> (LocalizedName, LocalizedName)
        {
            (.init(zh: zh, en: en), .init(zh: zhAction, en: enAction))
        }
        switch kind {
        case .address:
            return pair(
                "地址缺少主机名或端口。", "The address names no host or no port.", do: "请按摄像机的说明书填写地址。",
                "Write the address as the camera's manual has it.")
        case .noName:
            return pair(
                "找不到该主机名。", "Nobody knows a host of this name.", do: "请检查主机名，或直接填写摄像机的 IP 地址。",
                "Check the name, or write the camera's IP address.")
        case .refused:
            return pair(
                "该设备在线，但此端口没有服务。", "The device is there, and nothing listens at this port.",
                do: "请检查端口（通常为 554），并在摄像机上启用 RTSP。", "Check the port (usually 554), and switch RTSP on at the camera.")
        case .unreachable:
            return pair(
                "无法到达该地址。", "There is no way to this address.", do: "请检查 IP 地址、网线、供电和网络。",
                "Check the IP address, the cable, the power and the network.")
        case .silent:
            return pair(
                "在限定时间内没有应答。", "There was no answer in time.", do: "请检查地址和端口、供电和防火墙。",
                "Check address and port, the power and firewalls.")
        case .notRTSP:
            return pair(
                "应答的不是 RTSP 服务。", "What answers there does not speak RTSP.", do: "请填写摄像机 RTSP 服务的端口（通常为 554）。",
                "Write the port of the camera's RTSP (usually 554).")
        case .hungUp:
            return pair(
                "对方关闭了连接。", "The other side closed the connection.", do: "请检查端口；若仍如此，请重启摄像机。",
                "Check the port; where it goes on, restart the camera.")
        case .needsLogin:
            return pair(
                "摄像机要求用户名和口令。", "The camera asks for user and password.", do: "请填写后重新测试。",
                "Fill them in, and test again.")
        case .wrongLogin:
            guard let minutes else {
                return pair(
                    "用户名或口令不对。", "User or password is wrong.", do: "请改正后重新测试。",
                    "Correct them, and test again.")
            }
            return pair(
                "用户名或口令不对。", "User or password is wrong.",
                do: "请改正后重新测试。为避免摄像机锁定账号，\(minutes) 分钟内不会再次提交同样的用户名和口令。",
                "Correct them, and test again. The same ones are not shown to the camera again for \(minutes) min, so "
                    + "that it does not lock its user.")
        case .loginMethod:
            return pair(
                "不支持摄像机要求的认证方式。", "The camera asks for the password in a way that is not known.",
                do: "请在摄像机上启用摘要认证（MD5 或 SHA-256）。", "Set digest authentication (MD5 or SHA-256) at the camera.")
        case .forbidden:
            return pair(
                "该用户无权观看此视频流。", "This user may not see this stream.", do: "请在摄像机上授予该权限，或换一个用户。",
                "Give the user that right at the camera, or use another one.")
        case .noStream:
            return pair(
                "摄像机上没有这个路径的视频流。", "The camera has no stream at this path.", do: "请按说明书改正地址中的路径。",
                "Correct the path of the address, as the manual has it.")
        case .busy:
            return pair(
                "摄像机不再接受更多观看者。", "The camera serves no more viewers.", do: "请断开其他客户端，或在摄像机上提高连接数。",
                "Close other viewers, or allow more of them at the camera.")
        case .declined:
            return pair(
                "摄像机拒绝了请求。", "The camera refused the request.", do: "请检查地址和摄像机的 RTSP 设置。",
                "Check the address, and the camera's settings of RTSP.")
        case .elsewhere:
            return pair(
                "摄像机让调用者转到另一台主机，不予跟随。", "The camera sends its caller to another host, which is not followed.",
                do: "请直接填写那台主机的地址。", "Write the address of that host.")
        case .transport:
            return pair(
                "摄像机不支持所选的传输方式。", "The camera does not take this transport.", do: "请把传输方式改为“自动”。",
                "Choose “automatic”.")
        case .noPackets:
            return pair(
                "摄像机同意播放，但没有发送视频。", "The camera agreed to play and sent no video.",
                do: "请换一种传输方式，检查防火墙，或重启摄像机。", "Choose the other transport, check firewalls, or restart the camera.")
        case .noVideo:
            return pair(
                "此地址没有可用的视频。", "There is no video at this address that is taken.",
                do: "请在摄像机上选择 H.264 或 H.265，并检查地址中的路径。",
                "Set H.264 or H.265 at the camera, and check the path of the address.")
        case .tooLarge:
            return pair(
                "画面太大。", "Its pictures are too large.", do: "请在摄像机上减小分辨率，或选用子码流。",
                "Set a smaller picture at the camera, or choose its second stream.")
        case .noKeyFrames:
            return pair(
                "测试期间没有关键帧，看不到画面。", "No key frame came, so nothing could be seen.",
                do: "请在摄像机上把关键帧间隔设为 1 到 2 秒，并关闭渐进刷新。",
                "Set a key frame interval of 1 to 2 s at the camera, and switch intra refresh off.")
        case .noPicture:
            return pair(
                "收到数据，但没有一幅完整的画面。", "It sends, and no picture of it is whole.", do: "请检查网络丢包，或改用 TCP 传输。",
                "Check the network for losses, or choose TCP.")
        case .encryption:
            return pair(
                "加密连接没有建立。", "The encrypted connection failed.", do: "请检查摄像机的证书和 TLS 设置，或改用 rtsp://。",
                "Check the camera's certificate and TLS, or use rtsp://.")
        case .ended:
            return pair(
                "视频流很快就结束了。", "The stream ended at once.", do: "请检查地址：它可能是录像而不是实时视频。",
                "Check the address: it may be a recording and not live.")
        case .stopped:
            return pair("测试已取消。", "The test was cancelled.", do: "可以重新测试。", "It can be begun again.")
        case .other:
            return pair(
                "视频流无法使用。", "The stream cannot be used.", do: "请检查摄像机和地址。",
                "Check the camera and the address.")
        }
    }
}

extension LocalizedName {
    /// The same in both languages.
    fileprivate init(both text: String) { self.init(zh: text, en: text) }
}
