import ArgumentParser
import Contract
import Foundation
import SiteConfiguration
import Store

struct GapsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gaps",
        abstract:
            "Lists the sequences of messages that wait, that were lost, that are not held any more, or were refused.",
        discussion: """
            Reads the outbox of a daemon that runs or has stopped, and changes nothing. With --from and --to it also \
            prints when each message of that span was written and when the broker acknowledged it. Exit code 0 with a \
            report, whatever it says, 66 where there is no outbox to read, 78 where the configuration is wrong.
            """)

    @Option(help: "The configuration file of the daemon.") var config = "/etc/gridwarden/gridwarden.yaml"
    @Option(help: "The first sequence of which receipts are printed.") var from: Int64?
    @Option(help: "The last one; the newest where it is left out.") var to: Int64?
    @Flag(help: "Print the report as JSON.") var json = false

    private struct Report: Encodable {
        struct Receipt: Encodable {
            let sequence: Int64
            let id: String
            let written: String
            /// Nil while it waits.
            let acknowledged: String?
        }

        let site: String
        let epoch: String
        let lastSequence: Int64
        /// First and last sequence of each span.
        let undelivered: [[Int64]]
        let dropped: [[Int64]]
        let missing: [[Int64]]
        struct DeadLetter: Encodable {
            let sink: String
            let sequence: Int64
            let topic: String
            let reason: String
            let at: String
        }

        let receipts: [Receipt]?
        /// Sinks beside the broker, and the broker where it has permanently refused something.
        let sinks: [SinkReport]
        /// The newest 100.
        let deadLetters: [DeadLetter]

        private enum CodingKeys: String, CodingKey {
            case site, epoch, undelivered, dropped, missing, receipts, sinks
            case lastSequence = "last_sequence"
            case deadLetters = "dead_letters"
        }
    }

    func validate() throws {
        if from == nil, to != nil { throw ValidationError("--to goes with --from") }
    }

    func run() throws {
        let site = try ConfigurationFile.load(config).site
        let report: Report
        do { report = try read(site.id, URL(filePath: site.stateDirectory).appending(path: "outbox.sqlite")) } catch {
            Console.complain("\(error)")
            throw ExitCode(66)
        }
        if json { try JSONText.print(report) } else { show(report) }
    }

    private func read(_ site: String, _ file: URL) throws -> Report {
        let outbox = try Outbox(reading: file)
        let gaps = try outbox.gapReport()
        func spans(_ ranges: [ClosedRange<Int64>]) -> [[Int64]] { ranges.map { [$0.lowerBound, $0.upperBound] } }
        let receipts = try from.map { try outbox.receipts(from: $0, through: to ?? gaps.lastSequence) }
        return Report(
            site: site, epoch: outbox.epoch, lastSequence: gaps.lastSequence, undelivered: spans(gaps.undelivered),
            dropped: spans(gaps.dropped), missing: spans(gaps.missing),
            receipts: receipts?.map {
                Report.Receipt(
                    sequence: $0.sequence, id: $0.id, written: $0.written.formatted(.iso8601),
                    acknowledged: $0.acknowledged?.formatted(.iso8601))
            },
            sinks: try outbox.sinkReports(),
            deadLetters: try outbox.deadLetters().map {
                Report.DeadLetter(
                    sink: $0.sink, sequence: $0.sequence, topic: $0.topic, reason: $0.reason,
                    at: $0.at.formatted(.iso8601))
            })
    }

    private func show(_ report: Report) {
        func line(_ name: String, _ spans: [[Int64]]) {
            let count = spans.reduce(0) { $0 + $1[1] - $1[0] + 1 }
            let list = spans.map { $0[0] == $0[1] ? "\($0[0])" : "\($0[0])…\($0[1])" }.joined(separator: ", ")
            print("\(name): \(count)\(list.isEmpty ? "" : " (\(list))")")
        }
        print("site \(report.site): last sequence \(report.lastSequence), epoch \(report.epoch)")
        line("undelivered", report.undelivered)
        line("lost before any broker had them", report.dropped)
        line("not held any more, delivered or lost", report.missing)
        for sink in report.sinks where sink.waiting != nil {
            print("sink \(sink.name): \(sink.waiting ?? 0) wait")
            if let missed = sink.missed { line("  lost before it had them", missed) }
        }
        for letter in report.deadLetters {
            print("refused by \(letter.sink): \(letter.sequence) on \(letter.topic) at \(letter.at): \(letter.reason)")
        }
        for receipt in report.receipts ?? [] {
            print("\(receipt.sequence) \(receipt.id) \(receipt.written) \(receipt.acknowledged ?? "waits")")
        }
    }
}
