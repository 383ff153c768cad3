internal import CFFmpeg
import Synchronization

/// Which devices decode key frames: what there is, what has failed, and what it may take.
///
/// A device that is absent is asked once. A stream at which a device fails goes on in software; a device that has failed at
/// several is not asked any more. Nothing of that is forgotten before the process ends.
final class DecodingDevices: Sendable {
    /// Throws a `DeviceRefusal` where the device cannot decode such a stream.
    typealias Opening = @Sendable (DecodingDevice, StreamAnnouncement) throws -> any DeviceDecoder

    static let shared = DecodingDevices(
        budget: DecodingBudget(bytes: DecodingBudget.shared.bytes / 2), opening: LocalDevices.open)

    private struct State {
        var refused: [DecodingDevice: [StreamAnnouncement]] = [:]
        var givenUp: Set<DecodingDevice> = []
        /// About which something was said.
        var praised: Set<DecodingDevice> = []
        var blamed: Set<DecodingDevice> = []
    }

    /// For an operator.
    let lines = LineSink()
    private let budget: DecodingBudget
    private let opening: Opening
    private let state = Mutex(State())

    /// Streams at which a device may fail.
    static let mostRefused = 8

    /// - Parameter budget: for what decoders of devices keep; on most boards it is the computer's own memory.
    init(budget: DecodingBudget, opening: @escaping Opening) {
        self.budget = budget
        self.opening = opening
    }

    /// A decoder of the first device that is asked and can; nil where software decodes. May block.
    func open(_ announcement: StreamAnnouncement) -> DeviceSession? {
        guard announcement.codec == AV_CODEC_ID_H264 || announcement.codec == AV_CODEC_ID_HEVC else { return nil }
        for device in announcement.way.devices where isAsked(device, for: announcement) {
            // Luma, and half as much of colours.
            let bytes = announcement.width * announcement.height * 3 / 2 * device.pictures
            guard bytes > 0, let room = DeviceRoom(bytes: bytes, of: budget) else { return nil }
            do {
                return try DeviceSession(device, opening(device, announcement), announcement, self, room)
            } catch {
                refuse(error as? DeviceRefusal ?? DeviceRefusal(reason: "\(error)"), device, announcement)
            }
        }
        return nil
    }

    private func isAsked(_ device: DecodingDevice, for announcement: StreamAnnouncement) -> Bool {
        state.withLock { state in
            !state.givenUp.contains(device)
                && state.refused[device]?.contains { $0.isSame(as: announcement) } != true
        }
    }

    /// The device is not asked for such a stream any more.
    func refuse(_ refusal: DeviceRefusal, _ device: DecodingDevice, _ announcement: StreamAnnouncement) {
        let isFirst = state.withLock { state in
            state.refused[device, default: []].append(announcement)
            if refusal.isForAll || state.refused[device, default: []].count >= Self.mostRefused {
                state.givenUp.insert(device)
                state.refused[device] = nil
            }
            return state.blamed.insert(device).inserted
        }
        guard isFirst else { return }
        let name = avcodec_get_name(announcement.codec).map { String(cString: $0) } ?? ""
        let what =
            refusal.isForAll
            ? "no key frames are decoded by \(device)"
            : "\(device) does not decode a stream of \(announcement.width)x\(announcement.height) in \(name)"
        lines.pass("\(what): \(refusal.reason); it goes on in software (decode: \(announcement.way))")
    }

    /// It has decoded what software has decoded as well, and both are the same.
    func praise(_ device: DecodingDevice) {
        guard state.withLock({ $0.praised.insert(device).inserted }) else { return }
        lines.pass("\(device) decodes key frames; the first picture of each stream is the one that software makes")
    }
}

/// A part of a budget, until it is not needed any more.
final class DeviceRoom: Sendable {
    private let bytes: Int
    private let budget: DecodingBudget

    /// Nil where too little is left.
    init?(bytes: Int, of budget: DecodingBudget) {
        guard budget.take(bytes, insteadOf: 0) else { return nil }
        (self.bytes, self.budget) = (bytes, budget)
    }

    deinit { _ = budget.take(0, insteadOf: bytes) }
}
