import Analytics
import Contract
import Domain
import Evidence
import Foundation
import Inference
import Logging
import Pipeline
import Synchronization
import Threading
import Video

/// Gets pictures of main streams for incidents: each stream is opened for one key frame and closed again.
///
/// Alerts are on the disk by then and wait for none of it, and neither do the pictures of other incidents. One stream of
/// a camera is open at a time, for all who wish meanwhile, and a few on the whole box; whoever waits gives up after the
/// limit, whatever stream, detector or name server do.
actor DetailPictures {
    /// From the wish to the picture.
    static let limit = Duration.seconds(5)
    /// At once, over all cameras: each is a whole main stream on the box's network, some 4 to 16 Mb/s, and a decoder with
    /// two pictures of its size, 40 MiB at 12 megapixels. Within the limit about ten cameras have their turn.
    static let mostOpen = 4

    /// A camera's main stream.
    struct Main: Sendable {
        let stream: Camera.Settings
        let meter: CameraMeter
    }

    /// What to make of a wish: the views of an incident with those of the main stream, or why they stay as they are.
    typealias Answer = Result<[EvidenceView], DetailFault>
    typealias Reply = (ticket: EvidenceQueue.Ticket, answer: Answer)

    /// The picture that has come.
    private struct Taken: Sendable {
        let frame: Frame
        let small: GreyImage
        let vehicles: [Box]
    }

    private enum Event: Sendable {
        /// The small picture is nil where none can be made.
        case picture(Frame, GreyImage?)
        case failed(any Error)
    }

    private struct Key: Hashable {
        let camera: String
        let stream: Camera.Settings
    }

    private typealias Waiter = AsyncStream<Result<Taken, DetailFault>>.Continuation

    /// A main stream, while somebody wishes for its picture or it is not closed yet.
    private struct Line {
        /// Open, or being closed.
        var source: (any DetailSource)?
        /// Its picture is still to come.
        var isReading = false
        var hasPlace = false
        var waiting: [Int: Waiter] = [:]
    }

    private let thread = DedicatedThread(name: "detail")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private nonisolated let main: @Sendable (_ camera: String) -> Main?
    private let source: @Sendable (Camera.Settings) -> any DetailSource
    private let detector: ObjectDetector
    private let sleep: @Sendable (Duration) async -> Void
    private let logger: Logger
    /// How many wait for a picture.
    nonisolated let wishes = Atomic<Int>(0)
    private var lines: [Key: Line] = [:]
    /// Those that wait to be opened, in their order.
    private var queue: [Key] = []
    private var placesTaken = 0
    private var numbers = 0
    private var isStopped = false
    private var small = SmallPicture()

    /// - Parameters:
    ///   - main: a camera's main stream; nil where it has none.
    ///   - source: opens it, for one picture.
    ///   - sleep: waits for the limit, or until the task is cancelled.
    init(
        detector: ObjectDetector, logger: Logger, source: @escaping @Sendable (Camera.Settings) -> any DetailSource,
        sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) },
        main: @escaping @Sendable (_ camera: String) -> Main?
    ) {
        self.detector = detector
        self.logger = logger
        self.source = source
        self.sleep = sleep
        self.main = main
    }

    /// Whether the camera has a main stream.
    nonisolated func has(_ camera: String) -> Bool { main(camera) != nil }

    /// No stream is opened any more, and those that are open are closed: all wishes are answered at once. Waits for
    /// nothing.
    nonisolated func stop() { Task { await end() } }

    private func end() {
        isStopped = true
        for line in lines.values {
            line.source?.stop()
            for waiter in line.waiting.values { waiter.finish() }
        }
    }

    /// Gets the main stream's picture for the incidents of one look, one for all of them, and settles their places in
    /// the queue.
    func serve(_ jobs: [EvidenceQueue.Job], in pictures: EvidenceQueue) async {
        guard let first = jobs.first else { return }
        let camera = first.entry.camera.id
        guard let main = self.main(camera) else {
            // It was taken out of the configuration meanwhile.
            _ = pictures.settle(jobs.map { ($0.ticket, .failure(.unreachable)) })
            return
        }
        for fault in pictures.settle(await replies(to: jobs, camera, main)) { main.meter.detailed(fault) }
    }

    private func replies(to jobs: [EvidenceQueue.Job], _ camera: String, _ main: Main) async -> [Reply] {
        func all(_ fault: DetailFault) -> [Reply] { jobs.map { ($0.ticket, .failure(fault)) } }
        let taken: Taken
        switch await picture(of: Key(camera: camera, stream: main.stream)) {
        case .failure(let fault): return all(fault)
        case .success(let picture): taken = picture
        }
        let comparison: DetailComparison
        do { comparison = try await compare(taken, with: jobs) } catch {
            tell(.unusable, camera, error)
            return all(.unusable)
        }
        main.meter.detailed(remark: comparison.remark)
        if let fault = comparison.fault {
            tell(fault, camera)
            return all(fault)
        }
        return jobs.map { job in
            guard comparison.shows(job.entry.change.incident.object) else { return (job.ticket, .failure(.gone)) }
            return (job.ticket, .success(Self.views(of: job, taken)))
        }
    }

    private func compare(_ taken: Taken, with jobs: [EvidenceQueue.Job]) async throws -> DetailComparison {
        let sources = jobs.flatMap(\.views).filter(\.isOfLook).map(\.source)
        let look: Frame
        switch sources.first {
        case .compressed(let jpeg)?: look = try JPEG.decode(try await jpeg.value)
        case .key(let key)?: look = try key.frame()
        case .frame, nil: throw DetailFault.unusable
        }
        return DetailComparison(
            look: .init(small: try small.picture(of: look).luma, width: look.width, height: look.height),
            detail: .init(small: taken.small, width: taken.frame.width, height: taken.frame.height))
    }

    /// The incident's views, those of the look taken from the main stream's picture.
    private static func views(of job: EvidenceQueue.Job, _ taken: Taken) -> [EvidenceView] {
        // By the clock that dates the look.
        let clock = job.entry.clock
        let offset = clock.source == .rtcp ? Double(clock.offsetMilliseconds ?? 0) / 1000 : 0
        return job.views.map { view in
            guard view.isOfLook else { return view }
            // What moved is somewhere else by now; what stood may be missed.
            let missed = view.vehicles.filter { old in !taken.vehicles.contains { $0.iou(old) >= sameVehicle } }
            return EvidenceView(
                role: view.role, source: .frame(taken.frame), part: view.part,
                taken: taken.frame.date.addingTimeInterval(offset), vehicles: taken.vehicles + missed, isDetail: true)
        }
    }

    /// Overlap (IoU) from which two boxes are around one vehicle.
    private static let sameVehicle = 0.5

    // MARK: streams

    /// The next picture of a stream, if it comes within the limit.
    private func picture(of key: Key) async -> Result<Taken, DetailFault> {
        guard !isStopped else { return .failure(.stopping) }
        wishes.add(1, ordering: .relaxed)
        defer { wishes.subtract(1, ordering: .relaxed) }
        numbers += 1
        let number = numbers
        let (answers, waiter) = AsyncStream<Result<Taken, DetailFault>>.makeStream()
        lines[key, default: Line()].waiting[number] = waiter
        if lines[key]?.isReading == false, !queue.contains(key) { queue.append(key) }
        openNext()
        let alarm = Task { [sleep] in
            await sleep(Self.limit)
            waiter.finish()
        }
        defer { alarm.cancel() }
        for await answer in answers { return answer }
        return .failure(leave(key, number))
    }

    /// Nobody answered in time; a stream that nobody waits for any more is closed, and counts no longer: it may hang.
    private func leave(_ key: Key, _ number: Int) -> DetailFault {
        let isInLine = lines[key]?.waiting.removeValue(forKey: number) != nil
        let fault: DetailFault = isStopped ? .stopping : isInLine && lines[key]?.source == nil ? .crowded : .late
        if !isStopped { tell(fault, key.camera) }
        guard let line = lines[key], line.waiting.isEmpty else { return fault }
        queue.removeAll { $0 == key }
        if line.isReading {
            line.source?.stop()
            lines[key]?.isReading = false
            freePlace(of: key)
        } else if line.source == nil {
            lines[key] = nil
        }
        openNext()
        return fault
    }

    private func openNext() {
        while !isStopped, placesTaken < Self.mostOpen, let index = queue.firstIndex(where: { lines[$0]?.source == nil })
        {
            begin(queue.remove(at: index))
        }
    }

    private func begin(_ key: Key) {
        guard var line = lines[key], !line.waiting.isEmpty else { return }
        let source = self.source(key.stream)
        (line.source, line.isReading, line.hasPlace) = (source, true, true)
        lines[key] = line
        placesTaken += 1
        let (events, event) = AsyncStream<Event>.makeStream()
        startThread(named: "detail-\(key.camera)") {
            do {
                try source.read { frame in
                    var small = SmallPicture()
                    event.yield(.picture(frame, try? small.picture(of: frame).luma))
                }
            } catch { event.yield(.failed(error)) }
            event.finish()
        }
        Task {
            for await event in events { await take(event, key) }
            closed(key)
        }
    }

    private func take(_ event: Event, _ key: Key) async {
        // Who wishes from now on wants a later picture.
        let waiting = self.waiting(for: key)
        guard !waiting.isEmpty else { return }
        let answer: Result<Taken, DetailFault>
        switch event {
        case .picture(let frame, let small?):
            do {
                let found = try await detector.detections(in: frame).detections.filter(\.objectClass.isPlated)
                answer = .success(Taken(frame: frame, small: small, vehicles: found.map(\.box)))
            } catch {
                tell(.unusable, key.camera, error)
                answer = .failure(.unusable)
            }
        case .picture(_, nil): answer = .failure(.unusable)
        case .failed(let error):
            tell(.unreachable, key.camera, error)
            answer = .failure(.unreachable)
        }
        for waiter in waiting {
            waiter.yield(answer)
            waiter.finish()
        }
    }

    /// Those that wait for the picture that is being read, which is read no longer; none where all have left.
    private func waiting(for key: Key) -> [Waiter] {
        guard let line = lines[key], line.isReading else { return [] }
        lines[key]?.isReading = false
        lines[key]?.waiting = [:]
        return Array(line.waiting.values)
    }

    private func closed(_ key: Key) {
        for waiter in waiting(for: key) {
            waiter.yield(.failure(.unreachable))
            waiter.finish()
        }
        freePlace(of: key)
        lines[key]?.source = nil
        if lines[key]?.waiting.isEmpty == true { lines[key] = nil }
        openNext()
    }

    private func freePlace(of key: Key) {
        guard lines[key]?.hasPlace == true else { return }
        lines[key]?.hasPlace = false
        placesTaken -= 1
    }

    private func tell(_ fault: DetailFault, _ camera: String, _ error: (any Error)? = nil) {
        var facts: Logger.Metadata = ["camera": "\(camera)"]
        if let error { facts["reason"] = "\(error)" }
        logger.warning("\(fault)", metadata: facts)
    }
}
