/// The camera's response to SETUP: the session's id and transport.
struct RTSPSetup {
    /// Nil where it gives none, or one that is invalid in a header.
    let id: String?
    /// Seconds between two keep-alives.
    let interval: Double
    /// The channels of packets and reports; nil where it names none.
    let channels: (packets: UInt8, reports: UInt8)?
    /// The destination of datagrams; nil where it names none.
    let serverPort: Int?
    /// It names TCP.
    let isTCP: Bool
    /// Nothing that it names contradicts TCP.
    let mayBeTCP: Bool

    init(_ answer: RTSPMessage) {
        let session = (answer["session"] ?? "").split(separator: ";").map(\.trimmed)
        id = session.first.map(String.init).flatMap { text in
            text.utf8.count <= 256 && text.utf8.allSatisfy { $0 > 32 && $0 < 127 } ? text : nil
        }
        let timeout =
            session.dropFirst().map { $0.lowercased().filter { !$0.isWhitespace } }
            .first { $0.hasPrefix("timeout=") }
            .flatMap { Int($0.dropFirst(8).prefix { $0.isNumber }) } ?? 60
        // RFC 2326 has a default of 60 s. Half of it, but often enough that a router does not forget the connection.
        interval = Double(max(2, min(timeout, 60))) / 2
        let offer = (answer["transport"] ?? "").split(separator: ",").first ?? ""
        let parameters = offer.split(separator: ";").map(\.trimmed)
        func numbers(_ name: String) -> [Int] {
            parameters.first { $0.lowercased().hasPrefix(name + "=") }
                .map { $0.dropFirst(name.count + 1).split(separator: "-").compactMap { Int($0) } } ?? []
        }
        let interleaved = numbers("interleaved")
        isTCP = offer.uppercased().contains("TCP")
        mayBeTCP = offer.isEmpty || isTCP || !interleaved.isEmpty
        let pair = interleaved.filter { (0...255).contains($0) }.map { UInt8($0) }
        channels = pair.first.map { ($0, pair.count > 1 ? pair[1] : $0 &+ 1) }
        serverPort = numbers("server_port").first
    }
}
