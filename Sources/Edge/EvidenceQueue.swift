import Domain
import Evidence
import Foundation
import Pipeline
import Synchronization
import Video

/// The pictures that are still to be made, of all cameras: unmasked views, in memory only, bounded in bytes.
///
/// A look asks for room before it is written, and its pictures begin once it is: evidence never stands before an alert.
final class EvidenceQueue: Sendable {
    /// A place in the queue.
    struct Ticket: Hashable, Sendable {
        fileprivate let number: Int
    }

    enum Admission: Sendable {
        /// There is nothing to be made of it.
        case nothing
        case admitted(Ticket)
        case withheld(EvidenceWithheld)

        var ticket: Ticket? { if case .admitted(let ticket) = self { ticket } else { nil } }
    }

    /// What is to be made.
    struct Job: Sendable {
        let ticket: Ticket
        let entry: IncidentWriter.Entry
        fileprivate(set) var views: [EvidenceView]
        /// By which that message was made.
        let edition: IncidentWriter.Edition
        /// Of the message that tells of it, which is on the disk.
        let sequence: Int64
        /// Why its views are not of the main stream, where that was wished for.
        fileprivate(set) var fault: DetailFault?
    }

    private typealias JPEGTask = Task<[UInt8], any Error>

    /// What is kept until pictures are made of it.
    private enum Picture: Hashable {
        case jpeg(JPEGTask)
        case key(ObjectIdentifier)
    }

    private struct Item {
        let ticket: Ticket
        var views: [EvidenceView]
        /// The incident opens with it.
        let isNew: Bool
        var job: Job?
        /// For a picture of the main stream.
        var isWaiting = false
        var isRunning = false
    }

    private struct Contents {
        var items: [Item] = []
        var numbers = 0
        /// Of each picture that an item needs, and how many do.
        var pictures: [Picture: (bytes: Int, users: Int)] = [:]
        var bytes = 0
        /// Why nothing more is taken.
        var closed: EvidenceWithheld?

        func has(_ origin: Origin) -> Bool { origin.picture([:]).map { pictures[$0] != nil } ?? false }
    }

    /// What is begun while views are taken.
    private struct Making {
        var frames: [ObjectIdentifier: JPEGTask] = [:]
        var unmeasured: [JPEGTask] = []
    }

    /// What a view is made of.
    private enum Origin: Hashable {
        case frame(ObjectIdentifier)
        case picture(Picture)

        /// - Parameter frames: those that are being compressed already.
        init(_ view: EvidenceView, _ frames: [ObjectIdentifier: JPEGTask]) {
            switch view.source {
            case .compressed(let jpeg): self = .picture(.jpeg(jpeg))
            case .key(let key): self = .picture(.key(ObjectIdentifier(key)))
            case .frame(let frame):
                let id = ObjectIdentifier(frame)
                self = frames[id].map { .picture(.jpeg($0)) } ?? .frame(id)
            }
        }

        func picture(_ frames: [ObjectIdentifier: JPEGTask]) -> Picture? {
            switch self {
            case .picture(let picture): picture
            case .frame(let id): frames[id].map(Picture.jpeg)
            }
        }
    }

    /// As JPEGs or key frames, of some 0.5 MB each at most: the pictures of about a hundred incidents.
    static let mostBytes = 96 << 20

    private let limit: Int
    private let compress: (@Sendable (Frame) async throws -> [UInt8])?
    private let contents = Mutex(Contents())

    /// - Parameters:
    ///   - limit: bytes of all views.
    ///   - compress: makes a JPEG of a frame; nil where no evidence is kept.
    init(limit: Int = mostBytes, compress: (@Sendable (Frame) async throws -> [UInt8])?) {
        self.limit = limit
        self.compress = compress
    }

    /// Packs that wait or are being made.
    var count: Int { contents.withLock { $0.items.count } }
    /// Those of them that wait for no main stream.
    var competing: Int { contents.withLock { $0.items.count { !$0.isWaiting } } }
    var bytes: Int { contents.withLock { $0.bytes } }

    /// Takes the views of one look's changes as far as there is room. Waits for nothing.
    func admit(_ changes: [CameraPipeline.Change]) -> [Admission] {
        guard let compress else { return changes.map { _ in .nothing } }
        var making = Making()
        let admissions = contents.withLock { contents in
            changes.map { change -> Admission in
                guard !change.views.isEmpty else { return .nothing }
                if let closed = contents.closed { return .withheld(closed) }
                guard let views = hold(change.views, compress, &making, &contents) else {
                    return .withheld(EvidenceWithheld(reason: "too many pictures waited to be made"))
                }
                contents.numbers += 1
                let ticket = Ticket(number: contents.numbers)
                contents.items.append(
                    Item(ticket: ticket, views: views, isNew: change.incident.state == .opened))
                return .admitted(ticket)
            }
        }
        for jpeg in making.unmeasured { measure(jpeg) }
        return admissions
    }

    /// Takes views, with a JPEG in place of each frame; nil where there is no room for them.
    private func hold(
        _ views: [EvidenceView], _ compress: @escaping @Sendable (Frame) async throws -> [UInt8],
        _ making: inout Making, _ contents: inout Contents
    ) -> [EvidenceView]? {
        // Each once, however many views show it.
        let held = Dictionary(views.map { (Origin($0, making.frames), $0.bytes) }) { first, _ in first }
        let more = held.reduce(0) { contents.has($1.key) ? $0 : $0 + $1.value }
        // Nothing is compressed that there is no room for.
        guard contents.bytes + more <= limit else { return nil }
        contents.bytes += more
        var taken: [EvidenceView] = []
        for view in views {
            guard case .frame(let frame) = view.source else {
                taken.append(view)
                continue
            }
            let jpeg = making.frames[ObjectIdentifier(frame)] ?? Task { try await compress(frame) }
            making.frames[ObjectIdentifier(frame)] = jpeg
            taken.append(
                EvidenceView(
                    role: view.role, source: .compressed(jpeg), part: view.part, taken: view.taken,
                    vehicles: view.vehicles, bytes: view.bytes, isDetail: view.isDetail))
        }
        for (origin, bytes) in held {
            guard let picture = origin.picture(making.frames) else { continue }
            if let known = contents.pictures[picture] {
                contents.pictures[picture] = (known.bytes, known.users + 1)
            } else {
                contents.pictures[picture] = (bytes, 1)
                if case .jpeg(let jpeg) = picture { making.unmeasured.append(jpeg) }
            }
        }
        return taken
    }

    /// What was taken for granted until the JPEG is there.
    private func measure(_ jpeg: JPEGTask) {
        Task { [weak self] in
            let count = (try? await jpeg.value.count) ?? 0
            self?.contents.withLock { contents in
                let picture = Picture.jpeg(jpeg)
                guard let known = contents.pictures[picture], known.bytes != count else { return }
                contents.bytes += count - known.bytes
                contents.pictures[picture] = (count, known.users)
            }
        }
    }

    /// The look is on the disk: its pictures may be made.
    ///
    /// - Parameter hasDetail: they wait for `settle` where they show the look.
    /// - Returns: what waits so.
    @discardableResult
    func begin(
        _ ticket: Ticket, _ entry: IncidentWriter.Entry, _ edition: IncidentWriter.Edition, sequence: Int64,
        hasDetail: Bool = false
    ) -> Job? {
        contents.withLock { contents in
            guard let index = contents.items.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            let job = Job(
                ticket: ticket, entry: entry, views: contents.items[index].views, edition: edition,
                sequence: sequence)
            contents.items[index].job = job
            contents.items[index].isWaiting = hasDetail && job.views.contains(where: \.isOfLook)
            return contents.items[index].isWaiting ? job : nil
        }
    }

    /// What became of the wishes for a picture of the main stream, of one look: their pictures may be made.
    ///
    /// - Returns: for each why its views stay as they are, nil where they do not.
    func settle(_ replies: [DetailPictures.Reply]) -> [DetailFault?] {
        guard let compress else { return replies.map { _ in .unusable } }
        var making = Making()
        let faults = contents.withLock { contents in
            replies.map { reply -> DetailFault? in
                guard let index = contents.items.firstIndex(where: { $0.ticket == reply.ticket }) else {
                    return .stopping
                }
                contents.items[index].isWaiting = false
                switch reply.answer {
                case .failure(let fault): contents.items[index].job?.fault = fault
                case .success(let views):
                    let old = Self.pictures(of: contents.items[index].views)
                    if let new = hold(views, compress, &making, &contents) {
                        Self.release(old, &contents)
                        contents.items[index].views = new
                        contents.items[index].job?.views = new
                    } else {
                        contents.items[index].job?.fault = .noRoom
                    }
                }
                return contents.items[index].job?.fault
            }
        }
        for jpeg in making.unmeasured { measure(jpeg) }
        return faults
    }

    /// The next one: alerts that are new before those that are known, in their order.
    func next() -> Job? {
        contents.withLock { contents in
            let ready = contents.items.indices.filter {
                contents.items[$0].job != nil && !contents.items[$0].isRunning && !contents.items[$0].isWaiting
            }
            guard let index = ready.first(where: { contents.items[$0].isNew }) ?? ready.first else { return nil }
            contents.items[index].isRunning = true
            return contents.items[index].job
        }
    }

    /// Removes the entry and its views.
    func finish(_ ticket: Ticket) {
        contents.withLock { contents in
            guard let index = contents.items.firstIndex(where: { $0.ticket == ticket }) else { return }
            Self.remove(index, &contents)
        }
    }

    /// Takes nothing more, and lets all views go; returns the sequences of the messages whose pictures were not made.
    func close(_ reason: EvidenceWithheld) -> [Int64] {
        contents.withLock { contents in
            contents.closed = reason
            let sequences = contents.items.compactMap(\.job?.sequence)
            while !contents.items.isEmpty { Self.remove(0, &contents) }
            return sequences
        }
    }

    private static func remove(_ index: Int, _ contents: inout Contents) {
        release(pictures(of: contents.items.remove(at: index).views), &contents)
    }

    private static func pictures(of views: [EvidenceView]) -> Set<Picture> {
        var pictures = Set<Picture>()
        for view in views {
            if case .picture(let picture) = Origin(view, [:]) { pictures.insert(picture) }
        }
        return pictures
    }

    private static func release(_ pictures: Set<Picture>, _ contents: inout Contents) {
        for picture in pictures {
            guard let known = contents.pictures[picture] else { continue }
            if known.users > 1 {
                contents.pictures[picture] = (known.bytes, known.users - 1)
            } else {
                contents.pictures[picture] = nil
                contents.bytes -= known.bytes
            }
        }
    }
}
