/// When waiting for a camera ends: at the reader's own deadline, or after a silence.
///
/// Used by one thread, and polled by libav there.
final class RTSPPatience {
    private let deadline: ReadDeadline
    private let silence = ReadDeadline()
    /// Seconds.
    let longestSilence: Double
    private var isClosing = false

    init(_ deadline: ReadDeadline, longestSilence: Double) {
        self.deadline = deadline
        self.longestSilence = longestSilence
        heard()
    }

    /// Data has arrived, or the wait starts.
    func heard() {
        if !isClosing { silence.arm(for: longestSilence) }
    }

    /// From now on everything ends after so many seconds, whatever the reader's deadline says.
    func close(within seconds: Double) {
        isClosing = true
        silence.arm(for: seconds)
    }

    var isOver: Bool { silence.isOver || !isClosing && deadline.isOver }

    /// The fault to report after the end.
    var fault: RTSPFault {
        if deadline.isStopped { return RTSPFault("stopped", kind: .stopped) }
        return RTSPFault("no answer within \(deadline.isOver ? deadline.text : silence.text)", kind: .silent)
    }
}
