import Foundation
import Glibc
import Synchronization

/// A server on a free port of the loopback that says the same to each caller, whatever is asked, and then hangs up: all
/// that a camera sends is one array of bytes.
public final class ScriptedCamera: Sendable {
    /// What the serving thread holds; it must not keep the server alive.
    private final class Shared: Sendable {
        let listener: Int32
        let script: [UInt8]
        let isStopped = Atomic<Bool>(false)

        init(listener: Int32, script: [UInt8]) {
            self.listener = listener
            self.script = script
        }
    }

    public let url: String
    private let shared: Shared

    public init(saying script: [UInt8]) throws {
        let (listener, port) = try LoopbackListener.open()
        url = "rtsp://127.0.0.1:\(port)/"
        let shared = Shared(listener: listener, script: script)
        self.shared = shared
        Thread.detachNewThread { Self.serve(shared) }
    }

    deinit {
        shared.isStopped.store(true, ordering: .relaxed)
        shutdown(shared.listener, Int32(SHUT_RDWR))
    }

    private static func serve(_ shared: Shared) {
        var heard = [UInt8](repeating: 0, count: 4096)
        while true {
            let caller = accept(shared.listener, nil, nil)
            guard caller >= 0, !shared.isStopped.load(ordering: .relaxed) else {
                if caller >= 0 { close(caller) }
                break
            }
            var sent = 0
            while sent < shared.script.count {
                let part = shared.script[sent...].withUnsafeBytes {
                    send(caller, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard part > 0 else { break }
                sent += part
            }
            shutdown(caller, Int32(SHUT_WR))
            // Closed with something unread, the connection would break before the caller has heard all.
            while recv(caller, &heard, heard.count, 0) > 0 {}
            close(caller)
        }
        close(shared.listener)
    }
}
