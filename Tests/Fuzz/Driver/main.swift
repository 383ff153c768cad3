// libFuzzer over one of the doors: `gridwarden-fuzz TARGET [libFuzzer's options and folders]`.
import FuzzTargets
import Glibc

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ take: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

nonisolated(unsafe) private var target = FuzzTarget.configuration

guard CommandLine.argc > 1, let chosen = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
    print("gridwarden-fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [options] [folders]")
    exit(64)
}
target = chosen
var count = CommandLine.argc - 1
// libFuzzer wants its own name first; it does not read it.
var arguments = CommandLine.unsafeArgv + 1
exit(
    runDriver(&count, &arguments) { bytes, length in
        target.take(Array(UnsafeBufferPointer(start: bytes, count: length)))
        return 0
    })
