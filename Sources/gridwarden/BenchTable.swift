import Bench
import Domain
import Foundation

/// The benchmark's report for people.
enum BenchTable {
    static func text(_ reports: [ClipReport]) -> String {
        let head = [
            "clip", "input", "dwell", "matched", "missed", "false", "dup", "delay", "looks", "inferences", "blind",
            "core",
            "decode", "gate", "infer", "tiles", "rest", "MiB",
        ]
        let rows = reports.map { report in
            [
                report.clip, report.input ?? "-", dwell(report), "\(report.matched)", "\(report.missed)",
                "\(report.wrong)",
                "\(report.duplicate)", report.openingDelay.median.map { number($0, 1) } ?? "-", "\(report.looks)",
                "\(report.inferences)", number(report.blindSeconds, 0), number(report.cost.total, 4),
                number(report.cost.decode, 4),
                number(report.cost.gate, 4), number(report.cost.infer, 4), number(report.cost.tiles, 4),
                number(report.cost.rest, 4),
                number(report.peakRSS, 0),
            ]
        }
        let lines = TextTable.lines(head, rows)
        let alerts = reports.flatMap { report in
            report.alerts.map { alert in
                let closed = alert.closedS.map { "closed \(number($0, 1)) s" } ?? "open at the end"
                let box = alert.box.map { number($0, 0) }.joined(separator: ", ")
                return "  \(report.clip): \(alert.kind) in \(alert.zone), "
                    + "opened \(number(alert.openedS, 1)) s, \(closed), box [\(box)]"
            }
        }
        let faults = reports.compactMap { report in
            report.fault.map {
                "  \(report.clip): NOT LOOKED AT TO ITS END, only \(number(report.streamSeconds, 0)) s: \($0)"
            }
        }
        return
            (lines + [
                "core, decode, gate, infer (tiles with it) and rest: processor seconds for each second of footage"
            ]
            + alerts + faults + reports.flatMap { report in report.remarks.map { "  \(report.clip): note: \($0)" } })
            .joined(separator: "\n")
    }

    /// One value where all kinds have the same.
    private static func dwell(_ report: ClipReport) -> String {
        let seconds = Set(report.dwell.values)
        guard seconds.count > 1 else { return seconds.first.map { number($0, 0) } ?? "-" }
        return report.dwell.sorted { $0.key < $1.key }.map { "\($0.key)=\(number($0.value, 0))" }.joined(separator: ",")
    }

    private static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}

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
