import Contract
import Domain
import Foundation

/// An alert as a person reads it.
enum AlertText {
    static func text(_ event: AlertEvent, chinese: Bool, evidence: String?) -> String {
        let data = event.data
        let name = chinese ? data.name.zh : data.name.en
        let department = chinese ? data.department.name.zh : data.department.name.en
        var lines = [
            "[\(data.incident.state.uppercased())] \(name) (\(data.kind)), severity \(data.severity)",
            "  place     \(data.camera.name) (\(data.camera.id)), zone \(data.zone.name), "
                + "area \(data.area.code) grid \(data.area.grid)/\(data.area.microgrid)",
            "  seen      \(data.observed.firstSeen) … \(data.observed.lastSeen), "
                + "\(number(data.observed.dwellSeconds)) s of \(number(data.observed.thresholdSeconds)) s allowed",
            "  object    \(data.object.class), confidence \(number(data.object.confidence))",
            "  send to   \(department)",
            "  incident  \(data.incident.id) revision \(data.incident.revision), "
                + "message \(event.sequence.drop { $0 == "0" })",
        ]
        for reason in data.why {
            lines.append("  why       \(reason.at) \(reason.what)" + (reason.score.map { " (\(number($0)))" } ?? ""))
        }
        for image in data.evidence {
            let file = image.file ?? image.sha256
            let path = evidence.map { URL(filePath: $0).appending(path: file).path } ?? file
            lines.append("  evidence  \(image.role): \(path)")
        }
        return lines.map(plain).joined(separator: "\n")
    }

    /// Without what a terminal would obey: anybody whom the broker lets publish may write into a name.
    static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
    }

    private static func number(_ value: Double) -> String {
        Int(exactly: value).map(String.init) ?? String(format: "%.2f", value)
    }
}
