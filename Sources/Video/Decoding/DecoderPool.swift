import Foundation
import Synchronization

/// Decoders that the cameras share, one key frame at a time: the memory of decoders does not grow with the number of cameras.
/// How many are in use together, `LookDispatcher` decides.
final class DecoderPool: Sendable {
    static let shared = DecoderPool(kept: 2 * ProcessInfo.processInfo.activeProcessorCount)

    private struct State {
        /// The one that was used last at the end.
        var idle: [PictureDecoder] = []
        var opened = 0
    }

    private let kept: Int
    private let devices: DecodingDevices
    private let state = Mutex(State())

    /// - Parameter kept: for how many decoders nobody needs right now memory is kept: for cameras of two makes, two for each look.
    init(kept: Int, devices: DecodingDevices = .shared) { (self.kept, self.devices) = (max(1, kept), devices) }

    /// How many decoders were opened so far.
    var opened: Int { state.withLock(\.opened) }

    /// One that has no picture of another stream; give it back with `end`.
    func begin(_ announcement: StreamAnnouncement) throws(FFmpegError) -> PictureDecoder {
        let found = state.withLock { state -> PictureDecoder? in
            guard let index = state.idle.lastIndex(where: { $0.announcement.isSame(as: announcement) }) else {
                state.opened += 1
                return nil
            }
            return state.idle.remove(at: index)
        }
        if let found { return found }
        return try PictureDecoder(announcement, devices)
    }

    /// One that something faulty went through is not kept: nobody knows what a reset leaves of it.
    func end(_ decoder: PictureDecoder) {
        guard !decoder.isTainted else { return }
        decoder.reset()
        // What is left over is freed without the lock.
        let old = state.withLock { state -> PictureDecoder? in
            state.idle.append(decoder)
            return state.idle.count > kept ? state.idle.removeFirst() : nil
        }
        withExtendedLifetime(old) {}
    }
}
