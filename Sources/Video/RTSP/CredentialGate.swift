import Glibc
import Synchronization

/// Prevents wrong passwords from locking the user of a camera, or of a recorder for all its channels: many devices do
/// so for half an hour after five to seven failed attempts.
///
/// Rejected credentials are not sent again for minutes; and of several cameras at one address one tries first, while
/// the others wait for the result. Other credentials, from a corrected file, may be used at once.
public final class CredentialGate: Sendable {
    /// For all cameras of this process.
    public static let shared = CredentialGate()

    /// The unit that is locked together.
    struct Key: Hashable {
        /// Host and port.
        let place: String
        let login: CameraURL.Login
        /// For a rejection that concerns a single path.
        var path: String?
    }

    private struct Entry {
        var isTrying = false
        var refusals = 0
        /// Seconds of the monotonic clock.
        var until = -Double.infinity
        var proven = -Double.infinity
        var fault = RTSPFault("user and password are refused", kind: .wrongLogin)
    }

    enum Outcome: Equatable {
        case proven
        /// With the status.
        case refused(Int)
        /// Interrupted by something else.
        case unknown
    }

    /// Seconds of rest after the first consecutive rejection, the second and so on: never five attempts within half an
    /// hour.
    private static let rests = [300.0, 600, 1200, 1800]
    /// Seconds after a success in which concurrent attempts need not wait for one another.
    private static let provenFor = 60.0

    private let entries = Mutex<[Key: Entry]>([:])

    public init() {}

    /// Throws while the credentials must rest.
    func check(_ key: Key, at now: Double) throws(RTSPFault) {
        guard let entry = entries.withLock({ $0[key] }), entry.until > now else { return }
        var fault = entry.fault
        fault.rest = entry.until - now
        throw fault
    }

    /// Waits until there is no concurrent attempt; true where the caller's own is the attempt to wait for, and must
    /// `leave`.
    func enter(_ key: Key, now: () -> Double, patience: RTSPPatience) throws(RTSPFault) -> Bool {
        while true {
            try check(key, at: now())
            let isTurn: Bool? = entries.withLock { entries in
                var entry = entries[key] ?? Entry()
                if now() - entry.proven < Self.provenFor { return false }
                guard !entry.isTrying else { return nil }
                entry.isTrying = true
                entries[key] = entry
                return true
            }
            if let isTurn { return isTurn }
            guard !patience.isOver else {
                throw RTSPFault(
                    "another camera of this recorder got no answer to its user and password in time", kind: .silent)
            }
            usleep(20_000)
        }
    }

    /// - Parameter isTrying: the result of `enter`.
    func leave(_ key: Key, isTrying: Bool, _ outcome: Outcome, at now: Double) {
        entries.withLock { entries in
            var entry = entries[key] ?? Entry()
            if isTrying { entry.isTrying = false }
            switch outcome {
            case .unknown: break
            case .proven:
                entry.proven = now
                (entry.refusals, entry.until) = (0, -.infinity)
            case .refused(let status):
                guard entry.until <= now else { break }
                let rest = Self.rests[min(entry.refusals, Self.rests.count - 1)]
                entry.refusals += 1
                entry.until = now + rest
                entry.proven = -.infinity
                entry.fault = Self.fault(status, rest, isOne: key.path != nil)
            }
            entries[key] = entry
        }
    }

    /// Whether they were accepted there before.
    func knows(_ key: Key) -> Bool { entries.withLock { ($0[key]?.proven ?? -.infinity) > -.infinity } }

    private static func fault(_ status: Int, _ rest: Double, isOne: Bool) -> RTSPFault {
        let what =
            isOne
            ? "its user may not see this stream (\(RTSPMessage.text(status)))"
            : "user and password are refused (\(RTSPMessage.text(status)))"
        let remedy =
            (isOne ? "give the user that right at the camera" : "correct its credentials_file and reload")
            + "; they are shown again in \(Int(rest / 60)) minutes, so that the camera does not lock its user"
        return RTSPFault(what, remedy: remedy, kind: isOne ? .forbidden : .wrongLogin)
    }
}
