package import Domain
package import Video

/// The source of a camera's pictures: `Camera`, or a replacement in tests.
package protocol CameraSource: Sendable {
    var id: String { get }
    /// Ends when the source is stopped, or with a file.
    var frames: AsyncStream<Frame> { get }
    var states: AsyncStream<CameraState> { get }
    var counters: Camera.Counters { get }
    /// See `Camera`.
    var secondsSinceProgress: Double { get }
    /// See `Camera`.
    var longestSilence: Double { get }

    /// Runs until `stop`, or to the end of a file; a host name look-up may hang beyond that.
    func run(from started: MediaTime) async
    /// Starts or stops the pictures between the looks.
    ///
    /// - Parameter rest: how long no look is needed after the last one; nil: as often as the sampling says.
    func watch(with attention: Attention, rest: Rest?)
    func stop()
}

extension Camera: CameraSource {}
