public import Foundation
internal import Video

/// Evidence on disk: one folder a day, one an incident; readable by the service's own user and group only.
public struct EvidenceStore: Sendable {
    /// A picture that lies on disk.
    public struct Stored: Sendable, Equatable {
        public let role: EvidenceImage.Role
        public let sha256: String
        public let bytes: Int
        public let taken: Date
        /// Relative to the store's folder.
        public let file: String
    }

    public struct StoreError: Error, CustomStringConvertible {
        public let description: String
    }

    public let folder: URL

    /// Creates the folder; throws where it cannot be written.
    public init(folder: URL) throws {
        self.folder = folder
        try Self.explaining("create the evidence folder \(folder.path)") {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
        }
    }

    /// Writes a picture so that a crash leaves either all of it or nothing.
    public func save(_ image: EvidenceImage, incident: UUID) throws -> Stored {
        let hash = SHA256.hex(image.jpeg)
        let day = Self.day(image.taken)
        let name = "\(day)/\(incident.uuidString.lowercased())/\(image.role.rawValue)-\(hash.prefix(12)).jpg"
        let file = folder.appending(path: name)
        try Self.explaining("write the evidence \(file.path)") {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o750])
            try Data(image.jpeg).write(to: file, options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path)
        }
        return Stored(role: image.role, sha256: hash, bytes: image.jpeg.count, taken: image.taken, file: name)
    }

    /// Deletes the days that ended more than `days` before `now`; returns how many.
    public func prune(keeping days: Int, now: Date) throws -> Int {
        let oldest = Self.day(now.addingTimeInterval(-Double(days + 1) * 86_400))
        var deleted = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
        where name.count == 10 && name < oldest && name.wholeMatch(of: #/\d{4}-\d\d-\d\d/#) != nil {
            try FileManager.default.removeItem(at: folder.appending(path: name))
            deleted += 1
        }
        return deleted
    }

    private static func day(_ date: Date) -> String {
        date.formatted(.iso8601.year().month().day())
    }

    private static func explaining(_ operation: String, _ body: () throws -> Void) throws {
        do { try body() } catch {
            throw StoreError(
                description: "could not \(operation): \(error.localizedDescription); check its owner and the free space"
            )
        }
    }
}
