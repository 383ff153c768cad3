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
        try Self.createFolder(folder)
    }

    /// Writes a picture so that a crash or a power cut leaves either all of it or nothing.
    public func save(_ image: EvidenceImage, incident: UUID) throws -> Stored {
        let hash = SHA256.hex(image.jpeg)
        let file = try save(
            image.jpeg, name: "\(image.role.rawValue)-\(hash.prefix(12)).jpg", incident: incident, date: image.taken)
        return Stored(role: image.role, sha256: hash, bytes: image.jpeg.count, taken: image.taken, file: file)
    }

    /// Writes the exact payload of a message beside the pictures of its incident; returns where, relative to the folder.
    public func save(_ payload: [UInt8], sequence: Int64, incident: UUID, date: Date) throws -> String {
        try save(
            payload, name: "message-\(String(format: "%020lld", sequence)).json", incident: incident, date: date)
    }

    private func save(_ bytes: [UInt8], name: String, incident: UUID, date: Date) throws -> String {
        let name = "\(Self.day(date))/\(incident.uuidString.lowercased())/\(name)"
        let file = folder.appending(path: name)
        try Self.createFolder(file.deletingLastPathComponent())
        do { try DurableFile.write(bytes, to: file) } catch { throw StoreError(description: "\(error)") }
        return name
    }

    /// The days that ended more than `days` before `now`, oldest first.
    public func expired(keeping days: Int, now: Date) throws -> [String] {
        let oldest = Self.day(now.addingTimeInterval(-Double(days + 1) * 86_400))
        return try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0 < oldest && Self.isDay($0) }.sorted()
    }

    /// Deletes all that is kept of a day.
    public func delete(day: String) throws {
        guard Self.isDay(day) else { return }
        try FileManager.default.removeItem(at: folder.appending(path: day))
    }

    static func isDay(_ name: String) -> Bool { name.wholeMatch(of: #/\d{4}-\d\d-\d\d/#) != nil }

    private static func day(_ date: Date) -> String {
        date.formatted(.iso8601.year().month().day())
    }

    private static func createFolder(_ folder: URL) throws {
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
        } catch {
            throw StoreError(
                description: "could not create the evidence folder \(folder.path): \(error.localizedDescription); "
                    + "check its owner and the free space")
        }
    }
}
