internal import CFFmpeg

/// What libav asks while it blocks: whether the time is over, and whether it is still at the camera's address.
///
/// A camera may send its caller elsewhere (RTSP's redirection). Libav follows over RTSP only, but to any host, and takes
/// the password along.
final class StreamGuard {
    /// A host, and how it is spoken to.
    private struct Place: Equatable {
        let proto: String
        let host: String

        /// As libav splits addresses: whoever splits them otherwise can be deceived.
        init(_ url: UnsafePointer<CChar>) {
            var (proto, host) = ([CChar](repeating: 0, count: 128), [CChar](repeating: 0, count: 1024))
            av_url_split(&proto, Int32(proto.count), nil, 0, &host, Int32(host.count), nil, nil, 0, url)
            func text(_ characters: [CChar]) -> String {
                String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).lowercased()
            }
            (self.proto, self.host) = (text(proto), text(host))
        }
    }

    private let deadline: ReadDeadline
    private let format: UnsafeMutablePointer<AVFormatContext>
    private let home: Place
    /// Where the camera has sent its caller; nil while that is its own address.
    private(set) var elsewhere: String?

    /// - Parameter format: lives as long as libav asks; its `url` is where it is at.
    init(_ deadline: ReadDeadline, _ format: UnsafeMutablePointer<AVFormatContext>, at url: CameraURL) {
        self.deadline = deadline
        self.format = format
        home = Place(url.secret)
    }

    var callback: AVIOInterruptCB {
        AVIOInterruptCB(
            callback: { opaque in
                guard let opaque else { return 0 }
                return Unmanaged<StreamGuard>.fromOpaque(opaque).takeUnretainedValue().isOver ? 1 : 0
            },
            opaque: Unmanaged.passUnretained(self).toOpaque())
    }

    private var isOver: Bool {
        if deadline.isOver || elsewhere != nil { return true }
        guard let url = format.pointee.url, url.pointee != 0 else { return false }
        let place = Place(url)
        guard place != home else { return false }
        elsewhere = place.host.isEmpty ? "no host" : place.host
        return true
    }
}
