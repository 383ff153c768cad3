internal import CFFmpeg

/// TCP through libavformat's TLS, which reads nothing of the camera's certificate: see the operator's guide.
final class TLSWire: RTSPWire {
    private var connection: UnsafeMutablePointer<AVIOContext>?
    /// libav asks it while it blocks.
    private let patience: RTSPPatience

    var descriptor: Int32? { nil }

    init(to address: RTSPAddress, _ patience: RTSPPatience) throws(RTSPFault) {
        self.patience = patience
        var callback = AVIOInterruptCB(
            callback: { opaque in
                guard let opaque else { return 0 }
                return Unmanaged<RTSPPatience>.fromOpaque(opaque).takeUnretainedValue().isOver ? 1 : 0
            },
            opaque: Unmanaged.passUnretained(patience).toOpaque())
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        av_dict_set(&options, "protocol_whitelist", "tls,tcp", 0)
        patience.heard()
        let code = avio_open2(
            &connection, "tls://\(address.host):\(address.port)", AVIO_FLAG_READ_WRITE, &callback, &options)
        guard code >= 0 else { throw fault(code) }
        patience.heard()
    }

    deinit { avio_closep(&connection) }

    func read(into buffer: UnsafeMutableRawBufferPointer, _: RTSPPatience) throws(RTSPFault) -> Int? {
        guard let base = buffer.baseAddress else { return 0 }
        let count = avio_read_partial(connection, base.assumingMemoryBound(to: UInt8.self), Int32(buffer.count))
        if count > 0 { return Int(count) }
        if count == 0 || count == ffAVERROR_EOF { return nil }
        if count == ffAVERROR_EAGAIN { return 0 }
        throw fault(count)
    }

    func write(_ bytes: [UInt8], _: RTSPPatience) throws(RTSPFault) {
        avio_write(connection, bytes, Int32(bytes.count))
        avio_flush(connection)
        if let code = connection?.pointee.error, code < 0 { throw fault(code) }
    }

    private func fault(_ code: Int32) -> RTSPFault {
        patience.isOver ? patience.fault : RTSPFault("\(FFmpegError(operation: "TLS", code: code))", isEnd: true)
    }
}
