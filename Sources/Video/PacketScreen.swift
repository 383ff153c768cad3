import Synchronization

/// Rejects input that no camera sends and that would make libav's memory grow: libav collects the packets of a picture
/// without a limit, and keeps each parameter set with tables of its own, which for H.265 grow with the stated size.
///
/// Inspects the description and each RTP packet before libav does, and is told when libav has returned a picture.
final class PacketScreen: Sendable {
    enum Encoding: Sendable { case h264, h265, other }

    private struct State {
        var bytes = 0
        var sets = 0
        var mostSets = PacketScreen.mostAtFirst
        var scanner: UnitScanner
        /// Ids of H.265's picture parameter sets since the start of the session.
        var pictureSets: Set<Int> = []
        /// How many pictures the decoder has to keep; nil where unknown.
        var keptPictures: Int?
    }

    private let encoding: Encoding
    /// In pixels.
    private let largestPicture: Int
    private let state: Mutex<State>

    /// Largest size of a picture in bytes: a key frame of 4096x3072 at the best quality of cameras has 3 MB.
    private static let mostBytes = 8 << 20
    /// Parameter sets from one picture to the next: three or four are usual.
    private static let mostSets = 16
    /// Before the first picture: libav may need several pictures to probe a stream.
    private static let mostAtFirst = 64
    /// Different picture parameter sets in a session of H.265, of which cameras have one to three. The standard has 64;
    /// for each of them libav allocates tables of up to a quarter of a byte a pixel, in the parser, the probe and the
    /// decoder.
    private static let mostPictureSets = 8

    /// - Parameter largestPicture: pixels of the largest picture that is decoded.
    init(_ encoding: Encoding, largestPicture: Int = .max) {
        self.encoding = encoding
        self.largestPicture = largestPicture
        state = Mutex(State(scanner: UnitScanner(encoding)))
    }

    /// How many pictures the stream itself says that the decoder must keep; nil where it does not.
    var keptPictures: Int? { state.withLock(\.keptPictures) }

    /// A picture has been decoded.
    func notePicture() {
        state.withLock { state in
            (state.bytes, state.sets, state.mostSets) = (0, 0, Self.mostSets)
        }
    }

    /// Why a description with these parameter sets must be rejected; nil where it is valid.
    func fault(ofDescribed sets: [[UInt8]]) -> RTSPFault? {
        guard encoding != .other else { return nil }
        return state.withLock { state in
            for set in sets {
                state.scanner.begin()
                if let fault = set.withUnsafeBytes({ take($0, &state) }) { return fault }
            }
            state.scanner.begin()
            return judge(&state)
        }
    }

    /// Why `packet`, RTP with its header, must be rejected; nil where it is valid.
    func fault(of packet: UnsafeRawBufferPointer) -> RTSPFault? {
        state.withLock { state in
            state.bytes += packet.count
            guard state.bytes <= Self.mostBytes else {
                return RTSPFault(
                    "more than \(Self.mostBytes >> 20) MiB of it came without a picture", remedy: Self.remedy)
            }
            return encoding == .other ? nil : read(packet, &state)
        }
    }

    /// Passes its units to the scanner (RFC 6184, RFC 7798), assembled as by libav.
    private func read(_ packet: UnsafeRawBufferPointer, _ state: inout State) -> RTSPFault? {
        guard packet.count > 12 else { return nil }
        var place = 12 + 4 * Int(packet[0] & 15)
        if packet[0] & 16 != 0 {
            guard packet.count >= place + 4 else { return nil }
            place += 4 + 4 * (Int(packet[place + 2]) << 8 | Int(packet[place + 3]))
        }
        let header = encoding == .h264 ? 1 : 2
        guard packet.count > place + header else { return nil }
        func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: packet[range]) }
        switch UnitScanner.kind(packet[place], encoding) {
        case encoding == .h264 ? 24 : 48:
            // Several units, each after its length.
            var unit = place + header
            while unit + 2 < packet.count {
                let end = min(packet.count, unit + 2 + (Int(packet[unit]) << 8 | Int(packet[unit + 1])))
                state.scanner.begin()
                if let fault = take(part(unit + 2..<end), &state) { return fault }
                unit = max(end, unit + 2)
            }
            return nil
        case encoding == .h264 ? 28 : 49:
            // A fragment of a unit; the next byte has its type, and a bit for the first fragment.
            let flags = packet[place + header]
            if flags & 0x80 != 0 {
                state.scanner.begin()
                let unit: [UInt8] =
                    encoding == .h264
                    ? [packet[place] & 0xE0 | flags & 31]
                    : [packet[place] & 0x81 | (flags & 63) << 1, packet[place + 1]]
                if let fault = unit.withUnsafeBytes({ take($0, &state) }) { return fault }
            }
            return take(part(place + header + 1..<packet.count), &state)
        default:
            state.scanner.begin()
            return take(part(place..<packet.count), &state)
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer, _ state: inout State) -> RTSPFault? {
        state.scanner.take(bytes)
        return judge(&state)
    }

    /// Checks the parameter sets found.
    private func judge(_ state: inout State) -> RTSPFault? {
        state.sets += state.scanner.takeBegun()
        guard state.sets <= state.mostSets else {
            return RTSPFault(
                "more than \(state.mostSets) sets of parameters came without a picture", remedy: Self.remedy)
        }
        for unit in state.scanner.takeFound() where encoding == .h265 {
            switch H265Parameters(unit) {
            case nil: continue
            case .picture(let id):
                state.pictureSets.insert(id)
                guard state.pictureSets.count <= Self.mostPictureSets else {
                    return RTSPFault(
                        "it sends more than \(Self.mostPictureSets) different sets of picture parameters",
                        remedy: Self.remedy)
                }
            case .sequence(let width, let height, let kept):
                guard width <= largestPicture / max(1, height) else {
                    return Self.tooLarge(width, height, most: largestPicture)
                }
                state.keptPictures = max(state.keptPictures ?? 0, kept)
            }
        }
        return nil
    }

    private static let remedy = "check the camera, and whether it is one that answers at its address"

    /// - Parameter most: in pixels.
    static func tooLarge(_ width: Int, _ height: Int, most: Int) -> RTSPFault {
        RTSPFault(
            "its pictures of \(width)x\(height) pixels are too large: at most \(megapixels(most)) megapixels are decoded",
            remedy: "set a smaller picture at the camera, or raise largest_picture", kind: .tooLarge)
    }

    static func megapixels(_ pixels: Int) -> Double { (Double(pixels) / 1e5).rounded() / 10 }
}
