import Contract
import Domain
import Foundation
import Hashing
import MQTT

/// A message that has been read and checked: what it says, by its channel.
struct Incoming: Sendable {
    enum What: Sendable {
        /// Of `alert` or `open`, with its bytes.
        case alert(AlertRecord, [UInt8])
        /// A retained incident was emptied.
        case emptied
        case site(SiteReport)
        case camera(CameraReport)
        case reply(Reply)
        /// A picture and its hash.
        case picture(incident: String, sha256: String, [UInt8])
        /// Of a department.
        case answer(CaseAnswer)
        /// Word for word what came a moment before, such as the same change on `open` and `alert`.
        case repeated
    }

    let what: What
    /// The levels of the place, as the topic has them.
    let place: String
    let area: String
    let grid: String
    let microgrid: String
    let received: Received
}

/// Reads messages, and refuses what is not of the contract. Used by one thread.
final class IncomingReader {
    /// Topics that are remembered: a place and a kind have one each.
    private static let mostTopics = 65_536
    /// Payloads that are remembered by their hash.
    private static let mostRecent = 16_384
    private static let mostReport = 64 * 1024

    private let topics: AlertTopics
    private let area: AreaCode
    private var known: [String: TopicPath] = [:]
    private var recent: Set<Int> = []
    private var older: Set<Int> = []

    /// - Parameter area: what lies elsewhere is refused.
    init(topics: AlertTopics, area: AreaCode) {
        self.topics = topics
        self.area = area
    }

    /// Why it is refused.
    struct Refused: Error {
        let reason: Refusals.Reason
        let text: String
    }

    func read(_ received: Received) throws(Refused) -> Incoming {
        let message = received.message
        if let path = CaseAnswer.Path(message.topic, root: topics.root) { return try answer(received, path) }
        guard let path = path(message.topic) else {
            throw Refused(reason: .topic, text: "this is no topic of the contract below \(topics.root)")
        }
        guard area.covers(path.area) else {
            throw Refused(reason: .area, text: "\(path.area) lies outside of \(area.segment(area.level))")
        }
        return Incoming(
            what: try what(message.payload, path), place: path.place, area: path.area, grid: path.grid,
            microgrid: path.microgrid, received: received)
    }

    private func answer(_ received: Received, _ path: CaseAnswer.Path) throws(Refused) -> Incoming {
        guard area.covers(path.area) else {
            throw Refused(reason: .area, text: "\(path.area) lies outside of \(area.segment(area.level))")
        }
        let payload = received.message.payload
        guard payload.count <= CaseAnswer.mostBytes else {
            throw Refused(reason: .tooLarge, text: "it has \(payload.count) bytes of \(CaseAnswer.mostBytes)")
        }
        let answer: CaseAnswer
        do { answer = try CaseAnswer(payload, on: path) } catch let fault as CaseAnswer.Malformed {
            throw Refused(reason: fault.isMismatch ? .mismatch : .malformed, text: fault.text)
        } catch {
            throw Refused(reason: .malformed, text: "it is no JSON of its schema: \(Self.brief(error))")
        }
        return Incoming(
            what: .answer(answer), place: "", area: path.area, grid: path.grid, microgrid: "", received: received)
    }

    private func path(_ topic: String) -> TopicPath? {
        if let path = known[topic] { return path }
        guard let path = TopicPath(topic, root: topics.root) else { return nil }
        // The others end in an id.
        if path.channel == .alert || path.channel == .camera || path.channel == .site {
            if known.count >= Self.mostTopics { known = [:] }
            known[topic] = path
        }
        return path
    }

    private func what(_ payload: [UInt8], _ path: TopicPath) throws(Refused) -> Incoming.What {
        switch path.channel {
        case .alert, .open:
            if payload.isEmpty, path.channel == .open { return .emptied }
            return try alert(payload, path)
        case .evidence: return try picture(payload, path)
        case .site:
            guard !payload.isEmpty else { return .emptied }
            let report = try report(payload, SiteReport.init(json:))
            try check(report.site, path)
            return .site(report)
        case .camera:
            guard !payload.isEmpty else { return .emptied }
            let report = try report(payload, CameraReport.init(json:))
            try check(report.camera, path)
            return .camera(report)
        case .reply:
            let reply = try report(payload, Reply.init(json:))
            try check(reply.site, path)
            return .reply(reply)
        case .review, .command:
            throw Refused(reason: .topic, text: "a centre takes no \(path.channel.rawValue)")
        }
    }

    private func alert(_ payload: [UInt8], _ path: TopicPath) throws(Refused) -> Incoming.What {
        guard payload.count <= AlertReader.mostBytes else {
            throw Refused(reason: .tooLarge, text: "it has \(payload.count) bytes of \(AlertReader.mostBytes)")
        }
        if isRepeated(payload) { return .repeated }
        let record: AlertRecord
        do throws(JSONReader.Malformed) { record = try AlertReader.read(payload) } catch {
            throw Refused(reason: .malformed, text: error.description)
        }
        guard path.covers(record) else {
            throw Refused(reason: .mismatch, text: "the topic names another place or kind than the message")
        }
        if path.channel == .open, path.rest.last != record.incident {
            throw Refused(reason: .mismatch, text: "the topic names another incident than the message")
        }
        return .alert(record, payload)
    }

    private func picture(_ payload: [UInt8], _ path: TopicPath) throws(Refused) -> Incoming.What {
        guard path.rest.count == 3, path.rest[2].utf8.count == 64 else {
            throw Refused(reason: .topic, text: "a picture's topic ends in its kind, incident and hash")
        }
        guard (try? SHA256.hex(payload)) == path.rest[2] else {
            throw Refused(reason: .mismatch, text: "the picture has another hash than its topic says")
        }
        return .picture(incident: path.rest[1], sha256: path.rest[2], payload)
    }

    /// Such a topic ends in whom it is about.
    private func check(_ id: String, _ path: TopicPath) throws(Refused) {
        guard path.rest.count == 2, path.rest[1] == id, id.utf8.count <= 64 else {
            throw Refused(reason: .mismatch, text: "the topic ends in another id than the message has")
        }
    }

    private func report<Report>(
        _ payload: [UInt8], _ make: (Data) throws -> Report
    ) throws(Refused) -> Report {
        guard payload.count <= Self.mostReport else {
            throw Refused(reason: .tooLarge, text: "it has \(payload.count) bytes of \(Self.mostReport)")
        }
        do { return try make(Data(payload)) } catch {
            throw Refused(reason: .malformed, text: "it is no JSON of its schema: \(Self.brief(error))")
        }
    }

    private static func brief(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        func place(_ context: DecodingError.Context) -> String {
            (context.codingPath.map(\.stringValue).joined(separator: ".") + ": " + context.debugDescription)
        }
        return switch error {
        case .keyNotFound(let key, _): "\(key.stringValue) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): place(context)
        @unknown default: "\(error)"
        }
    }

    /// The hash is seeded in each process: nobody can make two messages of one.
    private func isRepeated(_ payload: [UInt8]) -> Bool {
        var hasher = Hasher()
        payload.withUnsafeBytes { hasher.combine(bytes: $0) }
        let hash = hasher.finalize()
        guard !recent.contains(hash), !older.contains(hash) else { return true }
        if recent.count >= Self.mostRecent / 2 { (older, recent) = (recent, []) }
        recent.insert(hash)
        return false
    }

    /// What was read was not written: it must not be taken for repeated.
    func forget() { (recent, older) = ([], []) }
}
