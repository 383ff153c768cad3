import Analytics
import Contract
import Domain
import Foundation
import TestSupport
import Testing

/// The access list of a cluster's broker, which is not here to be started: judged by EMQX's documented rules.
@Suite(.waiting) struct ClusterRecipeTests {
    private struct Rule {
        var action: Substring
        var filter: Substring

        /// As `emqx_topic:match`: a subscription is allowed as a whole or not at all.
        func allows(_ action: String, _ topic: String) -> Bool {
            guard self.action == "all" || self.action == action else { return false }
            let pattern = filter.split(separator: "/", omittingEmptySubsequences: false)
            let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
            for (index, level) in pattern.enumerated() {
                if level == "#" { return true }
                guard index < levels.count, levels[index] != "#", level == "+" || level == levels[index] else {
                    return false
                }
            }
            return pattern.count == levels.count
        }
    }

    private static let own = "32/3205/320583/320583102/320583102201/003/02"
    private static let neighbour = "32/3205/320583/320583102/320583102201/003/03"

    private func printed(_ arguments: [String], form: String) throws -> [Substring] {
        let script = RecipeBroker.recipes.appending(path: "acl.sh").path
        return try RecipeBroker.run("/usr/bin/env", ["FORM=\(form)", script] + arguments)
            .split(separator: "\n")
    }

    private func rules(_ arguments: [String]) throws -> [Rule] {
        let lines = try printed(arguments, form: "emqx").filter { !$0.hasPrefix("%%") }
        return try lines.map { line in
            let match = try #require(
                line.wholeMatch(
                    of: #/\{allow, \{username, "([^"]+)"\}, (publish|subscribe|all), \["([^"]+)"\]\}\./#),
                "\(line)")
            #expect(String(match.output.1) == arguments[1])
            return Rule(action: match.output.2, filter: match.output.3)
        }
    }

    @Test func `a site may do all that it does, and nothing at its neighbour's`() throws {
        let rules = try rules(["edge", "edge-01", "edge-01", "320583102201/003/02"])
        func allows(_ action: String, _ topic: String) -> Bool { rules.contains { $0.allows(action, topic) } }
        let topics = AlertTopics()
        let kind = AlertKind.illegalParking
        let incident = UUID()
        for (microgrid, isOwn) in [("02", true), ("03", false)] {
            let place = GridLocation(area: try AreaCode("320583102201"), grid: "003", microgrid: microgrid)
            for topic in [
                topics.alert(place, kind), topics.open(place, kind, incident: incident),
                topics.evidence(place, kind, incident: incident, sha256: "ab"), topics.camera(place, id: "cam-01"),
                topics.site(place, id: "edge-01"), topics.inbound(.reply, place, site: "edge-01"),
            ] { #expect(allows("publish", topic) == isOwn, "\(topic)") }
            for filter in [
                topics.inbound(.review, place, site: "edge-01"), topics.inbound(.command, place, site: "edge-01"),
                topics.open(place, kind, incident: incident).split(separator: "/").dropLast(2).joined(separator: "/")
                    + "/+/+",
            ] { #expect(allows("subscribe", filter) == isOwn, "\(filter)") }
        }
        for filter in ["#", "mg/v1/#", "mg/v1/alert/\(Self.own)/#", "mg/v1/review/\(Self.own)/_/+"] {
            #expect(!allows("subscribe", filter), "\(filter)")
        }
        #expect(!allows("publish", "mg/v1/command/\(Self.own)/_/edge-01"))
        #expect(!allows("publish", "mg/v1/site/\(Self.own)/_/edge-02"))
    }

    @Test func `who watches may follow an area and no other`() throws {
        let rules = try rules(["viewer", "screen", "320583102201/003"])
        func allows(_ action: String, _ topic: String) -> Bool { rules.contains { $0.allows(action, topic) } }
        #expect(allows("subscribe", "mg/v1/alert/32/3205/320583/320583102/320583102201/003/#"))
        #expect(allows("subscribe", "mg/v1/alert/\(Self.neighbour)/parking.motor"))
        #expect(!allows("subscribe", "mg/v1/alert/32/3205/320583/320583102/320583102201/#"))
        #expect(!allows("subscribe", "mg/v1/alert/#"))
        #expect(!allows("publish", "mg/v1/review/\(Self.own)/_/edge-01"))
    }

    @Test(arguments: [
        ["edge", "u", "s", "320583102201/003/02", "320583102201/004/01"], ["viewer", "u", "3205"],
        ["worker", "u", "320583"], ["operator", "u", "320583102"], ["department", "u", "320583", "parking.motor"],
        ["bridge", "u", "320583102201"],
    ])
    func `both forms of the access list say the same`(arguments: [String]) throws {
        let words = ["read": "subscribe", "write": "publish", "readwrite": "all"]
        let mosquitto = try printed(arguments, form: "mosquitto").dropFirst().map { line in
            let parts = line.split(separator: " ")
            return "\(try #require(words[String(parts[1])])) \(parts[2])"
        }
        #expect(try rules(arguments).map { "\($0.action) \($0.filter)" } == mosquitto)
    }
}
