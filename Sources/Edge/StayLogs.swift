import Analytics
import Synchronization

/// What stood and lay in the last hour, of each camera and preset: it outlives the runs of the cameras, for a zone that is saved starts
/// its camera anew.
final class StayLogs: Sendable {
    private struct Key: Hashable {
        let camera: String
        let preset: String?
    }

    private let logs = Mutex<[Key: StayLog]>([:])

    /// - Parameter preset: nil for a camera without presets.
    func log(of camera: String, preset: String?) -> StayLog {
        logs.withLock { logs in
            let key = Key(camera: camera, preset: preset)
            if let log = logs[key] { return log }
            let log = StayLog()
            logs[key] = log
            return log
        }
    }

    /// By preset; nil for a camera without presets.
    func histories(of camera: String) -> [String?: StayHistory] {
        let found = logs.withLock { $0.filter { $0.key.camera == camera } }
        return Dictionary(found.map { ($0.key.preset, $0.value.history) }) { first, _ in first }
    }

    /// Forgets all other cameras.
    func keep(_ cameras: [String]) { logs.withLock { logs in logs = logs.filter { cameras.contains($0.key.camera) } } }
}
