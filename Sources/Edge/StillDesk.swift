import Analytics
import Console
import Contract
import Domain
import Evidence
import Foundation
import Inference
import Pipeline
import Synchronization
import Threading
import Video

/// Small masked pictures of the cameras for the console, made when somebody asks: of the next look, which was taken anyway,
/// and at most one a camera and minute. In between everybody gets the same one, with its age. They are in memory only.
actor StillDesk {
    typealias Answer = CameraParts.StillAnswer

    /// Pixels that are shown, and those in which faces and plates are searched: what can be read where it is shown is half as
    /// large again there. One tile of the network for faces holds a picture of that width.
    private static let (width, searchedWidth) = (480, 720)
    private static let mostBytes = 40 << 10
    /// Seconds between two of one camera, whatever became of the first.
    private static let rest = 60.0
    /// How long who asks waits for the next look; the picture is made all the same, for who asks again.
    private static let usualPatience = Duration.seconds(10)
    /// Seconds after which a look that was to come does not come any more, beyond the longest rest between two.
    private static let lateness = 10.0
    /// Pictures that wait to be masked, each of some 0.5 MB.
    private static let mostWaiting = 16

    private struct Made {
        let answer: Answer
        /// When it was taken, by the monotonic clock, in seconds.
        let at: Double
    }

    private let maker: EvidenceMaker?
    private let detector: ObjectDetector
    private let registry: CameraRegistry
    private let uptime: @Sendable () -> Double
    private let patience: Duration
    /// Of each camera the last attempt, and the last picture, however old.
    private var last: [String: Made] = [:]
    private var pictures: [String: Made] = [:]
    private var making: [String: Task<Answer, Never>] = [:]
    private var waiting = 0

    /// - Parameters:
    ///   - maker: nil where no evidence is kept.
    ///   - patience: how long who asks waits for the next look.
    init(
        maker: EvidenceMaker?, detector: ObjectDetector, registry: CameraRegistry, patience: Duration = usualPatience,
        uptime: @escaping @Sendable () -> Double = Clocks.system.uptime
    ) {
        (self.maker, self.detector, self.registry) = (maker, detector, registry)
        (self.patience, self.uptime) = (patience, uptime)
    }

    /// The newest picture of a camera of this site, or why there is none.
    func still(of camera: String) async -> Answer {
        forgetStrangers()
        guard let maker else { return .noMasks }
        guard maker.fault == nil else { return .cannotMask }
        if let made = last[camera], uptime() - made.at < Self.rest { return aged(made) }
        guard let service = registry.services.first(where: { $0.camera.id == camera }),
            service.meter.reading.state != CameraReport.State.offline.rawValue
        else { return old(camera, otherwise: .offline) }
        let task = making[camera] ?? begin(service, maker)
        let answer = Mutex<Answer?>(nil)
        await finishes(within: patience) {
            let made = await task.value
            answer.withLock { $0 = made }
        }
        guard let answer = answer.withLock(\.self) else { return old(camera, otherwise: .noPicture) }
        return switch answer {
        case .picture, .cannotMask, .noMasks: last[camera].map(aged) ?? answer
        case .noPicture, .offline, .busy: old(camera, otherwise: answer)
        }
    }

    /// The last picture, which says its age; there is no newer one.
    private func old(_ camera: String, otherwise answer: Answer) -> Answer { pictures[camera].map(aged) ?? answer }

    private func aged(_ made: Made) -> Answer {
        guard case .picture(var picture) = made.answer else { return made.answer }
        picture.age = max(0, uptime() - made.at)
        return .picture(picture)
    }

    /// Cameras that were taken out of the configuration take their pictures with them.
    private func forgetStrangers() {
        let known = Set(registry.configured.map(\.id))
        last = last.filter { known.contains($0.key) }
        pictures = pictures.filter { known.contains($0.key) }
    }

    private func begin(_ service: CameraService, _ maker: EvidenceMaker) -> Task<Answer, Never> {
        let task = Task { await make(service, maker) }
        making[service.camera.id] = task
        return task
    }

    private func make(_ service: CameraService, _ maker: EvidenceMaker) async -> Answer {
        let camera = service.camera.id
        defer { making[camera] = nil }
        let longest = max(service.settings.stream.sampling.longestRest, LoadShedder.longestRest) + Self.lateness
        let found = await Self.next(service.requests, within: .seconds(longest))
        guard let found else { return .noPicture }
        guard waiting < Self.mostWaiting else { return .busy }
        waiting += 1
        defer { waiting -= 1 }
        let at = uptime()
        let answer: Answer
        do {
            let frame = try found.get()
            // The detections used by the rules may be older than this picture.
            let vehicles = try await detector.detections(in: frame).detections.filter(\.objectClass.isPlated)
            let jpeg = try await maker.still(
                of: frame, vehicles: vehicles.map(\.box), width: Self.width, atMost: Self.mostBytes)
            answer = .picture(.init(jpeg: jpeg, taken: frame.date, age: 0))
        } catch {
            answer = .cannotMask
        }
        last[camera] = Made(answer: answer, at: at)
        if case .picture = answer { pictures[camera] = last[camera] }
        return answer
    }

    /// The next look's picture, shrunk: nobody keeps the large one.
    private static func next(
        _ requests: FrameRequests, within duration: Duration
    ) async -> Result<Frame, any Error>? {
        await requests.next(within: duration).map { large in
            Result { try large.shrunk(toWidth: searchedWidth) }
        }
    }
}
