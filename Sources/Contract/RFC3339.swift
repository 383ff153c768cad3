public import Foundation

/// Dates in messages: milliseconds, and the offset of the place.
public enum RFC3339 {
    public static func string(from date: Date, in timeZone: TimeZone) -> String {
        // The style truncates instead of rounding; the tenth of a millisecond keeps 0.120 from becoming 0.119.
        let rounded = Date(timeIntervalSince1970: (date.timeIntervalSince1970 * 1000).rounded() / 1000 + 0.0001)
        return rounded.formatted(
            Date.ISO8601FormatStyle(timeZone: timeZone).year().month().day()
                .timeZone(separator: .colon).time(includingFractionalSeconds: true))
    }

    /// Nil for an invalid date.
    public static func date(from text: String) -> Date? {
        let plain = Date.ISO8601FormatStyle()
        return (try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)) ?? (try? plain.parse(text))
    }

    /// The offset in a date.
    package static func timeZone(of text: String) -> TimeZone? {
        guard let match = text.firstMatch(of: /([+-])(\d\d):(\d\d)$/), let hours = Int(match.2),
            let minutes = Int(match.3)
        else { return text.hasSuffix("Z") ? .gmt : nil }
        return TimeZone(secondsFromGMT: (match.1 == "-" ? -60 : 60) * (hours * 60 + minutes))
    }
}
