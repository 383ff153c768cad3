import Foundation

/// What may be tested: a stream of RTSP, and nothing else of what an address can be. No fault quotes the address or the password.
enum StreamRules {
    private static let longestAddress = 2048
    /// Bytes: of the lines of a file of credentials.
    private static let (longestUser, longestPassword) = (128, 256)

    static func faults(of address: StreamAddress) -> [FieldFault] {
        var faults: [FieldFault] = []
        if let fault = fault(of: address.url) { faults.append(fault) }
        if let user = address.user, !isLine(user, most: longestUser) || user.contains(":") {
            faults.append(
                FieldFault(
                    "user", zh: "用户名最多 128 个字节，不含冒号和控制字符。",
                    en: "A user has at most 128 bytes, and no colon or control character in them."))
        }
        if let password = address.password, !isLine(password, most: longestPassword) {
            faults.append(
                FieldFault(
                    "password", zh: "口令最多 256 个字节，不含控制字符。",
                    en: "A password has at most 256 bytes, and no control character in them."))
        }
        if address.password != nil, address.user == nil {
            faults.append(FieldFault("user", zh: "填写了口令，请同时填写用户名。", en: "A password needs its user."))
        }
        return faults
    }

    private static func isLine(_ text: String, most: Int) -> Bool {
        text.utf8.count <= most && !text.hasPrefix("-----BEGIN")
            && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }

    private static func fault(of url: String) -> FieldFault? {
        guard url.utf8.count <= longestAddress else {
            return FieldFault("url", zh: "地址过长。", en: "The address is too long.")
        }
        guard let parts = Parts(url) else {
            return FieldFault(
                "url", zh: "地址须以 rtsp:// 或 rtsps:// 开头，例如 rtsp://192.168.1.64/stream1。",
                en: "The address must begin with rtsp:// or rtsps://, e.g. rtsp://192.168.1.64/stream1.")
        }
        guard url.unicodeScalars.allSatisfy({ $0.value > 32 && $0.value != 127 && !$0.properties.isWhitespace }) else {
            return FieldFault(
                "url", zh: "地址中不能有空格；请把用户名和口令填在下面。",
                en: "There must be no blank in the address; user and password go into their own fields.")
        }
        guard !parts.path.prefix(while: { $0 != "?" }).contains("@"), parts.path.isEmpty || parts.path.hasPrefix("/")
        else {
            return FieldFault(
                "url", zh: "@ 只能出现在主机名之前；请把用户名和口令填在下面。",
                en: "An @ may stand before the host only; user and password go into their own fields.")
        }
        guard !parts.host.isEmpty, !parts.host.contains(","), parts.isPortValid else {
            return FieldFault(
                "url", zh: "地址缺少主机名，或端口不在 1 到 65535 之间。",
                en: "The address names no host, or its port is none from 1 to 65535.")
        }
        return nil
    }

    /// Without user, password and what else may be secret in it.
    static func shown(_ url: String) -> String {
        guard let parts = Parts(url) else { return "" }
        let path = parts.path.prefix { $0 != "?" }.replacing(/([^\/&=]+=)[^\/&]*/) { "\($0.output.1)***" }
        return "\(parts.scheme)://\(parts.place)\(path)" + (parts.path.contains("?") ? "?***" : "")
    }

    /// Host and port, as the address has them.
    static func host(_ url: String) -> String { Parts(url).map { String($0.place) } ?? "" }

    private struct Parts {
        let scheme: Substring
        /// Host and port.
        let place: Substring
        let host: Substring
        let path: Substring
        let isPortValid: Bool

        init?(_ url: String) {
            guard let mark = url.range(of: "://"), ["rtsp", "rtsps"].contains(url[..<mark.lowerBound]) else {
                return nil
            }
            scheme = url[..<mark.lowerBound]
            let authority = url[mark.upperBound...].prefix { !"/?#".contains($0) }
            path = url[authority.endIndex...]
            place = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
            let isBracketed = place.hasPrefix("[")
            host = isBracketed ? place.prefix { $0 != "]" } + "]" : place.prefix { $0 != ":" }
            let rest = place.dropFirst(host.count)
            isPortValid =
                rest.isEmpty && (!isBracketed || place.contains("]"))
                || rest.hasPrefix(":") && (Int(rest.dropFirst()).map { (1...65535).contains($0) } ?? false)
        }
    }
}

/// What a camera must be before the configuration is asked.
enum CameraRules {
    private static let mostZones = 20
    private static let surfaces = ["carriageway", "pavement", "square", "water", "green", "other"]

    static func faults(of camera: NewCamera) -> [FieldFault] {
        var faults: [FieldFault] = []
        func demand(_ holds: Bool, _ path: String, _ zh: String, _ en: String) {
            if !holds { faults.append(FieldFault(path, zh: zh, en: en)) }
        }
        demand(
            isID(camera.id), "id", "编号由 1 到 64 个小写字母、数字和连字符组成。",
            "An id has 1 to 64 lower-case letters, digits and hyphens.")
        demand(
            camera.name.map(isLine) ?? true, "name", "名称为一行，最多 256 个字符。",
            "A name is one line of at most 256 characters.")
        demand(
            isLine(camera.purpose) && camera.purpose.contains { !$0.isWhitespace }, "purpose", "请填写用途，一行，最多 256 个字符。",
            "Say what the camera is for, in one line of at most 256 characters.")
        demand(
            camera.signage, "signage", "没有提示标识，摄像机不会运行。", "Without a sign at the place the camera does not run.")
        demand(
            camera.area.map { isDigits($0, 12) } ?? true, "area", "区划代码为 12 位数字。", "An area code has 12 digits.")
        for (path, code) in [("grid", camera.grid), ("microgrid", camera.microgrid)] {
            demand(
                code.map(isCode) ?? true, path, "代码由 1 到 32 个字母、数字和连字符组成。",
                "A code has 1 to 32 letters, digits and hyphens.")
        }
        demand(
            camera.gb28181.map { isDigits($0, 20) } ?? true, "gb28181", "GB/T 28181 编码为 20 位数字。",
            "A GB/T 28181 id has 20 digits.")
        demand(
            (camera.longitude == nil) == (camera.latitude == nil), "longitude", "经度和纬度须同时填写。",
            "Longitude and latitude are given together, or not at all.")
        demand(
            camera.longitude.map { (-180...180).contains($0) } ?? true, "longitude", "经度在 -180 到 180 之间。",
            "A longitude lies between -180 and 180.")
        demand(
            camera.latitude.map { (-90...90).contains($0) } ?? true, "latitude", "纬度在 -90 到 90 之间。",
            "A latitude lies between -90 and 90.")
        demand(
            (1...mostZones).contains(camera.zones.count), "zones", "请至少选择一个区域，最多 20 个。",
            "Choose at least one zone, and at most 20.")
        demand(
            Set(camera.zones.map(\.id)).count == camera.zones.count, "zones", "区域编号重复。", "Two zones have one id.")
        for (index, zone) in camera.zones.enumerated() {
            let place = "zones[\(index)]"
            demand(
                isID(zone.id), "\(place).id", "编号由 1 到 64 个小写字母、数字和连字符组成。",
                "An id has 1 to 64 lower-case letters, digits and hyphens.")
            demand(
                zone.name.map(isLine) ?? true, "\(place).name", "名称为一行，最多 256 个字符。",
                "A name is one line of at most 256 characters.")
            demand(
                surfaces.contains(zone.surface), "\(place).surface", "没有此种地面。", "There is no such ground.")
            demand(
                (3...100).contains(zone.polygon.count)
                    && zone.polygon.allSatisfy { $0.count == 2 && $0.allSatisfy { (0...1).contains($0) } },
                "\(place).polygon", "区域须有 3 到 100 个角点，且都在画面内。",
                "A zone has 3 to 100 corners, all of them in the picture.")
            demand(
                (1...86_400).contains(zone.dwell), "\(place).dwell", "允许停留为 1 秒到 24 小时。",
                "The allowed stay is between 1 second and 24 hours.")
        }
        return faults
    }

    private static func isID(_ text: String) -> Bool { text.wholeMatch(of: /[a-z0-9\-]{1,64}/) != nil }
    private static func isCode(_ text: String) -> Bool { text.wholeMatch(of: /[A-Za-z0-9\-]{1,32}/) != nil }
    private static func isDigits(_ text: String, _ count: Int) -> Bool {
        text.utf8.count == count && text.utf8.allSatisfy { (48...57).contains($0) }
    }
    private static func isLine(_ text: String) -> Bool {
        (1...256).contains(text.count)
            && !text.unicodeScalars.contains {
                [.control, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
            }
    }
}
