import Domain
import Foundation
import Synchronization

/// Opens a stream as a camera would, for a few seconds, and says what it is worth: what comes, how often, and what it costs.
/// Used once.
package final class StreamProbe: Sendable {
    package enum Stage: Int, Sendable, Comparable {
        case connecting, reading, seeing

        package static func < (a: Stage, b: Stage) -> Bool { a.rawValue < b.rawValue }
    }

    package struct Findings: Sendable {
        /// As libav calls it, e.g. `h264`.
        package var codec = ""
        /// E.g. `High`; nil where the stream does not say it.
        package var profile: String?
        /// As it is shown, in pixels.
        package var (width, height) = (0, 0)
        /// Pictures a second; nil where that could not be counted.
        package var rate: Double?
        /// Bits a second.
        package var bits = 0.0
        /// Seconds between two key frames, the longest of the newest ones; nil before two have come.
        package var keyInterval: Double?
        /// How its packets come.
        package var transport = Transport.tcp
        /// The share of its packets that were lost on the way, 0…1.
        package var lost = 0.0
        /// The camera's clock minus ours, in seconds; nil where it tells no time.
        package var clockOffset: Double?
        /// It tells times that contradict one another.
        package var isClockDistrusted = false
        /// Processor seconds in a second, for receiving it and decoding its looks.
        package var cores = 0.0
        /// What an operator should know of it.
        package var remarks: [String] = []
        /// Some of its looks, the oldest first; at least one.
        package var pictures: [Frame] = []
    }

    /// What is learnt while the stream is open.
    private struct Tally {
        var bytes = 0
        var packets = 0
    }

    private let settings: Camera.Settings
    private let clocks: Clocks
    private let credentials: CredentialGate
    private let deadline = ReadDeadline()
    private let tally = Mutex(Tally())

    /// Seconds of the stream below which nothing is measured well.
    private static let least = 5.0
    /// Seconds after which nobody waits for the camera's clock: two reports, five seconds apart, confirm one another.
    private static let clockPatience = 11.0
    /// Key frames that tell how far apart they are.
    private static let enoughLooks = 3
    private static let mostPictures = 3

    /// - Parameter credentials: shared with the cameras of the same recorder.
    package init(settings: Camera.Settings, clocks: Clocks = .system, credentials: CredentialGate = .shared) {
        self.settings = settings
        self.clocks = clocks
        self.credentials = credentials
    }

    /// Blocking; a look-up of the host's name cannot be interrupted, everything else ends with the time.
    ///
    /// - Parameters:
    ///   - seconds: after which it ends with what is known by then; sooner where all is.
    ///   - stage: told how far it is.
    package func run(within seconds: Double, stage: @Sendable (Stage) -> Void = { _ in }) throws(VideoError) -> Findings
    {
        guard !deadline.isStopped else {
            throw VideoError("open", on: settings.url, cause: "stopped", kind: .stopped)
        }
        deadline.limit(to: seconds)
        let memory = StreamMemory()
        do throws(VideoError) {
            return try attempt(memory, stage)
        } catch {
            // A camera would try the other transport next.
            guard [.noPackets, .transport].contains(error.kind), settings.transport == .auto, !deadline.isOver else {
                throw error
            }
            return try attempt(memory, stage)
        }
    }

    /// Interrupts it. It does not start again.
    package func stop() { deadline.stop() }

    private func attempt(
        _ memory: StreamMemory, _ stage: @Sendable (Stage) -> Void
    ) throws(VideoError) -> Findings {
        stage(.connecting)
        tally.withLock { $0 = Tally() }
        var options = VideoSource.Options()
        options.transport = settings.transport
        options.memory = memory
        options.credentials = credentials
        options.authority = settings.caFile
        options.openTimeout = settings.openTimeout
        options.readTimeout = settings.readTimeout
        options.sampling = settings.sampling
        options.largestPicture = settings.largestPicture
        options.aspect = settings.aspect
        options.uptime = clocks.uptime
        // Takes nothing from the cameras that are watched.
        options.decoders = DecoderPool(kept: 1)
        options.turns = LookDispatcher(places: 1)
        options.receive = { [self] bytes in
            tally.withLock { ($0.bytes, $0.packets) = ($0.bytes + bytes, $0.packets + 1) }
        }
        let source = try VideoSource(settings.url, options: options, deadline: deadline)
        stage(.reading)
        let (begin, used) = (clocks.uptime(), threadSeconds())
        var findings = Findings()
        var offsets: [Double] = []
        while true {
            do throws(VideoError) {
                guard let picture = try source.next() else {
                    guard !findings.pictures.isEmpty else {
                        throw VideoError(
                            "read", on: settings.url, cause: "it ended before its first key frame", kind: .ended)
                    }
                    break
                }
                if findings.pictures.isEmpty { stage(.seeing) }
                if let offset = source.senderOffset {
                    offsets.append(picture.pts + offset - clocks.now().timeIntervalSince1970)
                }
                let frame = Frame(
                    taking: picture.raw, time: MediaTime(picture.pts), date: clocks.now(), shape: picture.shape,
                    remarks: picture.remarks, key: picture.key)
                findings.remarks = picture.remarks
                if findings.pictures.count == Self.mostPictures { findings.pictures.remove(at: 1) }
                findings.pictures.append(frame)
            } catch {
                guard error.kind != .stopped, deadline.isAtEnd || !findings.pictures.isEmpty else { throw error }
                guard !findings.pictures.isEmpty else { throw noPicture(source, error) }
                break
            }
            let passed = clocks.uptime() - begin
            let isKnown = !offsets.isEmpty || source.isSenderDistrusted || passed >= Self.clockPatience
            if passed >= Self.least, isKnown, (source.keyInterval ?? 0) > 0, findings.pictures.count >= Self.enoughLooks
            {
                break
            }
            if deadline.isAtEnd { break }
        }
        measure(source, since: begin, used: threadSeconds() - used, &findings)
        // That with the least delay on the way.
        findings.clockOffset = offsets.max()
        return findings
    }

    /// The time has passed, and nothing could be seen.
    private func noPicture(_ source: VideoSource, _ error: VideoError) -> VideoError {
        guard error.kind == .silent else { return error }
        return tally.withLock { $0.packets } == 0
            ? VideoError("read", on: settings.url, cause: "no packet of a picture came", kind: .noPackets)
            : VideoError("decode", on: settings.url, cause: "no key frame came in time", kind: .noKeyFrames)
    }

    private func measure(_ source: VideoSource, since begin: Double, used: Double, _ findings: inout Findings) {
        let passed = max(0.001, clocks.uptime() - begin)
        let (codec, profile) = source.codec
        (findings.codec, findings.profile) = (codec, profile)
        if let newest = findings.pictures.last { (findings.width, findings.height) = (newest.width, newest.height) }
        let (bytes, packets) = tally.withLock { ($0.bytes, $0.packets) }
        // Many send what they have kept of the last seconds at once: the stamps are right then, and the clock is where they
        // are wrong.
        let span = source.span.map { $0.upperBound - $0.lowerBound } ?? 0
        let stream = (passed * 0.5...passed * 2).contains(span) ? span : passed
        findings.bits = Double(bytes * 8) / stream
        if packets > 1, stream > 1 { findings.rate = Double(packets - 1) / stream }
        findings.keyInterval = source.keyInterval
        findings.transport = source.transport ?? .tcp
        findings.lost = source.lost
        findings.isClockDistrusted = source.isSenderDistrusted
        findings.cores = used / stream
    }
}
