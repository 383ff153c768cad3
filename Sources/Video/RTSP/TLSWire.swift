internal import CFFmpeg

/// TCP through libavformat's TLS.
final class TLSWire: RTSPWire {
    private var connection: UnsafeMutablePointer<AVIOContext>?
    /// Polled by libav while it blocks.
    private let patience: RTSPPatience

    var descriptor: Int32? { nil }

    /// - Parameter caFile: path of the PEM certificates against which the camera and its name are verified; nil accepts
    ///   any certificate.
    init(to address: RTSPAddress, caFile: String?, _ patience: RTSPPatience) throws(RTSPFault) {
        self.patience = patience
        let code = Self.open(&connection, address, caFile, patience)
        guard code < 0 else { return }
        // libav has one code for all TLS errors. Nothing is sent over a connection without verification.
        guard let caFile, !patience.isOver, Self.open(&connection, address, nil, patience) >= 0 else {
            throw fault(code)
        }
        avio_closep(&connection)
        throw RTSPFault(
            "ca_file does not vouch for its certificate, or that is none of \(address.host), or not valid today",
            remedy:
                "write the camera's own certificate or that of its authority into \(caFile), and call the camera "
                + "by a name or address that stands in its certificate", kind: .encryption)
    }

    private static func open(
        _ connection: inout UnsafeMutablePointer<AVIOContext>?, _ address: RTSPAddress, _ caFile: String?,
        _ patience: RTSPPatience
    ) -> Int32 {
        var callback = AVIOInterruptCB(
            callback: { opaque in
                guard let opaque else { return 0 }
                return Unmanaged<RTSPPatience>.fromOpaque(opaque).takeUnretainedValue().isOver ? 1 : 0
            },
            opaque: Unmanaged.passUnretained(patience).toOpaque())
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        av_dict_set(&options, "protocol_whitelist", "tls,tcp", 0)
        if let caFile {
            av_dict_set(&options, "ca_file", caFile, 0)
            av_dict_set(&options, "tls_verify", "1", 0)
        }
        patience.heard()
        defer { patience.heard() }
        return avio_open2(
            &connection, "tls://\(address.host):\(address.port)", AVIO_FLAG_READ_WRITE, &callback, &options)
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

    /// libav's TLS reads a record at a time.
    func gather() {}

    private func fault(_ code: Int32) -> RTSPFault {
        patience.isOver
            ? patience.fault
            : RTSPFault("\(FFmpegError(operation: "TLS", code: code))", isEnd: true, kind: .encryption)
    }
}
