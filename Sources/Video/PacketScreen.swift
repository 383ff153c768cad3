import Synchronization

/// Refuses what no camera sends and what would make libav hold more and more: it takes the packets of a picture together
/// without a limit, and keeps each set of parameters with tables of its own.
///
/// Sees each RTP packet before libav does, and hears when libav has given a picture out.
final class PacketScreen: Sendable {
    enum Encoding: Sendable { case h264, h265, other }

    private struct State {
        var bytes = 0
        var parameters = 0
        var mostParameters = PacketScreen.mostAtFirst
    }

    private let encoding: Encoding
    private let state = Mutex(State())

    /// Bytes of one picture: a key frame of 4096x3072 at the best quality that cameras have takes 3 MB.
    private static let mostBytes = 8 << 20
    /// Sets of parameters from one picture to the next: three or four are usual.
    private static let mostParameters = 16
    /// Before the first one: libav may take several pictures until it knows what a stream holds.
    private static let mostAtFirst = 64

    init(_ encoding: Encoding) { self.encoding = encoding }

    /// A picture has come out.
    func notePicture() { state.withLock { $0 = State(mostParameters: Self.mostParameters) } }

    /// Why `packet`, RTP with its header, is not to be passed on; nil where it is.
    func fault(of packet: UnsafeRawBufferPointer) -> String? {
        let parameters = parameters(in: packet)
        return state.withLock { state in
            state.bytes += packet.count
            state.parameters += parameters
            guard state.bytes <= Self.mostBytes else {
                return "more than \(Self.mostBytes >> 20) MiB of it came without a picture"
            }
            guard state.parameters <= state.mostParameters else {
                return "more than \(state.mostParameters) sets of parameters came without a picture"
            }
            return nil
        }
    }

    /// How many sets of parameters begin in it (RFC 6184, RFC 7798).
    private func parameters(in packet: UnsafeRawBufferPointer) -> Int {
        guard encoding != .other, packet.count > 12 else { return 0 }
        var place = 12 + 4 * Int(packet[0] & 15)
        if packet[0] & 16 != 0 {
            guard packet.count >= place + 4 else { return 0 }
            place += 4 + 4 * (Int(packet[place + 2]) << 8 | Int(packet[place + 3]))
        }
        let header = encoding == .h264 ? 1 : 2
        guard packet.count > place + header else { return 0 }
        switch kind(packet[place]) {
        case encoding == .h264 ? 24 : 48:
            // Several units, each behind its length.
            var (found, unit) = (0, place + header)
            while unit + 2 < packet.count {
                if isParameters(kind(packet[unit + 2])) { found += 1 }
                unit += 2 + (Int(packet[unit]) << 8 | Int(packet[unit + 1]))
            }
            return found
        case encoding == .h264 ? 28 : 49:
            // A part of a unit; its kind is in the byte behind, with a bit for the first part.
            let part = packet[place + header]
            return part & 0x80 != 0 && isParameters(encoding == .h264 ? part & 31 : part & 63) ? 1 : 0
        case let kind: return isParameters(kind) ? 1 : 0
        }
    }

    private func kind(_ header: UInt8) -> UInt8 { encoding == .h264 ? header & 31 : header >> 1 & 63 }

    private func isParameters(_ kind: UInt8) -> Bool {
        encoding == .h264 ? [7, 8, 13, 15].contains(kind) : (32...34).contains(kind)
    }
}
