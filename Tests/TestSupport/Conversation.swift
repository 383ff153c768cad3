public import Foundation

/// A program that does one step after the other, says what it has done, a line each, and waits for a word to go on.
public final class Conversation: Sequence, IteratorProtocol {
    private let process = Process()
    private let (commands, words, faults) = (Pipe(), Pipe(), Pipe())
    private var rest = Data()

    /// - Parameter browser: that it is to drive.
    public init(_ script: URL, _ arguments: [String], in browser: WebBrowser = .chromium) throws {
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [script.path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["GRIDWARDEN_BROWSER": browser.rawValue], uniquingKeysWith: { $1 })
        (process.standardInput, process.standardOutput, process.standardError) = (commands, words, faults)
        try process.run()
    }

    deinit { process.terminate() }

    public func go() { commands.fileHandleForWriting.write(Data("\n".utf8)) }

    /// What it complained of; to be asked for at its end.
    public var complaint: String { String(decoding: faults.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }

    public func next() -> String? {
        while true {
            if let end = rest.firstIndex(of: 10) {
                defer { rest = Data(rest[(end + 1)...]) }
                return String(decoding: rest[..<end], as: UTF8.self)
            }
            let part = words.fileHandleForReading.availableData
            guard !part.isEmpty else { return nil }
            rest += part
        }
    }
}
