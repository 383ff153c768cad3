public import Domain
import Foundation
import Glibc

/// Recorded footage, read picture by picture on media time as fast as the caller takes it.
public struct Recording: ~Copyable {
    private var source: VideoSource
    /// Processor seconds used by reading and decoding so far.
    public private(set) var decodeSeconds = 0.0

    /// - Parameter aspect: the shape in which pictures are displayed; nil uses that of the file.
    public init(path: String, sampling: SamplingPolicy, aspect: Aspect? = nil) throws(VideoError) {
        var options = VideoSource.Options()
        options.aspect = aspect
        options.sampling = sampling
        source = try VideoSource(CameraURL(path), options: options, deadline: ReadDeadline())
    }

    /// Which pictures are decoded between the looks, from the next key frame on at the latest.
    public var attention: Attention {
        get { source.attention }
        set { source.attention = newValue }
    }

    /// How long no look is needed, from the last one on.
    public var rest: Rest? {
        get { source.rest }
        set { source.rest = newValue }
    }

    /// Seconds of footage according to the container; nil where it gives none.
    public var duration: Double? { source.duration }

    /// Seconds of footage read so far.
    public var seconds: Double { source.span.map { $0.upperBound - $0.lowerBound } ?? 0 }

    /// The next picture of the sampling, or nil at the end. Dates count from the Unix epoch.
    public mutating func next() throws(VideoError) -> Frame? {
        let before = threadSeconds()
        defer { decodeSeconds += threadSeconds() - before }
        guard let picture = try source.next() else { return nil }
        return Frame(
            taking: picture.raw, time: MediaTime(picture.pts), date: Date(timeIntervalSince1970: picture.pts),
            isBurstFrame: picture.isBurstFrame, shape: picture.shape, remarks: picture.remarks,
            past: picture.past, key: picture.key)
    }
}

/// Processor seconds that the calling thread has used.
public func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
