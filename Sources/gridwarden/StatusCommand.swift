import ArgumentParser
import Contract
import Edge
import Foundation
import SiteConfiguration

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Asks the running daemon how it stands: cameras, outbox, broker.",
        discussion: "Exit code 0 with an answer, 69 where no daemon answers, 78 where the configuration is wrong.")

    @Option(help: "The configuration file of the daemon.") var config = "/etc/gridwarden/gridwarden.yaml"
    @Flag(help: "Print the status as JSON.") var json = false

    func run() throws {
        let configuration = try ConfigurationFile.load(config)
        let status: SiteStatus
        do { status = try StatusClient.status(of: URL(filePath: configuration.site.stateDirectory)) } catch {
            Console.complain("\(error)")
            throw ExitCode(69)
        }
        if json { print(String(decoding: try status.json(), as: UTF8.self)) } else { show(status) }
    }

    private func broker(_ status: SiteStatus) -> String {
        guard let link = status.broker else { return status.brokerConnected ? "connected" : "NOT connected" }
        let omits = link.omits.map { "; left out because of it: \($0.joined(separator: ", "))" } ?? ""
        let unheard = link.unheard.map { "; NOT HEARD, refused by it: \($0.joined(separator: ", "))" } ?? ""
        let trouble = link.trouble.map { "; TROUBLE: \($0)" } ?? ""
        return "connected: \(link.address), MQTT \(link.version)\(omits)\(unheard)\(trouble)"
    }

    /// How many incidents have pictures of the main stream, and why others have not.
    private func detail(_ camera: SiteStatus.Camera) -> String {
        let outcomes = (camera.detailPictures ?? []).filter { $0.count > 0 }
        guard !outcomes.isEmpty else { return "" }
        return "; main stream: " + outcomes.map { "\($0.count) \($0.outcome)" }.joined(separator: ", ")
    }

    private func show(_ sink: SinkReport) {
        var parts: [String] = []
        if let waiting = sink.waiting { parts.append("\(waiting) wait") }
        if sink.missed != nil { parts.append("MISSED \(sink.missedMessages), they had to make room") }
        if let dead = sink.deadLetters { parts.append("REFUSED \(dead) for good: see gridwarden gaps") }
        if let trouble = sink.trouble {
            let what = trouble.refused ? "REFUSES message \(trouble.sequence)" : "TROUBLE"
            parts.append("\(what) since \(trouble.since): \(trouble.reason)")
        }
        print("sink \(sink.name): \(parts.joined(separator: "; "))")
    }

    private func show(_ status: SiteStatus) {
        let outbox = status.outbox
        let age = outbox.oldestUndeliveredSeconds.map { ", the oldest for \(Int($0)) s" } ?? ""
        print(
            """
            site \(status.site): \(status.software), \(status.model)
            broker \(broker(status))
            outbox \(outbox.undelivered) wait\(age); \(outbox.delivered) delivered, \(outbox.bytes >> 10) KiB
            """)
        if let seconds = outbox.secondsOld {
            print("OLD: the disk of the state directory does not answer, the outbox was so \(Int(seconds)) s ago")
        }
        for name in outbox.damagedStores ?? [] {
            print("DAMAGED: the outbox was set aside as \(name), and a new one begun; inspect it, and take it away")
        }
        if let blocked = status.blocked {
            print(
                "BLOCKED: the broker does not take message \(blocked.sequence) on \(blocked.topic): \(blocked.reason)")
        }
        if let looks = status.looks, !looks.shedding.isEmpty {
            print(
                "OVERLOAD: nothing is promised for \(looks.shedding.joined(separator: ", ")) until the load falls: "
                    + "take cameras away, or raise dwells or promises")
        }
        for sink in status.sinks ?? [] { show(sink) }
        for camera in status.cameras {
            let look = camera.secondsSinceLook.map { "last look \(Int($0)) s ago" } ?? "no look for a minute or more"
            let rate = String(format: "%.2f", camera.looksPerSecond)
            let reason = camera.reason.map { " (\($0))" } ?? ""
            print(
                "camera \(camera.id): \(camera.state)\(reason), \(rate) looks/s, \(look), "
                    + "\(camera.openIncidents) open incidents" + detail(camera))
            let blind = (camera.zones ?? []).filter { $0.blindSeconds >= 1 }
            if !blind.isEmpty {
                let zones = blind.map { "\($0.id) \(Int($0.blindSeconds)) s" }.joined(separator: ", ")
                print("  not seen as promised since its start: \(zones)")
            }
        }
        for tally in status.reviews {
            let precision = tally.precision.map { String(format: "%.0f %% right", $0 * 100) } ?? "not judged"
            print("reviews \(tally.camera) \(tally.kind): \(precision) of \(tally.right + tally.wrong)")
        }
        if let evidence = status.evidence {
            let evicted =
                evidence.evictedIncidents == 0 ? "" : "; that of \(evidence.evictedIncidents) incidents made room"
            print("evidence \(evidence.bytes >> 20) of \(evidence.budgetBytes >> 20) MiB\(evicted)")
            if let key = evidence.ledgerKey { print("ledger signed by \(key)") }
        }
        if status.evidenceWithheld > 0 { print("evidence withheld \(status.evidenceWithheld) times: see the log") }
    }
}
