import Bench
import Domain
import Foundation

/// The long run's report for people.
enum LongRunTable {
    static func text(_ report: LongRunReport) -> String {
        let head = ["kind", "hours", "false", "per camera-day", "95 % interval"]
        let rows = report.rates.map { rate in
            [
                rate.kind, number(rate.hours), "\(rate.rate.count)", number(rate.rate.rate),
                "\(number(rate.rate.low)) to \(number(rate.rate.high))",
            ]
        }
        let lines = TextTable.lines(head, rows)
        let clips = report.clips.flatMap { clip in
            ["  \(clip.clip): \(number(clip.hours)) h, blind for \(number(clip.blindHours)) h"]
                + clip.alerts.map { alert in
                    let box = alert.box
                    let place = [box.x, box.y, box.width, box.height].map { number($0 * 100) }.joined(separator: ", ")
                    return "    \(alert.kind), opened after \(number(alert.openedS / 3600)) h, \(alert.weather), "
                        + "daylight \(number(alert.daylight)), box [\(place)] % of the picture"
                }
                + (clip.fault.map { ["    NOT WATCHED TO ITS END: \($0)"] } ?? [])
        }
        return
            (lines
            + ["seed \(report.seed); hours of media time in which the kind was watched for and the camera could see"]
            + clips).joined(separator: "\n")
    }

    private static func number(_ value: Double) -> String { String(format: "%.2f", value) }
}
