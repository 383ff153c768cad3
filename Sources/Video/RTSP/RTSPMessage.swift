/// A response of a camera, or a request from it.
struct RTSPMessage: Equatable {
    /// Of a response; nil for a request.
    let status: Int?
    /// Of a request; empty for a response.
    let method: String
    /// Names in lower case, in their order.
    let headers: [(name: String, value: String)]
    var body: [UInt8] = []

    /// More than any camera needs.
    private static let mostHeaders = 128

    /// - Parameter head: everything up to the empty line. Nil where its first line is not RTSP.
    init?(head: some Sequence<UInt8>) {
        let lines = head.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true).map {
            String(decoding: $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0, as: UTF8.self)
        }
        guard let first = lines.first?.split(separator: " ", omittingEmptySubsequences: true), first.count >= 2 else {
            return nil
        }
        if first[0].hasPrefix("RTSP/") {
            guard first[1].utf8.count == 3, let code = Int(first[1]), (100...999).contains(code) else { return nil }
            (status, method) = (code, "")
        } else {
            guard first[first.count - 1].hasPrefix("RTSP/") else { return nil }
            (status, method) = (nil, String(first[0]))
        }
        headers = lines.dropFirst().prefix(Self.mostHeaders).compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].trimmed.lowercased(), String(line[line.index(after: colon)...].trimmed))
        }
    }

    subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

    func all(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }

    static func == (one: Self, other: Self) -> Bool {
        one.status == other.status && one.method == other.method && one.body == other.body
            && one.headers.elementsEqual(other.headers, by: ==)
    }

    /// A status with the standard's text. The camera's own text is not trusted.
    static func text(_ status: Int) -> String { names[status].map { "\(status) \($0)" } ?? "status \(status)" }

    private static let names = [
        300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily", 303: "See Other",
        305: "Use Proxy", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden",
        404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required",
        408: "Request Time-out", 410: "Gone", 412: "Precondition Failed", 414: "Request-URI Too Large",
        415: "Unsupported Media Type", 451: "Parameter Not Understood", 453: "Not Enough Bandwidth",
        454: "Session Not Found", 455: "Method Not Valid in This State", 457: "Invalid Range",
        459: "Aggregate Operation Not Allowed", 460: "Only Aggregate Operation Allowed", 461: "Unsupported Transport",
        462: "Destination Unreachable", 500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
        503: "Service Unavailable", 504: "Gateway Time-out", 505: "RTSP Version Not Supported",
        551: "Option Not Supported",
    ]
}

extension Substring {
    /// Without blanks at its ends.
    var trimmed: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}

/// Why a session with a camera could not be started or continued. Contains no credentials, and no text of the camera's
/// own.
struct RTSPFault: Error, Equatable {
    let cause: String
    /// Nil where the usual one fits.
    var remedy: String?
    /// The camera has disconnected.
    var isEnd = false
    /// Seconds in which another attempt would do harm; nil where none would.
    var rest: Double?
    var kind: StreamFault

    init(
        _ cause: String, remedy: String? = nil, isEnd: Bool = false, rest: Double? = nil, kind: StreamFault = .other
    ) {
        self.kind = kind
        self.cause = cause
        self.remedy = remedy
        self.isEnd = isEnd
        self.rest = rest
    }

    static let hungUp = RTSPFault("the camera closed the connection", isEnd: true, kind: .hungUp)

    /// The camera has answered a request with an error.
    ///
    /// - Parameter transport: the only one that was requested; nil or `.auto` where there was a choice.
    static func refused(
        _ request: String, _ answer: RTSPMessage, over transport: Transport? = nil
    ) -> RTSPFault {
        let status = RTSPMessage.text(answer.status ?? 0)
        return switch (answer.status, transport) {
        case (461, .tcp?):
            RTSPFault(
                "it sends no video over TCP (\(status))", remedy: "set transport: udp or transport: auto",
                kind: .transport)
        case (461, .udp?):
            RTSPFault(
                "it sends no video over UDP (\(status))", remedy: "set transport: tcp or transport: auto",
                kind: .transport)
        case (453, _), (503, _):
            RTSPFault(
                "\(request) was answered by \(status)",
                remedy: "it serves no more viewers: close others, or allow it more; it is tried again", kind: .busy)
        case (404, _):
            RTSPFault(
                "\(request) was answered by \(status)",
                remedy: "check the path of its address; it is tried again", kind: .noStream)
        case (461, _): RTSPFault("\(request) was answered by \(status)", kind: .transport)
        default: RTSPFault("\(request) was answered by \(status)", kind: .declined)
        }
    }
}
