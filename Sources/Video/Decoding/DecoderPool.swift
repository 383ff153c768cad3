import Foundation
import Synchronization
internal import Threading

/// Decoders that the cameras take turns in, one key frame at a time: as many pictures are decoded at once as there are
/// processors, and the memory of decoders does not grow with the number of cameras.
///
/// Blocking. Who waits longest is next.
final class DecoderPool: Sendable {
    static let shared = DecoderPool(places: ProcessInfo.processInfo.activeProcessorCount)

    private struct State {
        var free: Int
        /// The one that was used last at the end.
        var idle: [PictureDecoder] = []
        var queue: [MonotonicEvent] = []
        var opened = 0
    }

    private let places: Int
    private let devices: DecodingDevices
    private let state: Mutex<State>

    /// For how many decoders nobody needs right now memory is kept, for each place: cameras of two makes.
    private static let kept = 2

    init(places: Int, devices: DecodingDevices = .shared) {
        self.places = max(1, places)
        self.devices = devices
        state = Mutex(State(free: max(1, places)))
    }

    /// How many decoders were opened so far.
    var opened: Int { state.withLock(\.opened) }
    /// How many wait for a place.
    var waiting: Int { state.withLock(\.queue.count) }

    /// One that has no picture of another stream; give it back with `end`.
    func begin(_ announcement: StreamAnnouncement) throws(FFmpegError) -> PictureDecoder {
        let turn = state.withLock { state -> MonotonicEvent? in
            guard state.free == 0 else {
                state.free -= 1
                return nil
            }
            let turn = MonotonicEvent()
            state.queue.append(turn)
            return turn
        }
        // Whoever ends gives its place away: there is no other call.
        turn?.wait(seconds: .infinity)
        let found = state.withLock { state -> PictureDecoder? in
            guard let index = state.idle.lastIndex(where: { $0.announcement.isSame(as: announcement) }) else {
                state.opened += 1
                return nil
            }
            return state.idle.remove(at: index)
        }
        if let found { return found }
        do throws(FFmpegError) { return try PictureDecoder(announcement, devices) } catch {
            leave()
            throw error
        }
    }

    /// One that something faulty went through is not kept: nobody knows what a reset leaves of it.
    func end(_ decoder: PictureDecoder) {
        let isKept = !decoder.isTainted
        if isKept { decoder.reset() }
        // What is left over is freed without the lock.
        let old = state.withLock { state -> PictureDecoder? in
            guard isKept else { return nil }
            state.idle.append(decoder)
            return state.idle.count > places * Self.kept ? state.idle.removeFirst() : nil
        }
        leave()
        withExtendedLifetime(old) {}
    }

    private func leave() {
        state.withLock { state in
            if state.queue.isEmpty {
                state.free += 1
            } else {
                state.queue.removeFirst().signal()
            }
        }
    }
}
