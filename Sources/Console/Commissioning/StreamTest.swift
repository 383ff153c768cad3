package import Domain
import Foundation

/// The test of a stream before it becomes a camera.
package enum StreamTest {
    /// How far it is.
    package enum Stage: String, Sendable, Encodable, CaseIterable, Comparable {
        case connecting
        /// It is open, and nothing has been seen yet.
        case reading
        /// Pictures come.
        case seeing
        /// They are looked at and masked.
        case looking

        package static func < (a: Stage, b: Stage) -> Bool {
            (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
        }
    }

    /// What was found, in figures; the rows say the same for people.
    package struct Facts: Sendable, Encodable, Equatable {
        package var codec: String
        package var profile: String?
        package var width: Int
        package var height: Int
        /// Pictures a second.
        package var rate: Double?
        package var bitsPerSecond: Double
        /// Seconds; nil where no two key frames came.
        package var keyInterval: Double?
        package var transport: String
        /// The share of packets that were lost on the way, 0…1.
        package var lost: Double
        /// Whose time its pictures have: `rtcp` or `host`.
        package var clock: String
        /// Seconds, the camera's minus ours.
        package var clockOffset: Double?
        /// Processor cores that it takes, at most.
        package var cores: Double
        /// How many more such cameras this box takes; nil where it does not know how busy it is.
        package var fits: Int?
        /// Vehicles in its pictures, and the width of the middle one as a share of the picture.
        package var vehicles: Int
        package var vehicleWidth: Double?

        package init(
            codec: String, profile: String?, width: Int, height: Int, rate: Double?, bitsPerSecond: Double,
            keyInterval: Double?, transport: String, lost: Double, clock: String, clockOffset: Double?, cores: Double,
            fits: Int?, vehicles: Int, vehicleWidth: Double?
        ) {
            (self.codec, self.profile, self.width, self.height) = (codec, profile, width, height)
            (self.rate, self.bitsPerSecond, self.keyInterval) = (rate, bitsPerSecond, keyInterval)
            (self.transport, self.lost, self.clock, self.clockOffset) = (transport, lost, clock, clockOffset)
            (self.cores, self.fits, self.vehicles, self.vehicleWidth) = (cores, fits, vehicles, vehicleWidth)
        }

        private enum CodingKeys: String, CodingKey {
            case codec, profile, width, height, rate, transport, lost, clock, cores, fits, vehicles
            case bitsPerSecond = "bits_per_second"
            case keyInterval = "key_interval"
            case clockOffset = "clock_offset"
            case vehicleWidth = "vehicle_width"
        }
    }

    package struct Report: Sendable {
        package var facts: Facts
        package var rows: [ConsoleParts.HealthRow]
        /// A masked JPEG; nil where it could not be masked.
        package var still: [UInt8]?

        package init(facts: Facts, rows: [ConsoleParts.HealthRow], still: [UInt8]?) {
            (self.facts, self.rows, self.still) = (facts, rows, still)
        }
    }

    /// Why nothing was seen, and what to do.
    package struct Failure: Sendable, Encodable, Equatable {
        package let code: String
        package let what: LocalizedName
        package let action: LocalizedName

        package init(code: String, what: LocalizedName, action: LocalizedName) {
            (self.code, self.what, self.action) = (code, what, action)
        }
    }

    package enum Outcome: Sendable {
        case seen(Report)
        case failed(Failure)
    }
}

/// The tests that run and those that have ended, in memory only. A test keeps the password that it was given, so that no page
/// has to, until its camera is added, its time is over, or there are newer ones.
actor StreamTests {
    /// What a page sees of one.
    struct View: Encodable {
        enum State: String, Encodable { case running, done, failed }

        let job: String
        let state: State
        let stage: StreamTest.Stage?
        /// Seconds since it began, and in which it ends.
        let seconds: Double
        let limit: Double
        let facts: StreamTest.Facts?
        let rows: [ConsoleParts.HealthRow]?
        let still: Bool
        let failure: StreamTest.Failure?
        /// Without user and password.
        let address: String
        let transport: StreamAddress.Transport
        /// A password was given.
        let login: Bool
    }

    private struct Job {
        let owner: String
        let address: StreamAddress
        /// As it may be shown.
        let shown: String
        let began: Date
        var task: Task<Void, Never>?
        var stage = StreamTest.Stage.connecting
        var outcome: StreamTest.Outcome?
    }

    /// Each is a whole stream on the network and a decoder.
    static let mostRunning = 2
    private static let mostKept = 8
    /// Seconds that an ended one is kept.
    private static let life = 1800.0
    /// Seconds for a stream, and for what comes after it.
    static let (limit, grace) = (15.0, 15.0)

    private let commissioning: Commissioning
    private let now: @Sendable () -> Date
    private let sleep: @Sendable (Duration) async -> Void
    private var jobs: [UUID: Job] = [:]
    /// Begun and not ended, whether somebody waits or not: a look-up of a name may outlast its test.
    private var running = 0

    /// - Parameter sleep: until the time of a test is over.
    init(
        _ commissioning: Commissioning, now: @escaping @Sendable () -> Date,
        sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        (self.commissioning, self.now, self.sleep) = (commissioning, now, sleep)
    }

    /// Begins one. What this account tested before and has not ended is given up.
    ///
    /// Throws `Fault.testing` where too many run.
    func begin(_ address: StreamAddress, shown: String, by owner: String) throws(Fault) -> UUID {
        tidy()
        for (id, job) in jobs where job.owner == owner && job.outcome == nil { end(id) }
        guard running < Self.mostRunning else { throw .testing }
        if jobs.count >= Self.mostKept, let oldest = jobs.min(by: { $0.value.began < $1.value.began })?.key {
            end(oldest)
        }
        let id = UUID()
        running += 1
        jobs[id] = Job(owner: owner, address: address, shown: shown, began: now())
        let work = Task { [commissioning] in
            let outcome = await commissioning.test(address) { stage in Task { await self.reach(stage, id) } }
            settle(id, outcome)
            running -= 1
        }
        jobs[id]?.task = work
        Task { [sleep] in
            await sleep(.seconds(Self.limit + Self.grace))
            giveUp(id)
        }
        return id
    }

    private func reach(_ stage: StreamTest.Stage, _ id: UUID) {
        // Each comes in a task of its own.
        guard let job = jobs[id], job.outcome == nil, stage > job.stage else { return }
        jobs[id]?.stage = stage
    }

    private func settle(_ id: UUID, _ outcome: StreamTest.Outcome) {
        guard jobs[id]?.outcome == nil else { return }
        jobs[id]?.outcome = outcome
        jobs[id]?.task = nil
    }

    /// Whatever it hangs in goes on without it.
    private func giveUp(_ id: UUID) {
        guard let job = jobs[id], job.outcome == nil else { return }
        job.task?.cancel()
        settle(
            id,
            .failed(
                .init(
                    code: "too_slow",
                    what: .init(zh: "测试没有在限定时间内结束。", en: "The test did not end in time."),
                    action: .init(
                        zh: "请检查本机的域名服务器，或直接填写摄像机的 IP 地址。",
                        en: "Check this box's name server, or write the camera's IP address."))))
    }

    private func end(_ id: UUID) {
        jobs[id]?.task?.cancel()
        jobs[id] = nil
    }

    private func tidy() {
        let now = now()
        for (id, job) in jobs where job.outcome != nil && now.timeIntervalSince(job.began) > Self.life {
            jobs[id] = nil
        }
    }

    /// Nil where there is none of this account's; it may be over.
    private func job(_ id: UUID, of owner: String) -> Job? {
        tidy()
        return jobs[id].flatMap { $0.owner == owner ? $0 : nil }
    }

    func view(_ id: UUID, of owner: String) -> View? {
        guard let job = job(id, of: owner) else { return nil }
        var (report, failure): (StreamTest.Report?, StreamTest.Failure?)
        switch job.outcome {
        case .seen(let seen)?: report = seen
        case .failed(let why)?: failure = why
        case nil: break
        }
        return View(
            job: id.uuidString, state: report != nil ? .done : failure != nil ? .failed : .running,
            stage: job.outcome == nil ? job.stage : nil,
            seconds: max(0, now().timeIntervalSince(job.began)), limit: Self.limit, facts: report?.facts,
            rows: report?.rows, still: report?.still != nil, failure: failure, address: job.shown,
            transport: job.address.transport, login: job.address.password != nil || job.address.user != nil)
    }

    func still(_ id: UUID, of owner: String) -> [UInt8]? {
        guard case .seen(let report)? = job(id, of: owner)?.outcome else { return nil }
        return report.still
    }

    /// The stream of a test, for the camera that it becomes.
    func address(_ id: UUID, of owner: String) -> StreamAddress? { job(id, of: owner)?.address }

    /// Ends one, and forgets its password; false where there is none.
    @discardableResult
    func forget(_ id: UUID, of owner: String) -> Bool {
        guard job(id, of: owner) != nil else { return false }
        end(id)
        return true
    }
}
