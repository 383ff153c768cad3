import Foundation

/// The track of a camera's description that is requested, and the description of it for libav.
///
/// libav takes the first `m=video` whatever it is, and everything else in a description. It gets one of a known form,
/// with nothing of the camera's except the parameters of the codec.
struct VideoTrack: Equatable {
    enum Encoding: String, CaseIterable {
        case h264 = "H264"
        case h265 = "H265"
        case mpeg4 = "MP4V-ES"
        case jpeg = "JPEG"

        /// The preferred one of two tracks: a camera's alternative to single JPEG pictures is better.
        var rank: Int { self == .h264 || self == .h265 ? 0 : self == .mpeg4 ? 1 : 2 }
    }

    let encoding: Encoding
    let payloadType: Int
    /// Ticks a second of its time stamps.
    let clockRate: Int
    /// Lines of `a=` that belong to the codec.
    let parameters: [String]
    /// The control address of the track in the description.
    let control: String?

    /// The description for libav.
    var description: String {
        let lines =
            [
                "v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
                "m=video 0 RTP/AVP \(payloadType)", "a=rtpmap:\(payloadType) \(encoding.rawValue)/\(clockRate)",
            ] + parameters
        return lines.map { $0 + "\r\n" }.joined()
    }

    /// The codec's parameter sets in the description, as libav finds them there.
    var parameterSets: [[UInt8]] {
        parameters.flatMap { $0.split { $0 == ";" || $0 == " " } }.flatMap { parameter -> [[UInt8]] in
            let parts = parameter.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased().hasPrefix("sprop-") else { return [] }
            let pieces = parts[1].split(separator: ",").flatMap { text in
                stride(from: 0, to: text.utf8.count, by: Self.longestPiece).map {
                    text.dropFirst($0).prefix(Self.longestPiece)
                }
            }
            return pieces.compactMap { text in
                var digits = text.prefix { $0 != "=" }
                // A single remaining character is no byte.
                if digits.utf8.count % 4 == 1 { digits.removeLast() }
                let padding = String(repeating: "=", count: (4 - digits.utf8.count % 4) % 4)
                return Data(base64Encoded: digits + padding).map { Array($0) }
            }
        }
    }

    /// Whether units may be sent in another order than they are decoded in (RFC 7798, 4.4): then each carries a number.
    var isInterleaved: Bool {
        encoding == .h265
            && parameters.flatMap { $0.split { $0 == ";" || $0 == " " } }.contains { parameter in
                let parts = parameter.split(separator: "=", maxSplits: 1)
                return parts.count == 2
                    && ["sprop-max-don-diff", "sprop-depack-buf-nalus"].contains(parts[0].lowercased())
                    && parts[1].contains { ("1"..."9").contains($0) }
            }
    }

    /// Characters that libav decodes at a time; a longer set is several to it.
    private static let longestPiece = 1023
    /// Most lines, and longest line in bytes: libav accepts no longer ones. Longer ones are skipped.
    private static let mostLines = 2000
    private static let longestLine = 16000
    /// Payload types with a fixed meaning (RFC 3551) end here.
    private static let lastFixed = 34
    private static let jpegType = 26

    /// The part of a description about one medium, or before the first.
    private struct Section {
        var formats: [Int] = []
        var isVideo = false
        var isSecured = false
        var control: String?
        /// By payload type; the first of two for the same type.
        var maps: [Int: (name: String, rate: Int)] = [:]
        var order: [Int] = []
        var attributes: [String] = []
    }

    /// The best track of a description, and the aggregate address where the description has its own. Throws where none
    /// is usable, and names those there are.
    static func choose(_ description: [UInt8]) throws(RTSPFault) -> (track: VideoTrack, control: String?) {
        var sections = [Section()]
        for line in description.split(separator: UInt8(ascii: "\n")).prefix(mostLines)
        where line.count <= longestLine && line.count > 2 {
            let text = String(decoding: line, as: UTF8.self)[...].trimmed
            if text.hasPrefix("m=") { sections.append(Section()) }
            read(text, into: &sections[sections.count - 1])
        }
        let videos = sections.filter(\.isVideo)
        let tracks = videos.compactMap(track)
        let best = tracks.enumerated().min {
            ($0.element.encoding.rank, $0.offset) < ($1.element.encoding.rank, $1.offset)
        }
        guard let best else {
            let names = videos.flatMap { section in
                section.isSecured ? ["encrypted RTP"] : section.formats.prefix(1).map { name($0, section) }
            }
            let found = names.isEmpty ? "" : ", only \(names.prefix(4).joined(separator: ", "))"
            throw RTSPFault(
                "its description names no video that is taken\(found)",
                remedy: "set H.264 or H.265 at the camera, and check that its address is that of a video stream",
                kind: .noVideo)
        }
        return (best.element, sections[0].control)
    }

    private static func read(_ line: Substring, into section: inout Section) {
        if line.hasPrefix("m=") {
            let words = line.dropFirst(2).split(separator: " ")
            section.isVideo = words.first?.lowercased() == "video"
            section.isSecured = words.dropFirst(2).first?.uppercased().contains("SAVP") ?? false
            section.formats = words.dropFirst(3).compactMap { Int($0) }.filter { (0...127).contains($0) }
        } else if line.hasPrefix("a=control:") {
            section.control = section.control ?? String(line.dropFirst(10).trimmed).replacing(" ", with: "%20")
        } else if line.hasPrefix("a=rtpmap:") {
            let words = line.dropFirst(9).split(separator: " ", maxSplits: 1)
            guard words.count == 2, let type = Int(words[0]), section.maps[type] == nil else { return }
            let parts = words[1].trimmed.split(separator: "/")
            guard let name = parts.first, section.maps.count < 64 else { return }
            let rate = parts.dropFirst().first.flatMap { Int($0.trimmed) } ?? 90_000
            section.maps[type] = (String(name.trimmed), (1...1_000_000).contains(rate) ? rate : 90_000)
            section.order.append(type)
        } else if line.hasPrefix("a=fmtp:") || line.hasPrefix("a=framesize:") || line.hasPrefix("a=cliprect:") {
            section.attributes.append(String(line.filter { $0.isASCII && !$0.isNewline && $0 != "\0" }))
        }
    }

    private static func track(_ section: Section) -> VideoTrack? {
        guard !section.isSecured else { return nil }
        func make(_ type: Int, _ encoding: Encoding, _ rate: Int) -> VideoTrack {
            VideoTrack(
                encoding: encoding, payloadType: type, clockRate: rate, parameters: section.attributes,
                control: section.control)
        }
        for type in section.formats {
            if let map = section.maps[type] {
                guard let encoding = encoding(map.name) else { continue }
                return make(type, encoding, map.rate)
            }
            if type == jpegType { return make(type, .jpeg, 90_000) }
        }
        // Some cameras use different numbers for their single codec in the media and attribute lines.
        guard let type = section.formats.first, type > lastFixed, section.maps[type] == nil,
            let map = section.order.lazy.compactMap({ section.maps[$0] }).first(where: { encoding($0.name) != nil }),
            let encoding = encoding(map.name)
        else { return nil }
        return make(type, encoding, map.rate)
    }

    private static func encoding(_ name: String) -> Encoding? {
        Encoding.allCases.first { $0.rawValue == name.uppercased() }
    }

    /// For people: the camera's name of the format, as far as it is a name.
    private static func name(_ type: Int, _ section: Section) -> String {
        let name = (section.maps[type]?.name ?? "").filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        return name.isEmpty ? "payload type \(type)" : String(name.prefix(20))
    }
}
