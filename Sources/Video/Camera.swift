import Dispatch
public import Domain
import Foundation
import Synchronization
public import Threading

/// One camera on a thread of its own: opens, reads, decodes, and reconnects after every fault.
///
/// Only the newest picture is kept: a slow consumer misses pictures, but never gets old ones.
public final class Camera: Sendable {
    public struct Settings: Sendable, Hashable {
        public var url: CameraURL
        public var transport: Transport
        public var sampling: SamplingPolicy
        /// Seconds.
        public var openTimeout: Double
        public var readTimeout: Double
        /// The shape in which its pictures are displayed; nil uses that of the stream.
        public var aspect: Aspect?
        /// Pixels of the largest picture that is decoded.
        public var largestPicture = 12_600_000
        /// Path of the PEM certificates against which a camera of `rtsps` is verified; nil for no verification.
        public var caFile: String?
        /// What decodes its key frames; what else is decoded of it, software does.
        public var decoding = DecodingWay.software

        public init(
            url: CameraURL, transport: Transport = .auto, sampling: SamplingPolicy = .keyFrames(promise: 3),
            openTimeout: Double = 10, readTimeout: Double = 5, aspect: Aspect? = nil
        ) {
            self.url = url
            self.transport = transport
            self.sampling = sampling
            self.openTimeout = openTimeout
            self.readTimeout = readTimeout
            self.aspect = aspect
        }
    }

    /// Counts since the start.
    public struct Counters: Sendable, Equatable {
        public var pictures = 0
        public var dropped = 0
        public var sessions = 0
        public var failures = 0
        /// Of its video packets.
        public var bytes = 0
        /// Seconds between two key frames, the longest of the newest ones; 0 before two have come.
        public var keyInterval = 0.0
        /// Processor seconds of its thread, up to its newest picture: receiving and decoding.
        public var processorSeconds = 0.0

        package init() {}
    }

    public let id: String
    /// Ends when the camera is stopped, or at the end of its file.
    public var frames: AsyncStream<Frame> { latest.frames }
    public let states: AsyncStream<CameraState>

    private let settings: Settings
    private let clip: PacedClip?
    private let clocks: Clocks
    private let backoff: Backoff
    private let latest = LatestFrame()
    private let holdsPlaces: Bool
    private let state: AsyncStream<CameraState>.Continuation
    private let deadline = ReadDeadline()
    private let waiting = MonotonicEvent()
    private let count = Mutex(Counters())
    private let hasEnded = Atomic<Bool>(false)
    private let attention = Atomic<Int>(0)
    private let wantedRest = Mutex<Rest?>(nil)
    private let memory = StreamMemory()
    private let credentials: CredentialGate
    private let flow = Mutex(Flow())
    /// By the monotonic clock, in seconds: the bits of a Double.
    private let heartbeat: Atomic<UInt64>

    /// Whether pictures arrive in this session.
    private struct Flow {
        var isOnline = false
        /// Punctual looks that are still missing after an interruption.
        var missing = 0
    }

    /// Punctual looks after which a stream is online again: one that loses most of its pictures must not toggle.
    private static let recovery = 3

    /// - Parameters:
    ///   - backoff: the delays before the camera is opened again.
    ///   - credentials: shared by the cameras of one recorder.
    ///   - clip: played repeatedly instead of the file that `settings` names; nil for all others.
    ///   - holdsPlaces: a picture keeps its place in the schedule of looks until `Frame.finishLook`; whoever takes the pictures
    ///     calls that. Otherwise it has given the place back when it is handed out.
    public init(
        id: String, settings: Settings, clocks: Clocks = .system, backoff: Backoff = Backoff(),
        credentials: CredentialGate = .shared, clip: PacedClip? = nil, holdsPlaces: Bool = false
    ) {
        self.clip = clip
        self.holdsPlaces = holdsPlaces
        self.credentials = credentials
        self.id = id
        self.settings = settings
        self.clocks = clocks
        self.backoff = backoff
        heartbeat = Atomic(clocks.uptime().bitPattern)
        (states, state) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
    }

    public var counters: Counters { count.withLock { $0 } }

    /// Seconds since the last progress of this camera's thread: a packet, or another attempt to open. A camera that
    /// sends nothing usable is offline, not stuck.
    public var secondsSinceProgress: Double {
        guard !hasEnded.load(ordering: .relaxed) else { return 0 }
        return max(0, clocks.uptime() - Double(bitPattern: heartbeat.load(ordering: .relaxed)))
    }

    private func progress() { heartbeat.store(clocks.uptime().bitPattern, ordering: .relaxed) }

    /// Longest time of a host name look-up, in seconds: libav cannot be interrupted in it. Without an answer, glibc
    /// asks three servers twice (5, 3 and 6 s each time, by the defaults of resolv.conf(5)), for the name itself and
    /// again with the first `search` domain: 56 s.
    private static let resolver = 60.0

    /// The largest possible `secondsSinceProgress` of a live thread: one attempt, or one delay.
    public var longestSilence: Double {
        Self.resolver + settings.openTimeout * 2 + settings.readTimeout + backoff.longest
    }

    /// Runs until `stop`, or to the end of a file.
    ///
    /// - Parameter started: media time of the first picture; live cameras count from the Unix epoch.
    public func run(from started: MediaTime) async {
        try? await onOwnThread(named: "cam-\(id)") { [self] in
            loop(from: started)
            latest.finish()
            state.finish()
            hasEnded.store(true, ordering: .relaxed)
        }
    }

    /// Starts or stops the pictures between the looks.
    ///
    /// - Parameter rest: how long no look is needed after the last one; nil: as often as the sampling says.
    public func watch(with attention: Attention, rest: Rest? = nil) {
        self.attention.store(attention.rawValue, ordering: .relaxed)
        wantedRest.withLock { $0 = rest }
    }

    /// Interrupts any blocking call. The camera does not start again.
    public func stop() {
        deadline.stop()
        waiting.signal()
    }

    private func loop(from started: MediaTime) {
        var latest = latest
        var timeline = Timeline(isLive: settings.url.isStream, started: started.seconds)
        var backoff = backoff
        let begin = clocks.uptime()
        while !deadline.isStopped {
            progress()
            var rest = 0.0
            state.yield(.connecting)
            do throws(VideoError) {
                try session(&timeline, &backoff, &latest, since: begin)
                if !settings.url.isStream {
                    state.yield(.ended)
                    return
                }
                guard !deadline.isStopped else { return }
                state.yield(.offline("the stream ended"))
            } catch {
                guard !deadline.isStopped else { return }
                count.withLock { $0.failures += 1 }
                state.yield(.offline(error.description))
                rest = error.rest ?? 0
            }
            timeline.interrupt()
            waiting.wait(seconds: backoff.next())
            self.rest(seconds: rest)
        }
    }

    /// Waits by the clock that also measures the rest of the credentials.
    private func rest(seconds: Double) {
        let end = clocks.uptime() + seconds
        while !deadline.isStopped, case let left = end - clocks.uptime(), left > 0 {
            progress()
            waiting.wait(seconds: min(left, 1))
        }
    }

    private func session(
        _ timeline: inout Timeline, _ backoff: inout Backoff, _ latest: inout LatestFrame, since begin: Double
    ) throws(VideoError) {
        // The delay before the next attempt does not belong to this one.
        defer { progress() }
        var options = VideoSource.Options()
        options.transport = settings.transport
        options.openTimeout = settings.openTimeout
        options.readTimeout = settings.readTimeout
        options.sampling = settings.sampling
        options.aspect = settings.aspect
        options.largestPicture = settings.largestPicture
        options.decoding = settings.decoding
        options.uptime = clocks.uptime
        options.clip = clip
        options.progress = { [self] in progress() }
        options.rest = { [self] in wantedRest.withLock(\.self) }
        options.receive = { [self] bytes in count.withLock { $0.bytes += bytes } }
        options.authority = settings.caFile
        options.memory = memory
        options.credentials = credentials
        flow.withLock { $0 = Flow() }
        options.starve = { [self] reason in
            let wasOnline = flow.withLock { flow in
                defer { flow = Flow(missing: Self.recovery) }
                return flow.isOnline
            }
            if wasOnline { state.yield(.offline(reason)) }
        }
        let source = try VideoSource(settings.url, options: options, deadline: deadline)
        var start: Double?
        count.withLock { $0.sessions += 1 }
        while !deadline.isStopped {
            source.attention = Attention(rawValue: attention.load(ordering: .relaxed)) ?? .looks
            guard let picture = try source.next() else { return }
            let isBack = flow.withLock { flow in
                if !picture.isBurstFrame { flow.missing = max(0, flow.missing - 1) }
                defer { flow.isOnline = flow.missing == 0 }
                return !flow.isOnline && flow.missing == 0
            }
            if isBack {
                backoff.reset()
                state.yield(.online)
            }
            let uptime = clocks.uptime() - begin
            let time = timeline.time(pts: picture.pts, uptime: uptime)
            if !settings.url.isStream, clip == nil {
                // A file is played in real time, like a camera.
                let first = start ?? (picture.pts - uptime)
                start = first
                while !deadline.isStopped, case let early = picture.pts - first - (clocks.uptime() - begin), early > 0 {
                    waiting.wait(seconds: min(early, 5))
                    progress()
                }
            }
            let moment = ClockMoment(
                system: clocks.now(), uptime: uptime,
                camera: source.senderOffset.map { Date(timeIntervalSince1970: picture.pts + $0) },
                isCameraDistrusted: source.isSenderDistrusted)
            let isKept = latest.put(isBurstFrame: picture.isBurstFrame) { isBurstFrame in
                Frame(
                    taking: picture.raw, time: time, moment: moment, isBurstFrame: isBurstFrame, shape: picture.shape,
                    remarks: picture.remarks, past: picture.past, key: picture.key,
                    turn: holdsPlaces ? picture.turn : nil)
            }
            count.withLock { count in
                count.pictures += 1
                count.processorSeconds = threadSeconds()
                count.keyInterval = source.keyInterval ?? 0
                if !isKept { count.dropped += 1 }
            }
        }
    }
}

extension Camera.Settings {
    /// What an operator should know although it is not a fault.
    public var notes: [String] {
        var notes: [String] = []
        if url.isEncrypted, caFile == nil {
            notes.append(
                "rtsps keeps others from listening, but nobody checks the camera's certificate: another device in its "
                    + "place is not noticed, and gets the password as it asks; give ca_file, or let only the cameras into "
                    + "their network")
        }
        if !url.isEncrypted, caFile != nil {
            notes.append("ca_file does nothing: its address does not begin with rtsps://")
        }
        let rest = sampling.longestRest
        if sampling.longestFault > SamplingPolicy.every(seconds: 0).longestFault {
            notes.append(
                "with up to \(Int(rest.rounded(.up))) s between looks a fault of the camera is stated within "
                    + "\(Int(sampling.longestFault.rounded(.up))) s, not \(Int(SamplingPolicy.every(seconds: 0).longestFault)) s; "
                    + "lower promise or look_every where that is too late")
        }
        if let aspect {
            notes.append("its pictures are shown as \(aspect), whatever the stream says of their shape")
        }
        return notes
    }
}

/// Whether a camera delivers pictures.
public enum CameraState: Sendable, Equatable {
    case connecting
    case online
    /// With the reason, free of credentials.
    case offline(String)
    /// A file that has been read to its end.
    case ended
}
