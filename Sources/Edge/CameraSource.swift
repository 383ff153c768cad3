package import Domain
package import Video

/// Where a camera's pictures come from: `Camera`, or what a test shows.
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

    /// Runs until `stop`, or to the end of a file; it may hang beyond in a search for a host's name.
    func run(from started: MediaTime) async
    /// Asks for pictures between the looks, or for no more of them.
    ///
    /// - Parameter rest: how long no look is needed after the last one; nil: as often as the sampling says.
    func watch(with attention: Attention, rest: Rest?)
    func stop()
}

extension Camera: CameraSource {}
