import Domain
import Foundation

/// What a department says of a case that was sent to it: CloudEvents 1.0, on the topic on which the case came with `answer` in
/// place of `dept`.
///
/// Who it is says the topic: the broker lets each department write below its own name only.
struct CaseAnswer: Sendable, Hashable {
    /// A topic for answers, taken apart.
    struct Path: Sendable, Hashable {
        let department: String
        /// 12 digits, by the topic's own word.
        let area: String
        let grid: String
        let caseID: String
        /// On which the department was told.
        let told: String

        /// Nil for another topic, or one whose levels do not lie in each other.
        init?(_ topic: String, root: String) {
            guard topic.utf8.count <= 512, topic.hasPrefix("\(root)/\(CaseAnswer.channel)/") else { return nil }
            let levels = topic.dropFirst(root.count + 1).split(separator: "/", omittingEmptySubsequences: false)
            guard levels.count == 10, levels.dropFirst().allSatisfy({ !$0.isEmpty }) else { return nil }
            let area = levels[6]
            guard area.utf8.count == 12, area.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                zip(levels[2...5], [2, 4, 6, 9]).allSatisfy({ $0 == area.prefix($1) })
            else { return nil }
            (department, self.area, grid) = (String(levels[1]), String(area), String(levels[7]))
            caseID = String(levels[9])
            told = ([root, "dept"] + levels.dropFirst().map(String.init)).joined(separator: "/")
        }
    }

    static let channel = "answer"

    /// For the answers of all departments in one area.
    static func filter(root: String, area: AreaCode) -> String {
        let levels = AreaCode.Level.allCases.filter { $0.rawValue <= area.level.rawValue }
        return ([root, channel, "+"] + levels.map(area.segment) + ["#"]).joined(separator: "/")
    }

    static let mostBytes = 16 * 1024
    private static let prefix = "gridwarden.case."

    private struct Event: Decodable {
        struct Data: Decodable {
            let request: String
            let by: String?
            let note: String?

            private enum CodingKeys: String, CodingKey {
                case by, note
                case request = "request_id"
            }
        }

        let specversion: String
        let type: String
        let subject: String
        let data: Data
    }

    let path: Path
    let step: CaseStep

    /// Why it is none.
    struct Malformed: Error {
        let text: String
        /// It contradicts its topic.
        var isMismatch = false
    }

    init(_ payload: [UInt8], on path: Path) throws {
        let event = try JSONDecoder().decode(Event.self, from: Foundation.Data(payload))
        guard event.specversion == "1.0" else { throw Malformed(text: "specversion must be 1.0") }
        let action = [CaseAction.handled, .note].first { event.type == "\(Self.prefix)\($0.rawValue).v1" }
        guard let action else {
            throw Malformed(text: "type must be \(Self.prefix)handled.v1 or \(Self.prefix)note.v1")
        }
        guard event.subject == path.caseID else {
            throw Malformed(text: "the subject is another case than the topic's", isMismatch: true)
        }
        self.path = path
        step = CaseStep(
            request: event.data.request, action: action, actor: event.data.by ?? path.department, role: .department,
            ofDepartment: path.department, note: event.data.note)
    }
}
