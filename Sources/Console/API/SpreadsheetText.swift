/// Rows of a table as spreadsheets open them: RFC 4180 in UTF-8, with the mark of its byte order, without which Excel takes
/// Chinese for something else.
package enum SpreadsheetText {
    static let mediaType = "text/csv; charset=utf-8"
    static let mark = "\u{FEFF}"

    /// The time at the place as spreadsheets read one, of a text that has its offset and thousandths.
    package static func time(_ text: String) -> String { String(text.prefix(19)).replacing("T", with: " ") }

    /// With its end.
    static func line(_ cells: [String]) -> String { cells.map(cell).joined(separator: ",") + "\r\n" }

    static func cell(_ text: String) -> String {
        let text = isFormula(text) ? "'" + text : text
        guard text.unicodeScalars.contains(where: { "\",\r\n;\t".unicodeScalars.contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }

    /// Whether a spreadsheet might compute it: names come from a configuration, and pictures of them from elsewhere. Wide
    /// signs are the same to an Excel for East Asia.
    private static func isFormula(_ text: String) -> Bool {
        let first = text.unicodeScalars.first {
            !($0.properties.isWhitespace && $0 != "\t" && $0 != "\r" && $0 != "\n")
        }
        return first.map { "=+-@\t\r\n＝＋－＠".unicodeScalars.contains($0) } ?? false
    }
}
