import ArgumentParser
import Centre
import Domain
import Foundation

/// Cases at the command line: lists, one case, and steps.
extension CentreCommand {
    struct Cases: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists cases, what is due first coming first.",
            discussion: """
                Stages: \(CaseStage.allCases.map(\.rawValue).joined(separator: ", ")). Without --stage those that are open.
                """)

        @OptionGroup var file: File
        @Option(help: "Area code of 2 to 12 digits.") var area: String?
        @Option(help: "A stage; may be given several times.") var stage: [String] = []
        @Option(help: "A kind, e.g. parking.motor.") var kind: String?
        @Option(help: "A department, e.g. traffic-police.") var department: String?
        @Flag(help: "Only those that are overdue.") var overdue = false
        @Option(help: "How many at most.") var limit = 50
        @Flag(help: "Print them as JSON.") var json = false

        func validate() throws {
            guard (1...100_000).contains(limit) else { throw ValidationError("--limit takes 1 to 100000") }
            for stage in stage where CaseStage(rawValue: stage) == nil {
                throw ValidationError("there is no stage \(stage)")
            }
        }

        func run() throws {
            var filter = CentreQueries.Filter()
            do { filter.area = try area.map { try AreaCode($0) } } catch { throw ValidationError("\(error)") }
            filter.stages =
                stage.isEmpty
                ? Set(CaseStage.allCases.filter(\.isOpen)) : Set(stage.compactMap(CaseStage.init(rawValue:)))
            filter.kind = kind
            filter.department = department
            if overdue { filter.dueBefore = Date().timeIntervalSince1970 }
            let queries = try file.queries()
            let cases = try file.refusing { try queries.cases(filter, limit: limit) }
            guard !json else { return try JSONText.print(cases) }
            let now = Date().timeIntervalSince1970
            let rows = cases.map { item in
                [
                    item.number, item.stage.rawValue, item.kind, "\(item.severity)", item.area, item.grid,
                    item.department, CaseText.left(item.due, now), item.merged > 0 ? "+\(item.merged)" : "",
                ]
            }
            let head = ["NUMBER", "STAGE", "KIND", "SEV", "AREA", "GRID", "DEPARTMENT", "DUE", "MERGED"]
            for line in TextTable.lines(head, rows) { print(line) }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows one case: incidents, history, what was asked and told.")

        @OptionGroup var file: File
        @Argument(help: "Its number or id.") var number: String
        @Flag(help: "Print it as JSON.") var json = false

        func run() throws {
            let queries = try file.queries()
            guard let found = try file.refusing({ try queries.find(number) }) else {
                Console.complain("there is no case \(number)")
                throw ExitCode(1)
            }
            guard !json else { return try JSONText.print(found) }
            CaseText.show(found)
        }
    }

    /// Who takes a step.
    struct Actor: ParsableArguments {
        @Option(help: "By whom, as the history shall name it.") var by: String
        @Option(help: "Names the request: the same one again changes nothing. Made where it is left out.")
        var request: String?

        var id: String { request ?? "cli-\(UUID().uuidString.lowercased())" }
    }

    struct Step: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a step with a case: accept, decline, dispatch, handled, check, rework, close, note.",
            discussion: """
                decline needs --verdict (false_positive, duplicate, wrong_kind, out_of_scope or insufficient_evidence), note \
                needs --note. A step that does not fit the stage is refused, and the present stage is named.
                """)

        @OptionGroup var file: File
        @Argument(help: "The number or id of the case.") var number: String
        @Argument(help: "What is done.") var action: String
        @OptionGroup var actor: Actor
        @Option(help: "dispatcher, department or worker.") var role = "dispatcher"
        @Option(help: "Of a department: which one it is. Of dispatch: to whom.") var department: String?
        @Option(help: "Why it is declined.") var verdict: String?
        @Option(help: "Up to 2000 bytes; no names, no plates.") var note: String?
        @Flag(help: "Of accept: the picture shows it, which the site is told.") var confirmed = false

        func run() throws {
            guard let action = CaseAction(rawValue: action), let role = CaseRole(rawValue: role), role != .centre else {
                throw ValidationError("there is no such step or role")
            }
            if let verdict, Verdict(rawValue: verdict) == nil {
                throw ValidationError("there is no verdict \(verdict)")
            }
            let step = CaseStep(
                request: actor.id, action: action, actor: actor.by, role: role,
                ofDepartment: role == .department ? department : nil, note: note,
                verdict: verdict.flatMap(Verdict.init(rawValue:)), department: role == .department ? nil : department,
                isConfirmed: confirmed)
            let desk = try file.desk()
            let item = try file.refusing { try desk.take(step, case: number) }
            print("\(item.number) is \(item.stage.rawValue)")
        }
    }

    struct Merge: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts the incidents of another case of the same kind into this one.")

        @OptionGroup var file: File
        @Argument(help: "The case that stays.") var number: String
        @Argument(help: "The case that ends.") var other: String
        @OptionGroup var actor: Actor

        func run() throws {
            let desk = try file.desk()
            let item = try file.refusing { try desk.merge(other, into: number, by: actor.by, request: actor.id) }
            print("\(item.number) has \(item.merged + 1) incidents")
        }
    }

    struct Split: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes one incident of a case a case of its own.")

        @OptionGroup var file: File
        @Argument(help: "The case.") var number: String
        @Argument(help: "The id of the incident.") var incident: String
        @OptionGroup var actor: Actor

        func run() throws {
            let desk = try file.desk()
            let item = try file.refusing {
                try desk.split(incident, from: number, by: actor.by, request: actor.id)
            }
            print("\(item.number) was made of it")
        }
    }

    struct Reopen: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a closed case up again, as a new one that names it.")

        @OptionGroup var file: File
        @Argument(help: "The closed case.") var number: String
        @OptionGroup var actor: Actor

        func run() throws {
            let desk = try file.desk()
            let item = try file.refusing { try desk.reopen(number, by: actor.by, request: actor.id) }
            print("\(item.number) takes it up")
        }
    }
}

/// Cases as text for people.
enum CaseText {
    static func left(_ due: Double?, _ now: Double) -> String {
        guard let due else { return "" }
        let minutes = Int((abs(due - now) / 60).rounded())
        let span = minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
        return due < now ? "\(span) OVER" : "\(span) left"
    }

    private static func date(_ seconds: Double) -> String {
        Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }

    static func show(_ found: CaseFile) {
        let item = found.item
        var lines = [
            "\(item.number) is \(item.stage.rawValue): \(item.kind), severity \(item.severity), \(item.area) grid \(item.grid)",
            "  place      \(item.place)" + (item.isRecurring ? ", recurring" : ""),
            "  department \(item.department)", "  found      \(date(item.found))",
        ]
        if let due = item.due { lines.append("  due        \(date(due))") }
        if let result = item.result { lines.append("  result     \(result)") }
        if let follows = item.follows { lines.append("  takes up   \(follows)") }
        for incident in found.incidents {
            lines.append(
                "  incident   \(incident.id) \(incident.state) \(incident.review), \(incident.site)/\(incident.camera)/\(incident.zone)"
            )
        }
        for event in found.history {
            lines.append(
                "  \(date(event.at)) \(event.action) by \(event.actor) (\(event.role)): \(event.after.rawValue)"
                    + (event.note.map { "; \($0)" } ?? ""))
        }
        for twin in found.suggestions {
            lines.append("  perhaps the same as \(twin.number), \(Int(twin.metres)) m away")
        }
        for request in found.requests {
            lines.append(
                "  asked      \(request.site): \(request.outcome ?? "no answer yet, \(request.attempts) attempts")")
        }
        for delivery in found.deliveries {
            let state = delivery.done != nil ? "taken" : delivery.dead != nil ? "GIVEN UP" : "waits"
            lines.append("  told       \(delivery.route): \(state)" + (delivery.error.map { "; \($0)" } ?? ""))
        }
        print(lines.map(AlertText.plain).joined(separator: "\n"))
    }
}
