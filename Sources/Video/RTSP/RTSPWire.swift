/// A connection to a camera. Used by one thread.
protocol RTSPWire: AnyObject {
    /// What `poll` may wait for; nil where `read` itself waits.
    var descriptor: Int32? { get }

    /// Reads what has come: how many bytes, 0 where nothing has, nil at the end of what the camera sends.
    func read(into buffer: UnsafeMutableRawBufferPointer, _ patience: RTSPPatience) throws(RTSPFault) -> Int?

    func write(_ bytes: [UInt8], _ patience: RTSPPatience) throws(RTSPFault)
}
