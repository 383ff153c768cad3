import Foundation
import Runtime

/// The path of a file in the evidence store, `DAY/INCIDENT/FILE`, in characters with a single spelling.
struct EvidenceName {
    enum Content: Equatable {
        /// With the first digits of its SHA-256.
        case picture(hash: String)
        case message(sequence: Int64)
        /// Left by a kill during a write.
        case unfinished
        case other
    }

    static let (picture, message) = (".jpg", "message-")
    /// Digits of the hash in the name of a picture.
    static let hashDigits = 12

    let day: String
    let incident: String
    let file: String

    /// Nil for a path that the store never creates.
    init?(_ path: String) {
        guard path.utf8.count <= 255 else { return nil }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, Self.isDay(parts[0]), Self.isIncident(parts[1]), Self.isFile(parts[2]) else {
            return nil
        }
        (day, incident, file) = (parts[0], parts[1], parts[2])
    }

    var content: Content {
        if file.hasSuffix(DurableFile.unfinished) { return .unfinished }
        if file.hasSuffix(Self.picture) {
            let hash = file.dropLast(Self.picture.count).suffix(Self.hashDigits)
            let role = file.dropLast(Self.picture.count + Self.hashDigits)
            if hash.utf8.allSatisfy(Self.isHexadecimal), role.count > 1, role.last == "-" {
                return .picture(hash: String(hash))
            }
        }
        if file.hasPrefix(Self.message), file.hasSuffix(".json") {
            let digits = file.dropFirst(Self.message.count).dropLast(5)
            if digits.utf8.count == 20, digits.utf8.allSatisfy(Self.isDigit), let sequence = Int64(digits) {
                return .message(sequence: sequence)
            }
        }
        return .other
    }

    /// `2026-11-24`
    static func isDay(_ name: String) -> Bool {
        name.utf8.count == 10
            && name.utf8.enumerated().allSatisfy { [4, 7].contains($0) ? $1 == UInt8(ascii: "-") : isDigit($1) }
    }

    /// A UUID in lower case.
    static func isIncident(_ name: String) -> Bool {
        name.utf8.count == 36
            && name.utf8.enumerated().allSatisfy {
                [8, 13, 18, 23].contains($0) ? $1 == UInt8(ascii: "-") : isHexadecimal($1)
            }
    }

    private static func isFile(_ name: String) -> Bool {
        guard let first = name.utf8.first, first != UInt8(ascii: ".") else { return false }
        return name.utf8.allSatisfy {
            isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) || "-._".utf8.contains($0)
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
