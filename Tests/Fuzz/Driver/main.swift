// libFuzzer over one of the doors: `gridwarden-fuzz DOOR [libFuzzer's options and folders]`. With THREADS in the environment
// each input is taken in by so many threads at once, as the cameras of a box do.
import Dispatch
import Foundation
import FuzzTargets

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ take: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

nonisolated(unsafe) private var target = FuzzTarget.configuration
nonisolated(unsafe) private var threads = 1

guard CommandLine.argc > 1, let chosen = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
    print("gridwarden-fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [options] [folders]")
    exit(64)
}
target = chosen
threads = ProcessInfo.processInfo.environment["THREADS"].flatMap { Int($0) } ?? 1
var count = CommandLine.argc - 1
// libFuzzer wants its own name first; it does not read it.
var arguments = CommandLine.unsafeArgv + 1
exit(
    runDriver(&count, &arguments) { bytes, length in
        let input = Array(UnsafeBufferPointer(start: bytes, count: length))
        let target = target
        if threads == 1 {
            target.take(input)
        } else {
            DispatchQueue.concurrentPerform(iterations: threads) { _ in target.take(input) }
        }
        return 0
    })
