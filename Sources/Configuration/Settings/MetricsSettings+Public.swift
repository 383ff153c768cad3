extension MetricsSettings {
    /// Whether more than this machine and private networks may reach an address: RFC 1918, 3927, 4193, 4291 and 6598 name
    /// those. `0.0.0.0` and `::` stand for every address that the machine has.
    public static func isPublic(_ address: String) -> Bool {
        if address.contains(":") {
            let text = address.lowercased()
            return text != "::1" && !["fc", "fd", "fe8", "fe9", "fea", "feb"].contains(where: text.hasPrefix)
        }
        let parts = address.split(separator: ".").compactMap { Int($0) }
        guard parts.count == 4 else { return true }
        switch (parts[0], parts[1]) {
        case (127, _), (10, _), (192, 168), (169, 254), (172, 16...31), (100, 64...127): return false
        default: return true
        }
    }
}
