package import Video

/// Gives one picture of a camera's main stream: `DetailStream`, or a replacement in tests. Used once.
package protocol DetailSource: Sendable {
    /// Hands over the picture once it is there, and returns when the stream is closed; throws where there is none.
    /// Blocking.
    func read(_ take: (Frame) -> Void) throws

    /// Interrupts the reading; a host name look-up may hang beyond that.
    func stop()
}

extension DetailStream: DetailSource {}

extension CameraService.Settings {
    /// What an operator should know of the main stream although it is not a fault.
    var detailNotes: [String] { detail?.detailNotes(beside: stream.url) ?? [] }
}
