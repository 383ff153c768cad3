import Domain
import Foundation
import Runtime

/// Checks the form of texts.
enum Form {
    static func isIdentifier(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "-" }
    }

    /// As in the schema of an alert.
    static func isRole(_ text: String) -> Bool {
        isIdentifier(text) && text.first.map { ("a"..."z").contains($0) } ?? false
    }

    /// Safe as one level of a topic.
    static func isCode(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                let scalar = Unicode.Scalar(byte)
                return scalar.properties.isAlphabetic && scalar.isASCII || isDigit(scalar) || scalar == "-"
            }
    }

    static func isDigits(_ text: String, count: Int) -> Bool {
        text.unicodeScalars.count == count && text.unicodeScalars.allSatisfy(isDigit)
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    /// A decimal number; neither hexadecimal nor infinite, which `Double` would accept.
    static func number(_ text: String) -> Double? {
        guard text.utf8.allSatisfy({ "0123456789.+-eE".utf8.contains($0) }), let value = Double(text), value.isFinite
        else { return nil }
        return value
    }

    /// Abbreviations such as `EST` and offsets such as `GMT+8` have no summer time: only names with a place, and UTC.
    static func timeZone(_ text: String) -> TimeZone? {
        guard text.contains("/") || text == "UTC" else { return nil }
        return TimeZone(identifier: text)
    }

    /// Minutes of the day for `HH:MM`, 0…1440.
    static func minutes(_ text: String) -> Int? {
        guard let match = text.wholeMatch(of: /([0-9]{2}):([0-9]{2})/),
            let hours = Int(match.1), let minutes = Int(match.2), minutes < 60, hours * 60 + minutes <= 1440
        else { return nil }
        return hours * 60 + minutes
    }

    /// A day of the Gregorian calendar for `YYYY-MM-DD`.
    static func day(_ text: String) -> TimeWindows.Day? {
        guard let match = text.wholeMatch(of: /([0-9]{4})-([0-9]{2})-([0-9]{2})/),
            let year = Int(match.1), let month = Int(match.2), let day = Int(match.3), year > 0,
            (1...12).contains(month)
        else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...lengths[month - 1]).contains(day) else { return nil }
        return TimeWindows.Day(year: year, month: month, day: day)
    }

    /// A name or an address of IPv4 or IPv6, without a port.
    static func isHost(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count), !text.contains(where: { $0.isWhitespace || "/@[]".contains($0) })
        else { return false }
        // A single colon precedes a port; an IPv6 address has at least two.
        return text.count { $0 == ":" } != 1
    }

    /// The fault of a stream's address, and the remedy; nil where there is none. Never quotes the address.
    static func streamFault(_ url: String) -> String? {
        guard !url.isEmpty, url.count <= 2048, !url.contains(where: \.isNewline) else {
            return "must be one line of 1 to 2048 characters"
        }
        guard let scheme = url.range(of: "://") else {
            // An address without its scheme must not be taken for a file: its password would be displayed as a path.
            let isPath = ["/", "./", "../"].contains(where: url.hasPrefix) || RegularFile.exists(url)
            return isPath ? nil : "must begin with rtsp:// or rtsps://, or with / or ./ as the path of a file"
        }
        guard ["rtsp", "rtsps"].contains(url[..<scheme.lowerBound]) else {
            return "must begin with rtsp:// or rtsps://, or be the path of a file"
        }
        let encode = "; write user and password into credentials_file, or %-encode them"
        guard !url.contains(where: \.isWhitespace) else { return "must hold no blank\(encode)" }
        let authority = url[scheme.upperBound...].prefix { !"/?#".contains($0) }
        let address = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        let path = url[authority.endIndex...].prefix { $0 != "?" }
        // Otherwise a slash or a question mark in a password turns the rest of it into a path.
        guard !path.contains("@"), authority.endIndex == url.endIndex || url[authority.endIndex] == "/" else {
            return "must have an @ before its host only, and a / after it\(encode)"
        }
        if address.hasPrefix("[") {
            return address.contains("]") ? nil : "has no ] after its IPv6 address"
        }
        let parts = address.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let host = parts.first, !host.isEmpty, !host.contains(" ") else {
            return "must name a host after ://\(encode)"
        }
        guard parts.count == 1 || Int(parts[1]).map((1...65535).contains) ?? false else {
            return "must have a port from 1 to 65535 after its host\(encode)"
        }
        return nil
    }
}
