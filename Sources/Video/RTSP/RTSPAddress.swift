import Foundation

/// Where an RTSP request goes: the host that is called, and the address as the camera is asked for it.
struct RTSPAddress: Equatable {
    /// `rtsp` or `rtsps`; of an address that a camera sends its caller to, perhaps another.
    let scheme: String
    /// As in the address, in small letters, an IPv6 address with its brackets; empty where there is none.
    let host: String
    let port: Int
    /// Without user and password, otherwise letter by letter as it was written.
    let text: String

    /// Of TCP: RTSP's, and what libavformat takes for RTSP over TLS, where no standard names one.
    private static let ports = ["rtsp": 554, "rtsps": 322]

    init(_ url: String) {
        guard let range = url.range(of: "://") else {
            (scheme, host, port, text) = ("", "", 0, url)
            return
        }
        let authority = url[range.upperBound...].prefix { !"/?#".contains($0) }
        let place = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        let rest = url[authority.endIndex...]
        // Of an IPv6 address only the colon after its brackets begins a port.
        let name = place.hasPrefix("[") ? place.prefix { $0 != "]" } + "]" : place.prefix { $0 != ":" }
        let colon = place.dropFirst(name.count)
        scheme = url[..<range.lowerBound].lowercased()
        host = name.lowercased()
        port =
            (colon.hasPrefix(":") ? Int(colon.dropFirst()) : Self.ports[scheme]).flatMap {
                (1...65535).contains($0) ? $0 : nil
            } ?? 0
        text = "\(url[..<range.upperBound])\(place)\(rest)"
    }

    /// Whether it says where to go, and is no path that only holds another address.
    var isWhole: Bool { scheme.hasPrefix("rtsp") && !host.isEmpty }

    /// For the resolver: an IPv6 address has no brackets there.
    var name: String { host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host }

    /// The address that `control` of a description means here (RFC 2326, C.1.1, as it is lived): a whole one, `*` for this
    /// one itself, or what is put behind it, even behind a query.
    func joined(_ control: String?) -> String {
        guard let control, !control.isEmpty, control != "*" else { return text }
        let whole = RTSPAddress(control)
        if whole.isWhole { return whole.text }
        return text.hasSuffix("/") || control.hasPrefix("/") ? text + control : "\(text)/\(control)"
    }
}
