public import Contract
public import Domain
public import Foundation
import Hashing
public import Logging
public import MQTT
public import Runtime
public import Store
import Synchronization
import Threading

/// Takes reviews and commands in: checks them, stores what follows from them, and answers each.
///
/// The answer lies in the outbox with what was done, and goes out even when the process dies in between.
public actor Inbox {
    // The outbox blocks.
    private nonisolated let executor = DedicatedThread(name: "inbox")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private struct Listening {
        var topics: Set<String>
        var isOpen: Bool
    }

    /// The topics that the site listens on; none while it takes no requests.
    public nonisolated var filters: [String] { listening.withLock { $0.isOpen ? $0.topics.sorted() : [] } }
    /// Whether requests are taken.
    public nonisolated var isOpen: Bool { listening.withLock(\.isOpen) }
    private nonisolated let listening: Mutex<Listening>
    private let outbox: Outbox
    private let topics: AlertTopics
    private let site: SiteIdentity
    private var policy: AccessPolicy
    private let logger: Logger
    private let secrets: KnownSecrets
    private let now: @Sendable () -> Date
    private let settled: @Sendable (Incident) async -> Void
    private let snapshot: @Sendable (_ camera: String) async -> Snapshot
    private var isTakingPicture = false
    private var hasRecovered = false
    private var budget: RequestBudget
    /// Requests that were refused since the start, by their class and reason.
    nonisolated var refusals: [String: [String: Int]] { refused.withLock(\.self) }
    private nonisolated let refused = Mutex<[String: [String: Int]]>([:])
    private var answered: @Sendable () -> Void = {}

    /// - Parameters:
    ///   - places: of the site's cameras.
    ///   - policy: who may ask; nil: nobody, until `adopt`.
    ///   - secrets: are taken out of what is answered: it may repeat what a camera or a library said.
    ///   - now: the clock against which requests expire.
    ///   - settled: told of each incident that a review has ended.
    ///   - snapshot: takes a picture of a camera.
    public init(
        outbox: Outbox, topics: AlertTopics, site: SiteIdentity, places: [GridLocation],
        policy: AccessPolicy? = AccessPolicy(), logger: Logger, secrets: KnownSecrets = KnownSecrets(),
        now: @escaping @Sendable () -> Date = { Date() },
        settled: @escaping @Sendable (Incident) async -> Void = { _ in },
        snapshot: @escaping @Sendable (_ camera: String) async -> Snapshot = { .unavailable(camera: $0) }
    ) {
        self.outbox = outbox
        self.topics = topics
        self.site = site
        self.policy = policy ?? AccessPolicy()
        budget = RequestBudget(self.policy)
        self.logger = logger
        self.secrets = secrets
        self.now = now
        self.settled = settled
        self.snapshot = snapshot
        listening = Mutex(
            Listening(
                topics: Set((places + [site.place]).map { topics.inbound(.review, $0, site: site.id) })
                    .union([topics.inbound(.command, site.place, site: site.id)]),
                isOpen: policy != nil))
    }

    /// From now on these may ask; nil: nobody. What senders have spent of their budgets counts on where nothing has changed.
    public func adopt(_ policy: AccessPolicy?) {
        listening.withLock { $0.isOpen = policy != nil }
        guard let policy, policy != self.policy else { return }
        self.policy = policy
        budget = RequestBudget(policy)
    }

    /// Listens also to reviews at these places; returns the filters that are new.
    nonisolated func listen(at places: [GridLocation]) -> [String] {
        let filters = Set(places.map { topics.inbound(.review, $0, site: site.id) })
        return listening.withLock { listening in
            defer { listening.topics.formUnion(filters) }
            return filters.subtracting(listening.topics).sorted()
        }
    }

    /// Takes one message of the `review` and `command` topics.
    public func take(_ message: MQTTMessage) async {
        // Zero bytes empty a retained topic.
        guard !message.payload.isEmpty, listening.withLock({ $0.isOpen && $0.topics.contains(message.topic) }),
            let place = topics.place(of: message.topic)
        else { return }
        let `class`: Reply.Class = topics.isChannel(.review, message.topic) ? .review : .command
        let digest: String
        do { digest = try SHA256.hex(message.payload) } catch {
            logger.error("a request could not be taken", metadata: ["error": "\(error)"])
            return
        }
        // What of it can be read; the answer has to find its way.
        let loose = try? InboundFields(message.payload, known: nil)
        let request = Request(
            class: `class`, place: place,
            sender: budget.sender(`class`, at: place, by: (try? loose?.text("by")) ?? nil, on: now()), loose: loose,
            replyTopic: topics.topic(message.topic, as: .reply), digest: digest)
        do {
            if case .beyond(let isFirst) = budget.take(request.sender) {
                try refuse(
                    Rejection(.tooMany, "too many have come from this sender: send again in the next hour"), request,
                    isAnswered: isFirst)
                return
            }
            do {
                guard !message.retain else {
                    throw Rejection(.retained, "a retained request is never honoured: publish it without retain")
                }
                switch request.class {
                case .review: try await review(message.payload, request)
                case .command: try command(message.payload, request)
                }
                budget.accept(request.sender)
            } catch let refusal as Rejection {
                try refuse(refusal, request, isAnswered: budget.mayAnswerRefusal(request.sender))
            }
        } catch {
            // Not answered, for nothing is known of it afterwards: its sender may send it again.
            logger.error("a request was not taken", metadata: ["class": "\(request.class)", "reason": "\(error)"])
        }
    }

    /// Answers what an earlier run of the process began and could not finish, once; to be called before the first message.
    func recover() {
        guard isOpen, !hasRecovered else { return }
        hasRecovered = true
        do {
            for request in try outbox.unanswered() {
                var reply = Reply(.command, .refused, site: site, at: now())
                reply.request = request.id
                reply.reason = .unavailable
                reply.text = "the site was started anew before it was done"
                try outbox.refuse(reply, by: "", digest: request.digest, replyTopic: request.topic, at: now())
            }
        } catch {
            logger.error("could not answer what an earlier run began", metadata: ["reason": "\(error)"])
        }
    }

    private struct Request {
        let `class`: Reply.Class
        let place: String
        let sender: RequestBudget.Sender
        /// Without regard to which keys there may be; nil for what is no JSON object.
        let loose: InboundFields?
        let replyTopic: String
        let digest: String

        /// The village that the topic names, 12 digits.
        var area: Substring { place.split(separator: "/").dropFirst(4).first ?? "" }
    }

    private func review(_ payload: [UInt8], _ request: Request) async throws {
        let review = try Review(InboundFields(payload, known: Review.keys))
        try AccessPolicy.check(review.by, at: request.area, among: policy.reviewers)
        let date = now()
        if let expires = review.expires, expires < date,
            try outbox.known(.review, review.id ?? request.digest, digest: request.digest) == .new
        {
            throw Rejection(.expired, "it expired before it came")
        }
        let outcome = try outbox.apply(
            review, digest: request.digest, place: request.place, replyTopic: request.replyTopic, topics: topics,
            at: date
        ) { outcome in
            var reply = Reply(.review, .done, site: site, at: date)
            reply.request = review.id
            reply.incident = review.incident.text
            reply.verdict = review.verdict.rawValue
            reply.state = outcome.incident.state.rawValue
            reply.revision = outcome.incident.revision
            if outcome.message == nil { reply.repeated = true }
            return reply
        }
        guard outcome.message != nil else { return }
        logger.notice(
            "incident reviewed",
            metadata: ["incident": "\(review.incident.text)", "verdict": "\(review.verdict.rawValue)"])
        if !outcome.incident.isOpen { await settled(outcome.incident) }
    }

    private func command(_ payload: [UInt8], _ request: Request) throws {
        let command = try Command(InboundFields(payload, known: Command.keys))
        try AccessPolicy.check(command.by, at: request.area, among: policy.commanders)
        switch try outbox.known(.command, command.id, digest: request.digest) {
        case .answered, .underWay: return
        case .other: throw Rejection(.idReused, "another command had the id \(command.id)")
        case .new: break
        }
        let date = now()
        guard command.expires >= date else { throw Rejection(.expired, "it expired before it came") }
        guard command.expires.timeIntervalSince(date) <= Command.longestExpiry else {
            throw Rejection(.malformed, "expires must be at most \(Int(Command.longestExpiry)) s ahead")
        }
        var reply = Reply(.command, .done, site: site, at: date)
        reply.request = command.id
        switch command.action {
        case .ping:
            reply.command = "ping"
            reply.software = site.software
            reply.epoch = outbox.epoch
            try outbox.finish(
                command, digest: request.digest, replyTopic: request.replyTopic, isBegun: false, at: date
            ) { db in
                reply.lastSequence = try Outbox.lastSequence(db)
                return reply
            }
        case .replay(let span, let epoch):
            guard epoch == nil || epoch == outbox.epoch else {
                throw Rejection(
                    .otherEpoch,
                    "the site's store is of epoch \(outbox.epoch), and holds nothing of an earlier one: take up its "
                        + "sequence from 1")
            }
            reply.command = "replay"
            reply.epoch = outbox.epoch
            try outbox.finish(
                command, digest: request.digest, replyTopic: request.replyTopic, isBegun: false, at: date
            ) { db in
                let replay = try Outbox.enqueueReplay(span, db)
                reply.messages = replay.messages
                reply.missing = replay.missing.prefix(100).map { [$0.lowerBound, $0.upperBound] }
                reply.lastSequence = try Outbox.lastSequence(db)
                return reply
            }
        case .snapshot(let camera):
            guard !isTakingPicture else { throw Rejection(.busy, "a picture is being taken: ask again") }
            try outbox.begin(command, digest: request.digest, replyTopic: request.replyTopic, at: date)
            isTakingPicture = true
            Task { await take(camera, command, request) }
        }
    }

    /// A picture may take seconds; other requests go on meanwhile.
    private func take(_ camera: String, _ command: Command, _ request: Request) async {
        let outcome = await snapshot(camera)
        isTakingPicture = false
        let date = now()
        var reply = Reply(.command, .done, site: site, at: date)
        reply.request = command.id
        reply.command = "snapshot"
        reply.camera = camera
        do {
            switch outcome {
            case .taken(let sha256, let file):
                (reply.sha256, reply.file) = (sha256, file)
                try outbox.finish(
                    command, digest: request.digest, replyTopic: request.replyTopic, isBegun: true, at: date
                ) { _ in reply }
            case .refused(let refusal):
                (reply.status, reply.reason) = (.refused, refusal.reason)
                reply.text = secrets.redact(refusal.text)
                try outbox.refuse(
                    reply, by: command.by ?? "", digest: request.digest, replyTopic: request.replyTopic, at: date)
            }
            answered()
        } catch {
            logger.error("a snapshot was not answered", metadata: ["camera": "\(camera)", "reason": "\(error)"])
        }
    }

    /// Tells when an answer has been written after its message was taken.
    func onAnswer(_ answered: @escaping @Sendable () -> Void) { self.answered = answered }

    /// Counts it, and answers it where the sender's share allows that.
    private func refuse(_ refusal: Rejection, _ request: Request, isAnswered: Bool) throws {
        let date = now()
        refused.withLock { $0[request.class.rawValue, default: [:]][refusal.reason.rawValue, default: 0] += 1 }
        if refusal.reason == .tooMany, isAnswered {
            logger.warning(
                "too many requests, no more are taken from this sender in this hour",
                metadata: [
                    "class": "\(request.class)", "place": "\(request.place)",
                    "by": "\(request.sender.name?.debugDescription ?? "names that found no room")",
                ])
        }
        guard isAnswered else { return }
        let loose = request.loose
        var reply = Reply(request.class, .refused, site: site, at: date)
        reply.request = (try? loose?.text("id")) ?? nil
        reply.incident = (try? loose?.text("incident")) ?? nil
        reply.reason = refusal.reason
        reply.text = secrets.redact(refusal.text)
        let by = (try? loose?.text("by")) ?? nil
        let isFinal = request.class == .command && [.expired, .unknownCommand].contains(refusal.reason)
        if isFinal, let id = reply.request,
            try outbox.known(.command, id, digest: request.digest) != .new
        {
            return
        }
        logger.notice("request refused", metadata: ["class": "\(request.class)", "reason": "\(refusal)"])
        try outbox.refuse(
            reply, by: by ?? "", digest: isFinal ? request.digest : nil, replyTopic: request.replyTopic, at: date)
    }
}
