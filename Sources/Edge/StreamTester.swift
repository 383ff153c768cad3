import Analytics
import Console
import Contract
import Domain
import Evidence
import Foundation
import Inference
import Runtime
import Threading
import Video

/// Tests a stream for the console: opens it as a camera would, looks at some of its pictures, and masks one.
struct StreamTester: Sendable {
    /// Seconds between two looks of a new camera, and without a look while something happens.
    static let (interval, promise) = (2.0, 3.0)
    private static let openTimeout = 8.0

    let detector: ObjectDetector
    /// Nil where no evidence is kept; there is no picture then.
    let maker: EvidenceMaker?
    let registry: CameraRegistry
    let secrets: KnownSecrets
    let timeZone: TimeZone
    /// Seconds after which a test says what it has.
    var limit = 15.0

    /// The settings that a new camera would have.
    static func stream(_ address: StreamAddress) -> Camera.Settings {
        Camera.Settings(
            url: CameraURL(address.url, user: address.user, password: address.password),
            transport: Transport(rawValue: address.transport.rawValue) ?? .auto,
            sampling: .keyFrames(promise: promise, interval: interval), openTimeout: openTimeout)
    }

    func test(
        _ address: StreamAddress, _ stage: @escaping @Sendable (StreamTest.Stage) -> Void
    ) async -> StreamTest.Outcome {
        let settings = Self.stream(address)
        if let (user, password) = settings.url.parts.login { secrets.learn(password, user: user) }
        secrets.learn(address: address.url)
        let probe = StreamProbe(settings: settings)
        let (before, limit) = (MachineLoad(), limit)
        do {
            let findings = try await withTaskCancellationHandler {
                try await onOwnThread(named: "stream test") {
                    try probe.run(within: limit) { found in
                        stage(found == .connecting ? .connecting : found == .reading ? .reading : .seeing)
                    }
                }
            } onCancel: {
                probe.stop()
            }
            stage(.looking)
            let load = MachineLoad.between(before, MachineLoad())
            return .seen(try await report(on: findings, load, host: StreamTestWords.host(address.url)))
        } catch let error as VideoError {
            return .failed(StreamTestWords.failure(error.kind, rest: error.rest))
        } catch {
            return .failed(StreamTestWords.failure(.other))
        }
    }

    private func report(
        on findings: StreamProbe.Findings, _ load: MachineLoad.Share?, host: String
    ) async throws -> StreamTest.Report {
        var (seconds, runs) = (0.0, 0)
        var vehicles: [[Detection]] = []
        for picture in findings.pictures {
            let result = try await detector.detections(in: picture)
            (seconds, runs) = (seconds + result.seconds, runs + 1)
            vehicles.append(result.detections.filter { $0.objectClass.isMotorVehicle && $0.score >= Self.surely })
            try Task.checkCancellation()
        }
        let look = seconds / Double(max(1, runs))
        let view = View(vehicles, size: (findings.width, findings.height), detector.model)
        let cost = cost(of: findings, look: look, load)
        var facts = StreamTest.Facts(
            codec: findings.codec, profile: findings.profile, width: findings.width, height: findings.height,
            rate: findings.rate, bitsPerSecond: findings.bits, keyInterval: findings.keyInterval,
            transport: findings.transport.rawValue, lost: findings.lost,
            clock: findings.clockOffset == nil ? "host" : "rtcp", clockOffset: findings.clockOffset,
            cores: cost.cores, fits: cost.fits, vehicles: view.count, vehicleWidth: view.width)
        // Three digits say all that was measured.
        for key in [\StreamTest.Facts.bitsPerSecond, \.lost, \.cores] {
            facts[keyPath: key] = Self.rounded(facts[keyPath: key])
        }
        for key in [\StreamTest.Facts.rate, \.keyInterval, \.clockOffset, \.vehicleWidth] {
            facts[keyPath: key] = facts[keyPath: key].map(Self.rounded)
        }
        let still = await still(of: findings, vehicles.last ?? [], host: host)
        let rows = StreamTestWords.rows(
            facts, isClockDistrusted: findings.isClockDistrusted, view: view, hasStill: still != nil)
        return StreamTest.Report(facts: facts, rows: rows, still: still)
    }

    private static let surely = 0.35

    private static func rounded(_ value: Double) -> Double {
        guard value.isFinite, value != 0 else { return 0 }
        let scale = pow(10, 2 - floor(log10(abs(value))))
        return (value * scale).rounded() / scale
    }

    /// Masked like all evidence; nil where it cannot be.
    private func still(of findings: StreamProbe.Findings, _ vehicles: [Detection], host: String) async -> [UInt8]? {
        guard let maker, let picture = findings.pictures.last else { return nil }
        let plated = vehicles.filter(\.objectClass.isPlated).map(\.box)
        let caption = ["\(RFC3339.string(from: picture.date, in: timeZone))  \(host)"]
        return try? await maker.snapshot(of: picture, vehicles: plated, caption: caption).jpeg
    }

    /// What vehicles look like in it.
    struct View: Sendable, Equatable {
        /// Of the picture in which most are.
        let count: Int
        /// Of the middle one, as a share of the picture; nil without any.
        let width: Double?
        /// Its size in the network's input, by what is needed for it to be found well; nil without any.
        let sharpness: Double?

        init(count: Int, width: Double?, sharpness: Double?) {
            (self.count, self.width, self.sharpness) = (count, width, sharpness)
        }

        init(_ pictures: [[Detection]], size: (width: Int, height: Int), _ model: DetectionModel) {
            let all = pictures.flatMap { $0 }.map(\.box).sorted { $0.width < $1.width }
            count = pictures.map(\.count).max() ?? 0
            guard !all.isEmpty, size.width > 0, size.height > 0 else {
                (width, sharpness) = (nil, nil)
                return
            }
            let middle = all[all.count / 2]
            let input = model.input(width: size.width, height: size.height)
            let scale = min(Double(input.width) / Double(size.width), Double(input.height) / Double(size.height))
            let area = middle.width * Double(size.width) * middle.height * Double(size.height)
            width = middle.width
            sharpness = area.squareRoot() * scale / ZoneTiles.wellSeen
        }
    }

    /// Cores that it takes where every look is detected, and how many such cameras there is room for. The detector's thread is one.
    private func cost(
        of findings: StreamProbe.Findings, look: Double, _ load: MachineLoad.Share?
    ) -> (cores: Double, fits: Int?) {
        let pace = 1 / max(Self.interval, min(findings.keyInterval ?? 0, Self.promise))
        let cores = findings.cores + look * pace
        let busy = registry.services.map { service -> Double in
            let reading = service.meter.reading
            let share = reading.looks > 0 ? Double(reading.inferences) / Double(reading.looks) : 1
            return reading.looksPerSecond * share * look
        }.reduce(0, +)
        // What the test has taken will be free again.
        let fits = load.map { load in
            Self.fits(
                cores: cores, free: load.idle + min(findings.cores, load.own), look: look * pace, detector: 1 - busy)
        }
        return (cores, fits)
    }

    /// A fifth of what is free stays free.
    ///
    /// - Parameters: cores that one takes, and that are free; of the detector's thread, what one takes and what is free.
    static func fits(cores: Double, free: Double, look: Double, detector: Double) -> Int {
        guard cores > 0 else { return 0 }
        let byCores = free * 0.8 / cores
        let byDetector = look > 0 ? max(0, detector) * 0.8 / look : byCores
        return max(0, min(999, Int(min(byCores, byDetector))))
    }
}

/// How busy this computer is: a moment of the kernel's counters.
struct MachineLoad: Sendable {
    struct Share: Sendable, Equatable {
        /// Cores that did nothing.
        let idle: Double
        /// Cores that this process took.
        let own: Double
    }

    private let idle: Double?
    private let all: Double?
    private let own: Double
    private let cores: Int

    init() {
        own = ProcessUsage.processorSeconds
        cores = ProcessInfo.processInfo.activeProcessorCount
        (idle, all) = Self.ticks((try? String(contentsOfFile: "/proc/stat", encoding: .utf8)) ?? "")
    }

    init(idle: Double?, all: Double?, own: Double, cores: Int) {
        (self.idle, self.all, self.own, self.cores) = (idle, all, own, cores)
    }

    /// Of all processors: those without work, and all.
    static func ticks(_ text: String) -> (idle: Double?, all: Double?) {
        guard let line = text.split(separator: "\n").first, line.hasPrefix("cpu ") else { return (nil, nil) }
        // user nice system idle iowait irq softirq steal; the time of guests is part of the first two.
        let numbers = line.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
        guard numbers.count >= 5 else { return (nil, nil) }
        return (numbers[3] + numbers[4], numbers.reduce(0, +))
    }

    /// Nil where the kernel says nothing, or no time has passed.
    static func between(_ a: MachineLoad, _ b: MachineLoad) -> Share? {
        guard let idleA = a.idle, let idleB = b.idle, let allA = a.all, let allB = b.all, allB > allA else {
            return nil
        }
        let cores = Double(b.cores)
        // The kernel counts in hundredths of a second, of all processors.
        let seconds = (allB - allA) / 100 / cores
        return Share(
            idle: max(0, min(cores, cores * (idleB - idleA) / (allB - allA))),
            own: seconds > 0 ? max(0, min(cores, (b.own - a.own) / seconds)) : 0)
    }
}
