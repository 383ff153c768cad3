import Contract
import Domain
import Foundation
import Logging
import MQTT
import Store

/// What the site listens to: the filters of requests, and for a while those of open incidents that the broker still retains from
/// before. Only the publisher's actor uses it.
final class ListeningLane {
    /// How long retained incidents are looked for.
    private static let reconciliation = Duration.seconds(10)

    private let outbox: Outbox
    private let line: BrokerLine
    private let site: SiteIdentity
    private let inbox: Inbox?
    private let journal: BrokerJournal
    private let board: BrokerBoard
    private let wakeLater: (Duration) -> Void
    private let logger: Logger
    private var places: [GridLocation]
    private var unheard: UnheardFilters
    /// Filters that this connection's broker has not been asked for, and refused ones that are to be asked for again.
    private var unasked: Set<String> = []
    /// By filter: what had been dropped when the retained incidents were last looked through.
    private var reconciled: [String: [ClosedRange<Int64>]] = [:]
    /// Nothing more is asked for: the farewell has no time to lose.
    var isStopping = false
    /// By filter: when the look ends.
    private var reconciling: [String: ContinuousClock.Instant] = [:]

    /// - Parameters:
    ///   - shortestWait: seconds before a refused filter is asked for again.
    ///   - wakeLater: has `advance` called after that time.
    init(
        outbox: Outbox, line: BrokerLine, site: SiteIdentity, places: [GridLocation], inbox: Inbox?,
        journal: BrokerJournal,
        board: BrokerBoard, shortestWait: Double, logger: Logger, wakeLater: @escaping (Duration) -> Void
    ) {
        self.outbox = outbox
        self.line = line
        self.site = site
        self.places = places
        self.inbox = inbox
        self.journal = journal
        self.board = board
        self.logger = logger
        self.wakeLater = wakeLater
        unheard = UnheardFilters(shortestWait: shortestWait)
    }

    /// A new connection, whose broker is asked for everything.
    func begin() async throws(MQTTError) {
        unheard.reset()
        // It keeps subscriptions with the session: those that had not ended are made, and ended, once more.
        for filter in reconciling.keys { reconciled[filter] = nil }
        reconciling = [:]
        try await listenAnew()
    }

    /// Another broker is spoken with from now on, which may retain something else.
    func goOver() {
        (reconciled, reconciling) = ([:], [:])
        isStopping = false
    }

    /// From now on the cameras are at these places.
    func adopt(_ places: [GridLocation]) {
        self.places = places
        _ = inbox?.listen(at: places)
    }

    /// Asks this connection's broker for what other cameras come by.
    func listenToOthers() async throws(MQTTError) {
        unheard.keep((inbox?.filters ?? []) + openFilters)
        try await listenAnew()
    }

    /// Asks for all that requests come by, up to the first filter that the broker refuses: alerts do not wait for many of
    /// these, which some brokers think over for seconds each.
    private func listenAnew() async throws(MQTTError) {
        let filters = inbox?.filters ?? []
        unasked = Set(filters)
        board.unheard = unheard.names
        for filter in filters where !isStopping { guard try await listen(to: filter) else { break } }
    }

    /// Asks for one filter that is due, so that alerts may go out before the next one; false where none is.
    @discardableResult
    func advance() async throws -> Bool {
        guard !isStopping else { return false }
        endReconciliations()
        unasked.formUnion(unheard.takeDue(at: .now))
        if let filter = inbox?.filters.first(where: unasked.contains) {
            try await listen(to: filter)
            return true
        }
        return try await reconcileNext()
    }

    /// Returns whether the broker has taken the filter; one that it refuses is asked for again with growing waits.
    @discardableResult
    private func listen(to filter: String, retainAsPublished: Bool = true) async throws(MQTTError) -> Bool {
        unasked.remove(filter)
        var isTaken = false
        do throws(MQTTError) {
            try await line.subscribe(filter, retainAsPublished: retainAsPublished)
            unheard.taken(filter)
            isTaken = true
        } catch {
            // The next connection is asked for all.
            guard error.kind != .disconnected else { throw error }
            unheard.refused(filter)
            // One line, whatever the number of filters and of tries.
            journal.say(
                .unheard, .error,
                "could not listen: requests are not heard until the broker takes their filter, it is asked again",
                ["reason": "\(error)"], cause: "")
        }
        let names = unheard.names
        board.unheard = names
        if names.isEmpty, unasked.isEmpty, line.isConnected, journal.withdraw(.unheard) {
            logger.notice("the broker takes all filters now")
        }
        if let seconds = unheard.wait(at: .now) { wakeLater(.seconds(seconds)) }
        return isTaken
    }

    /// Of incidents that are retained.
    private var openFilters: [String] { Set(places + [site.place]).map(line.topics.openFilter).sorted() }

    /// Asks for the open incidents that the broker still has from before, at the start and after every drop: their end
    /// may be among what was dropped. One filter at a time; false where none is left.
    private func reconcileNext() async throws -> Bool {
        let dropped = try outbox.dropped()
        let next = openFilters.first { filter in
            reconciled[filter] != dropped && reconciling[filter] == nil
                && (!unheard.contains(filter) || unasked.contains(filter))
        }
        guard let filter = next else { return false }
        // A connection that broke meanwhile is no answer: the next one is asked again.
        guard try await listen(to: filter, retainAsPublished: false), line.isConnected else { return true }
        reconciled[filter] = dropped
        reconciling[filter] = .now + Self.reconciliation
        wakeLater(Self.reconciliation)
        return true
    }

    private func endReconciliations() {
        for (filter, end) in reconciling where end <= .now {
            reconciling[filter] = nil
            // Alerts do not wait for the answer.
            Task { [client = line.client] in try? await client.unsubscribe(filter) }
        }
    }

    /// Empties a retained incident of this site that is not open: the database was lost, or is an older one. And one
    /// that is open and lies elsewhere by now: topics have another form.
    func reconcile(_ message: MQTTMessage) async {
        guard message.retain, let event = try? AlertEvent(json: Data(message.payload)), event.source == site.source,
            let incident = UUID(uuidString: event.subject), isOver(incident, at: message.topic)
        else { return }
        logger.notice("a retained incident is not open, it is emptied", metadata: ["incident": "\(event.subject)"])
        let isEmptied = await line.attempt {
            try await line.publish(
                retained: MQTTMessage(topic: message.topic, payload: [], retain: true), isOnWire: true)
        }
        if !isEmptied { reconciled = [:] }
    }

    private func isOver(_ incident: UUID, at topic: String) -> Bool {
        // What cannot be read now is left as it is.
        guard let isOpen = try? outbox.isOpen(incident) else { return false }
        guard isOpen, let home = try? outbox.openTopic(of: incident) else { return !isOpen }
        return line.topics.onWire(home) != topic
    }
}
