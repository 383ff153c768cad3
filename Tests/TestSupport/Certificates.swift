public import Foundation

/// An authority and what it signs, made by the script that operators use.
public struct Certificates: Sendable {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    private let folder: TemporaryFolder

    public init() throws {
        folder = try TemporaryFolder()
        try make(["authority", "Test authority"], days: nil)
    }

    public var directory: URL { folder.url }
    public var authority: String { folder.file("ca.crt").path }
    public func certificate(_ name: String) -> String { folder.file(name + ".crt").path }
    public func key(_ name: String) -> String { folder.file(name + ".key").path }

    /// - Parameter days: negative for one that has expired.
    public func makeServer(_ name: String, hosts: [String] = ["127.0.0.1"], days: Int? = nil) throws {
        try make(["server", name] + hosts, days: days)
    }

    /// One of a cluster's machines: a server, and a client of the others.
    public func makeNode(_ name: String) throws { try make(["node", name, "127.0.0.1"], days: nil) }

    /// - Parameter days: negative for one that has expired.
    public func makeClient(_ name: String, days: Int? = nil) throws { try make(["client", name], days: days) }

    private func make(_ arguments: [String], days: Int?) throws {
        Turn.isNeeded(by: "the script for certificates")
        let process = Process()
        let output = Pipe()
        process.executableURL = Footage.packageRoot.appending(path: "deploy/broker/certificates.sh")
        process.arguments = [folder.url.path] + arguments
        process.environment = ["PATH": "/usr/bin:/bin"].merging(days.map { ["DAYS": "\($0)"] } ?? [:]) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let complaint = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(description: "certificates.sh failed: \(String(decoding: complaint, as: UTF8.self))")
        }
    }
}
