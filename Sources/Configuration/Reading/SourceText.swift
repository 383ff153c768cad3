import Foundation
import Runtime
import Yams

/// From bytes to a tree of nodes, with limits on the cost of a hostile or broken file.
enum SourceText {
    static let largest = 1 << 20
    /// Permitted number of alias-like tokens, which may occur in comments and texts; more could blow up a tree.
    private static let mostAliases = 8

    static func read(path: String) throws(ConfigurationFaults) -> String {
        let data: Data
        do { data = Data(try RegularFile.read(path, most: largest)) } catch {
            switch error {
            case .missing:
                throw fault(
                    "there is no such file: give the path of a configuration, e.g. --config gridwarden.yaml", path)
            case .directory: throw fault("this is a directory: give the path of a file in it", path)
            case .special: throw fault("this is a pipe, a socket or a device: give the path of a regular file", path)
            case .unreadable:
                throw fault("the file cannot be read: give the user who runs gridwarden the right to read it", path)
            case .tooLarge: throw fault(tooLarge, path)
            }
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw fault("this byte is not UTF-8: save the file as UTF-8", path, at: firstInvalid(in: data))
        }
        return text
    }

    /// Nil where the text is not YAML; the faults then say why.
    static func compose(_ text: String, _ log: FaultLog) -> Node? {
        guard text.utf8.count <= largest else {
            log.report(tooLarge, at: Position())
            return nil
        }
        let scan = TextScan(text)
        if let (scalar, position) = scan.forbidden {
            let name = String(scalar.value, radix: 16, uppercase: true)
            log.report("the control character U+\(name) is not allowed: delete it", at: position)
            return nil
        }
        if scan.aliases.count > mostAliases {
            log.report(noAliases, at: scan.aliases[0])
            return nil
        }
        do {
            // Windows editors begin a file with a byte order mark.
            let plain = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
            let parser = try Parser(yaml: plain)
            guard let root = try parser.singleRoot() else {
                log.report("the file is empty: begin with deploy/gridwarden.example.yaml", at: Position())
                return nil
            }
            // Nodes hold their anchors weakly; the parser owns them.
            withExtendedLifetime(parser) { refuseAnchors(root, log) }
            return log.isEmpty ? root : nil
        } catch {
            report(error, text, log)
            return nil
        }
    }

    private static let tooLarge = "the file is larger than 1 MiB: leave out what is no configuration"
    private static let noAliases = "anchors and aliases (&name, *name) are not supported: write the value out"

    private static func fault(
        _ message: String, _ path: String, at position: Position = Position()
    ) -> ConfigurationFaults {
        let log = FaultLog(file: path)
        log.report(message, at: position)
        return log.faults
    }

    private static func firstInvalid(in data: Data) -> Position {
        var position = Position()
        var bytes = data.makeIterator()
        var parser = Unicode.UTF8.ForwardParser()
        while case .valid(let encoded) = parser.parseScalar(from: &bytes) {
            if Unicode.UTF8.decode(encoded) == "\n" {
                position = Position(line: position.line + 1)
            } else {
                position.column += 1
            }
        }
        return position
    }

    private static func refuseAnchors(_ node: Node, _ log: FaultLog) {
        guard node.anchor == nil else { return log.report(noAliases, at: Position(node)) }
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                refuseAnchors(key, log)
                refuseAnchors(value, log)
            }
        case .sequence(let sequence):
            for value in sequence { refuseAnchors(value, log) }
        case .scalar, .alias: break
        }
    }

    private static func report(_ error: any Error, _ text: String, _ log: FaultLog) {
        guard let error = error as? YamlError else {
            return log.report("the file cannot be read as YAML: save it again as plain text", at: Position())
        }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            let details = context.map { "\(problem), \($0.text)" } ?? problem
            log.report("this is not YAML (\(details)): check indentation, quotes and colons here", at: Position(mark))
        case .composer(_, let problem, let mark, _) where problem.contains("another document"):
            log.report("a second document begins here: keep one, and delete the line of ---", at: Position(mark))
        case .composer(_, _, let mark, _):
            log.report(noAliases, at: Position(mark))
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map(Wording.quoted)
            let keys = names.count == 1 ? "the key \(names[0]) is" : "the keys \(Wording.list(names)) are"
            log.report("\(keys) given more than once in this map: keep one of each", at: Position(context.mark))
        default:
            log.report("the file cannot be read as YAML: save it again as plain text", at: Position())
        }
    }
}

/// One pass over the text before it is parsed.
struct TextScan {
    /// The first character that YAML forbids.
    private(set) var forbidden: (Unicode.Scalar, Position)?
    /// Possible positions of aliases. May be too many, since comments and quotes are not recognised; never too few.
    private(set) var aliases: [Position] = []

    init(_ text: String) {
        var position = Position()
        /// The last non-blank character of the line.
        var last: Unicode.Scalar?
        var previous: Unicode.Scalar = "\n"
        for scalar in text.unicodeScalars {
            if forbidden == nil, Self.isForbidden(scalar) { forbidden = (scalar, position) }
            if previous == "*", Self.isName(scalar), let star = aliasStart {
                aliases.append(star)
            }
            aliasStart = nil
            if scalar == "*", last.map({ "-?:,[{".unicodeScalars.contains($0) }) ?? true { aliasStart = position }
            if Self.isBreak(scalar) {
                // A line that ends in CR LF is one line.
                if !(scalar == "\n" && previous == "\r") { position.line += 1 }
                position.column = 1
                last = nil
            } else {
                position.column += 1
                if scalar != " ", scalar != "\t" { last = scalar }
            }
            previous = scalar
        }
    }

    private var aliasStart: Position?

    private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x85: false
        case 0..<0x20, 0x7F..<0xA0, 0xFFFE, 0xFFFF: true
        default: false
        }
    }

    private static func isName(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "A"..."Z", "a"..."z", "_", "-": true
        default: false
        }
    }
}
