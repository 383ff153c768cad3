// Writes what a scripted scene gives to an outbox as fast as it can, and publishes it: the part of the daemon that must
// lose nothing, small enough to be killed hundreds of times. `chaos-writer STATE HOST PORT SEED PROGRESS PAUSE`.
import Foundation
import Glibc
import Logging
import TestSupport

let words = CommandLine.arguments
guard words.count == 7, let port = Int(words[3]), let seed = UInt64(words[4]), let pause = UInt32(words[6]) else {
    FileHandle.standardError.write(Data("chaos-writer STATE HOST PORT SEED PROGRESS PAUSE\n".utf8))
    exit(64)
}
let parent = getppid()
let writer = try ChaosWriter(
    state: URL(filePath: words[1]), host: words[2], port: port, seed: seed,
    progress: ChaosProgress(file: URL(filePath: words[5])),
    pause: pause)
signal(SIGTERM, SIG_IGN)
let source = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
source.setEventHandler { writer.stop() }
source.resume()
try await writer.run { getppid() == parent }
