import ArgumentParser
import Centre
import Foundation

/// What a centre knows of its sites, and what it did not take.
extension CentreCommand {
    struct Sites: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the sites: state, how far their sequences have come, what is missing and what is lost.")

        @OptionGroup var file: File
        @Flag(help: "Print them as JSON.") var json = false

        func run() throws {
            let queries = try file.queries()
            let sites = try file.refusing { try queries.sites() }
            guard !json else { return try JSONText.print(sites) }
            for site in sites {
                func spans(_ name: String, _ spans: [[Int64]]) -> String {
                    guard !spans.isEmpty else { return "" }
                    let count = spans.reduce(0) { $0 + $1[1] - $1[0] + 1 }
                    let list = spans.prefix(8).map { $0[0] == $0[1] ? "\($0[0])" : "\($0[0])…\($0[1])" }
                    return "; \(name) \(count) (\(list.joined(separator: ", "))\(spans.count > 8 ? ", …" : ""))"
                }
                print(
                    AlertText.plain(
                        "\(site.id) \(site.state ?? "unknown"), epoch \(site.epoch.prefix(8)): \(site.contiguous) of "
                            + "\(max(site.highest, site.told))" + spans("MISSING", site.missing)
                            + spans("LOST", site.lost)))
            }
        }
    }

    struct Refusals: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the newest messages that were not taken, and why.")

        @OptionGroup var file: File
        @Flag(help: "Print them as JSON.") var json = false

        func run() throws {
            let queries = try file.queries()
            let refusals = try file.refusing { try queries.refusals() }
            guard !json else { return try JSONText.print(refusals) }
            for refusal in refusals {
                let date = Date(timeIntervalSince1970: refusal.at).formatted(.iso8601)
                print(
                    AlertText.plain(
                        "\(date) \(refusal.reason) on \(refusal.topic), \(refusal.bytes) bytes: \(refusal.text)"))
            }
        }
    }

    struct Deliveries: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists cases that a department did not take for three days, or refused; --retry sends one again.")

        @OptionGroup var file: File
        @Option(help: "The id of one that is to be sent again.") var retry: String?
        @Flag(help: "Print them as JSON.") var json = false

        func run() throws {
            if let retry {
                let desk = try file.desk()
                guard try file.refusing({ try desk.retry(delivery: retry) }) else {
                    Console.complain("there is no delivery \(retry) that was given up")
                    throw ExitCode(1)
                }
                return print("\(retry) is sent again")
            }
            let queries = try file.queries()
            let dead = try file.refusing { try queries.deadDeliveries() }
            guard !json else { return try JSONText.print(dead) }
            for delivery in dead {
                print(
                    AlertText.plain(
                        "\(delivery.id) \(delivery.route), \(delivery.attempts) attempts: \(delivery.error ?? "")"))
            }
        }
    }
}
