import Analytics
public import Contract
public import Domain
import Evidence
public import Foundation
import Logging
public import Pipeline
public import Store
import Synchronization
import Threading
import Video

/// Commits looks, each in one transaction, and makes sure that their pictures follow.
///
/// The looking tasks do not wait for it: `post` enqueues a look and returns. Writing waits for the disk, so it has a
/// thread of its own. A look that cannot be written is kept in memory in order and tried again: a full disk delays
/// alerts, it does not lose them while the process lives. Pictures are made after the message is on the disk. It is
/// sent with them where they are ready within a short time and nothing else waits; otherwise it is sent at once, and
/// they follow as `updated`.
public actor IncidentWriter {
    /// A change and its identity.
    public struct Entry: Sendable {
        public internal(set) var change: CameraPipeline.Change
        public let camera: CameraIdentity
        public let zone: ZoneIdentity
        public let clock: ClockReport
        /// The date of a moment on the camera's timeline.
        public let date: @Sendable (MediaTime) -> Date
    }

    /// All changes of a look at a camera.
    public struct Look: Sendable {
        public var camera: String
        public var entries: [Entry]
        /// Suppressed incidents whose objects have gone: the next objects there are new.
        public var unsuppressed: [UUID]
        public var checkpoint: LookCommit.Checkpoint?

        public init(
            camera: String, entries: [Entry] = [], unsuppressed: [UUID] = [], checkpoint: LookCommit.Checkpoint? = nil
        ) {
            self.camera = camera
            self.entries = entries
            self.unsuppressed = unsuppressed
            self.checkpoint = checkpoint
        }

        var isEmpty: Bool { entries.isEmpty && unsuppressed.isEmpty && checkpoint == nil }
    }

    /// By what messages are made: the site with its configuration, and the kinds with their departments and names.
    struct Edition: Sendable {
        var site: SiteIdentity
        var catalogue: Catalogue
    }

    /// How long an alert waits for its pictures.
    public static let evidenceDeadline = Duration.seconds(5)
    /// It waits only where no more than this number of packs are pending: a burst is sent at once.
    private static let mostHeld = 2

    private let thread = DedicatedThread(name: "incidents")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let outbox: Outbox
    private let archive: EvidenceArchive?
    private let packs: EvidencePacks
    private nonisolated let edition: Adjustable<Edition>
    private let topics: AlertTopics
    private let logger: Logger
    private let deadline: Duration
    private let details: DetailPictures?
    private let pictured: @Sendable (Incident) -> Void
    private let wake: @Sendable () -> Void
    /// How often the pictures of an incident were withheld.
    nonisolated let withheld = Atomic<Int>(0)
    nonisolated let pictures: EvidenceQueue
    private nonisolated let waiting: LookBacklog
    private nonisolated let orphans: OrphanedIncidents
    private var flushing: Task<Void, Never>?
    private var picturing: Task<Void, Never>?
    /// The newest wish for a picture of a main stream, which ends after all earlier ones.
    private var wishing: Task<Void, Never>?
    /// Finished pictures that could not be written yet.
    private var unwritten: (job: EvidenceQueue.Job, pack: EvidencePacks.Pack)?
    private var isStopping = false
    /// The messages whose pictures an earlier run left unfinished.
    private var left: [Int64] = []

    /// - Parameters:
    ///   - archive: nil where no evidence is kept.
    ///   - deadline: how long an alert waits for its pictures.
    ///   - mostBytes: of views that wait for their pictures to be made.
    ///   - details: gets pictures of main streams; nil where no camera has one.
    ///   - pictured: called on the writer's thread when pictures have followed for an ended incident.
    ///   - wake: called after each message that was written, or that may now be sent.
    init(
        outbox: Outbox, archive: EvidenceArchive?, site: SiteIdentity, topics: AlertTopics, catalogue: Catalogue,
        logger: Logger, deadline: Duration = evidenceDeadline, mostBytes: Int? = nil, details: DetailPictures? = nil,
        pictured: @escaping @Sendable (Incident) -> Void = { _ in }, wake: @escaping @Sendable () -> Void
    ) {
        self.outbox = outbox
        self.archive = archive
        let edition = Adjustable(Edition(site: site, catalogue: catalogue))
        self.edition = edition
        packs = EvidencePacks(outbox: outbox, archive: archive, topics: topics, edition: edition, logger: logger)
        self.topics = topics
        self.logger = logger
        waiting = LookBacklog(logger: logger)
        orphans = OrphanedIncidents(outbox: outbox, topics: topics, logger: logger)
        self.deadline = deadline
        self.details = details
        self.pictured = pictured
        self.wake = wake
        do { left = try outbox.evidenceDue() } catch {
            logger.error("could not read which pictures are due", metadata: ["error": "\(error)"])
        }
        var compress: (@Sendable (Frame) async throws -> [UInt8])?
        if let maker = archive?.maker { compress = { try await maker.compress($0) } }
        pictures = EvidenceQueue(limit: mostBytes ?? EvidenceQueue.mostBytes, compress: compress)
    }

    /// Number of changes that are not written yet.
    public nonisolated var backlog: Int { waiting.changes }
    nonisolated var waitingLooks: Int { waiting.looks }
    /// Nil while the disk accepts writes.
    nonisolated var failure: LookBacklog.WriteFailure? { waiting.failure }

    /// The newest unwritten state of each incident of a camera.
    func unwritten(camera: String) -> [Incident] { waiting.incidents(camera: camera) }

    nonisolated var catalogue: Catalogue { edition.value.catalogue }

    /// What is posted from now on carries this configuration's hash, and the departments, codes and names of this
    /// catalogue.
    nonisolated func adopt(configurationSHA256: String, catalogue: Catalogue) {
        var site = edition.value.site
        site.configurationSHA256 = configurationSHA256
        edition.value = Edition(site: site, catalogue: catalogue)
    }

    /// Returns once the thread has processed it: never during a call to the disk that does not return.
    func answer() { answers &+= 1 }
    /// Changed so that answering needs the writer's thread: optimised, a call that does nothing does not wait for it.
    private var answers = 0

    /// Enqueues a look to be written in order. Does not wait.
    public nonisolated func post(_ look: Look) {
        guard !look.isEmpty else { return }
        var look = look
        let admissions = pictures.admit(look.entries.map(\.change))
        for index in look.entries.indices {
            look.entries[index].change = .init(incident: look.entries[index].change.incident, views: [])
        }
        waiting.append(.init(look: look, admissions: admissions, edition: edition.value))
        Task { await flush() }
    }

    /// A camera is no longer watched: if it is added again, it starts without its state.
    func forget(camera: String) { orphans.forget(camera: camera) }

    /// Closes incidents that none of these cameras watches any more. Waits for the disk.
    nonisolated func closeOrphans(by cameras: [CameraService.Settings]) {
        orphans.close(by: cameras, naming: edition.value.site.configurationSHA256)
        wake()
    }

    /// The same on the writer's own thread, while cameras run.
    func goOver(to cameras: [CameraService.Settings]) { closeOrphans(by: cameras) }

    /// Starts writing the queue, in order, as far as the disk accepts it.
    public func flush() {
        if flushing == nil {
            flushing = Task {
                waiting.drain(write)
                flushing = nil
            }
        }
        makePictures()
    }

    /// Returns once all posted looks have been written, or cannot be written now. Does not wait for pictures.
    public func settle() async {
        flush()
        await flushing?.value
    }

    /// Returns once the pictures of all posted looks have been written too, or cannot be written now.
    public func settlePictures() async {
        await settle()
        await wishing?.value
        makePictures()
        await picturing?.value
    }

    /// Pictures left by an earlier run will never be made: their views were in its memory.
    func resume() {
        withhold("evidence withheld: the service ended before its pictures were made", of: left)
        left = []
    }

    /// Writes the queue before the process ends, and makes pictures for this time; the others are withheld.
    public func stop(within duration: Duration) async {
        isStopping = true
        details?.stop()
        outbox.releaseHeld()
        wake()
        let end = ContinuousClock.now + duration
        await settle()
        while pictures.count > 0, .now < end { try? await Task.sleep(for: .milliseconds(20)) }
        let reason = EvidenceWithheld(reason: "the service was stopping")
        let missing = pictures.close(reason)
        withheld.add(missing.count, ordering: .relaxed)
        await settle()
        withhold("\(reason)", of: missing)
    }

    private func withhold(_ reason: String, of sequences: [Int64]) {
        guard !sequences.isEmpty else { return }
        do {
            let count = try outbox.withhold(evidenceOf: sequences, because: reason)
            guard count > 0 else { return }
            logger.error("pictures were not made", metadata: ["incidents": "\(count)", "reason": "\(reason)"])
            wake()
        } catch {
            logger.error("could not write that pictures are withheld", metadata: ["error": "\(error)"])
        }
    }

    private func write(_ waiting: LookBacklog.PendingLook) throws(OutboxError) {
        let look = waiting.look
        let due = waiting.admissions.count { $0.ticket != nil }
        // A held message would delay this one.
        if !look.entries.isEmpty { outbox.releaseHeld() }
        let ledger = archive?.ledger.head.hash
        var commit = LookCommit(
            camera: look.camera,
            changes: zip(look.entries, waiting.admissions).compactMap {
                change($0, $1, waiting.edition, ledger: ledger)
            },
            unsuppressed: look.unsuppressed, checkpoint: look.checkpoint,
            isHeld: !isStopping && due > 0 && due <= Self.mostHeld && pictures.competing == due)
        let outcomes: [LookCommit.Outcome]
        do { outcomes = try outbox.commit(commit) } catch let error where error.isFinal && commit.checkpoint != nil {
            logger.error("a checkpoint cannot be written and is given up", metadata: ["error": "\(error)"])
            commit.checkpoint = nil
            outcomes = try outbox.commit(commit)
        }
        let known = zip(look.entries, waiting.admissions).filter {
            waiting.edition.catalogue[$0.0.change.incident.kind] != nil
        }
        wish(
            zip(known, outcomes).compactMap { known, outcome in
                settle(known.0, known.1, waiting.edition, outcome)
            })
        guard !outcomes.isEmpty else { return }
        if commit.isHeld { releaseLater(outcomes) }
        makePictures()
        wake()
    }

    /// The pictures of these incidents of one look wait for one of the main stream, the alerts do not.
    private func wish(_ jobs: [EvidenceQueue.Job]) {
        guard let details, !jobs.isEmpty else { return }
        wishing = Task { [wishing] in
            await details.serve(jobs, in: pictures)
            makePictures()
            await wishing?.value
        }
    }

    /// Returns what waits for a picture of the main stream.
    private func settle(
        _ entry: Entry, _ admission: EvidenceQueue.Admission, _ edition: Edition, _ outcome: LookCommit.Outcome
    ) -> EvidenceQueue.Job? {
        switch outcome {
        case .written(let incident, let message):
            if case .withheld(let reason) = admission {
                withheld.add(1, ordering: .relaxed)
                logger.error("\(reason)", metadata: ["incident": "\(incident.id)"])
            }
            logger.notice(
                "incident changed",
                metadata: [
                    "state": "\(incident.state.rawValue)", "incident": "\(incident.id)", "kind": "\(incident.kind)",
                    "camera": "\(entry.camera.id)", "zone": "\(entry.zone.id)", "sequence": "\(message.sequence)",
                ])
            guard let ticket = admission.ticket else { break }
            let hasDetail = archive?.maker.fault == nil && details?.has(entry.camera.id) == true
            return pictures.begin(ticket, entry, edition, sequence: message.sequence, hasDetail: hasDetail)
        case .endedByReview:
            // A review has ended it meanwhile.
            if let ticket = admission.ticket { pictures.finish(ticket) }
        case .givenUp(let error):
            logger.critical(
                "an incident cannot be recorded and is given up",
                metadata: ["error": "\(error)", "incident": "\(entry.change.incident.id)"])
            if let ticket = admission.ticket { pictures.finish(ticket) }
        }
        return nil
    }

    /// Nil for a kind that the catalogue does not know.
    private func change(
        _ entry: Entry, _ admission: EvidenceQueue.Admission, _ edition: Edition, ledger: String?
    ) -> LookCommit.Change? {
        var incident = entry.change.incident
        guard let envelope = edition.envelope(entry, ledger: ledger, epoch: outbox.epoch) else {
            logger.error("the catalogue does not know this kind", metadata: ["kind": "\(incident.kind)"])
            if let ticket = admission.ticket { pictures.finish(ticket) }
            return nil
        }
        if case .withheld(let reason) = admission {
            incident.why.append(.init(at: incident.lastSeen, what: "\(reason)"))
        }
        return LookCommit.Change(incident: incident, isEvidenceDue: admission.ticket != nil) { [topics] in
            var envelope = envelope
            envelope.incident = $0
            return try envelope.message(sequence: $1, topics: topics)
        }
    }

    /// By a timer of its own: a disk that hangs must not delay alerts that it has already accepted.
    private func releaseLater(_ outcomes: [LookCommit.Outcome]) {
        let sequences = outcomes.compactMap { outcome in
            if case .written(_, let message) = outcome { message.sequence } else { nil }
        }
        Task { [outbox, wake, deadline] in
            try? await Task.sleep(for: deadline)
            for sequence in sequences { outbox.release(held: sequence) }
            wake()
        }
    }

    private func makePictures() {
        guard picturing == nil, unwritten != nil || pictures.count > 0 else { return }
        picturing = Task {
            await workOff()
            picturing = nil
        }
    }

    /// One pack after the other, as far as the disk accepts them.
    private func workOff() async {
        while true {
            if let (job, pack) = unwritten {
                let told: Incident?
                do { told = try packs.write(pack, of: job) } catch {
                    logger.error(
                        "could not write pictures, they are kept and tried again", metadata: ["error": "\(error)"])
                    return
                }
                // Only now: a pack that cannot be written is tried again.
                if case .failure(let fault) = pack {
                    withheld.add(1, ordering: .relaxed)
                    logger.error("\(fault)", metadata: ["incident": "\(job.entry.change.incident.id)"])
                }
                unwritten = nil
                pictures.finish(job.ticket)
                if let told {
                    if !told.isOpen { pictured(told) }
                    wake()
                }
            }
            guard let job = pictures.next() else { return }
            unwritten = (job, await packs.make(job))
        }
    }
}
