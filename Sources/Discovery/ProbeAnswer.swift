import Foundation
import FoundationXML

/// An answer to a search: `ProbeMatches`, or nothing. Whoever is in the network may send one, and anything in it.
struct ProbeAnswer: Sendable, Equatable {
    struct Match: Sendable, Equatable {
        /// The endpoint's own id; empty where it has none.
        var id = ""
        var name = ""
        var hardware = ""
        var location = ""
    }

    /// A camera answers with one or two KiB.
    static let mostBytes = 32 << 10
    /// A proxy may answer for others.
    private static let mostMatches = 16
    private static let longestText = 100

    let matches: [Match]

    /// Nil for what answers another question, is no such answer, or holds more than an answer does.
    ///
    /// - Parameter question: the id of the Probe.
    init?(_ bytes: [UInt8], to question: UUID) {
        guard let text = Self.text(bytes) else { return nil }
        let reader = Reader()
        let parser = XMLParser(data: Data(text.utf8))
        parser.shouldProcessNamespaces = true
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        guard parser.parse(), !reader.isRefused, reader.depth == 0,
            reader.relatesTo.lowercased().hasSuffix(question.uuidString.lowercased())
        else { return nil }
        matches = reader.matches.filter(\.isCamera).prefix(Self.mostMatches).map(\.match)
        guard !matches.isEmpty else { return nil }
    }

    /// Only UTF-8, and no declaration of a document's type: SOAP has none, and entities stand in no other place.
    private static func text(_ bytes: [UInt8]) -> Substring? {
        guard bytes.count <= mostBytes, let whole = String(validating: bytes, as: UTF8.self), !whole.contains("\0")
        else {
            return nil
        }
        var text = whole.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        if text.hasPrefix("<?xml") {
            guard let end = text.range(of: "?>") else { return nil }
            // Without it the parser takes UTF-8, whatever the declaration says.
            text = text[end.upperBound...].drop { $0.isWhitespace }
        }
        guard !text.contains("<!DOCTYPE"), !text.contains("<!ENTITY") else { return nil }
        return text
    }

    /// The last part of a scope with this beginning, decoded.
    fileprivate static func scope(_ name: String, in scopes: Substring) -> String? {
        let start = "onvif://www.onvif.org/\(name)/"
        guard scopes.hasPrefix(start) else { return nil }
        return shown(scopes.dropFirst(start.count).removingPercentEncoding ?? String(scopes.dropFirst(start.count)))
    }

    /// One line of a sensible length, without characters that would do something.
    private static func shown(_ text: String) -> String {
        let kept = text.unicodeScalars.map { scalar -> Character in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: " "
            default: Character(scalar)
            }
        }
        return String(String(kept).split(separator: " ").joined(separator: " ").prefix(longestText))
    }
}

/// Hears the parser. Elements count by their namespace and by where they stand.
private final class Reader: NSObject, XMLParserDelegate {
    struct Found {
        var match = ProbeAnswer.Match()
        var isCamera = false
    }

    private static let envelope = "http://www.w3.org/2003/05/soap-envelope"
    private static let addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
    private static let discovery = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
    private static let (deepest, mostElements) = (16, 600)
    /// Attributes of namespaces that an element may declare come to the delegate too.
    private static let mostAttributes = 64

    private(set) var matches: [Found] = []
    private(set) var relatesTo = ""
    private(set) var isRefused = false
    private var path: [String] = []
    private var elements = 0
    private var text = ""

    var depth: Int { path.count }

    private func refuse(_ parser: XMLParser) {
        isRefused = true
        parser.abortParsing()
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        elements += 1
        guard path.count < Self.deepest, elements <= Self.mostElements, attributes.count <= Self.mostAttributes else {
            return refuse(parser)
        }
        let prefix =
            switch namespaceURI {
            case Self.envelope: "s:"
            case Self.addressing: "a:"
            case Self.discovery: "d:"
            default: "?:"
            }
        path.append(prefix + name)
        text = ""
        if path == Self.match { matches.append(Found()) }
    }

    private static let match = ["s:Envelope", "s:Body", "d:ProbeMatches", "d:ProbeMatch"]

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

    func parser(_ parser: XMLParser, foundCDATA block: Data) { text += String(decoding: block, as: UTF8.self) }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        defer {
            if !path.isEmpty { path.removeLast() }
            text = ""
        }
        let words = text.split(whereSeparator: \.isWhitespace)
        if path == ["s:Envelope", "s:Header", "a:RelatesTo"] { relatesTo = String(words.first ?? "") }
        guard path.starts(with: Self.match), !matches.isEmpty else { return }
        let last = matches.count - 1
        switch Array(path.dropFirst(Self.match.count)) {
        case ["a:EndpointReference", "a:Address"]: matches[last].match.id = String((words.first ?? "").prefix(100))
        case ["d:Types"]:
            matches[last].isCamera = words.contains { $0.split(separator: ":").last == "NetworkVideoTransmitter" }
        case ["d:Scopes"]:
            for word in words {
                let known = matches[last].match
                if known.name.isEmpty, let name = ProbeAnswer.scope("name", in: word) {
                    matches[last].match.name = name
                }
                if known.hardware.isEmpty, let text = ProbeAnswer.scope("hardware", in: word) {
                    matches[last].match.hardware = text
                }
                if known.location.isEmpty, let text = ProbeAnswer.scope("location", in: word) {
                    matches[last].match.location = text
                }
            }
        default: break
        }
    }

    func parser(_ parser: XMLParser, parseErrorOccurred error: any Error) { isRefused = true }
    func parser(_ parser: XMLParser, validationErrorOccurred error: any Error) { isRefused = true }
}
