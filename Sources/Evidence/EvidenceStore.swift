public import Foundation
import Hashing
import Runtime
import Synchronization
internal import Video

/// Evidence on disk: one folder for each day, with one for each incident; readable by the service's own user and group
/// only.
public final class EvidenceStore: Sendable {
    /// A picture on disk.
    public struct Stored: Sendable, Equatable {
        public let role: EvidenceImage.Role
        public let sha256: String
        public let bytes: Int
        public let taken: Date
        /// Relative to the store's folder.
        public let file: String
        /// From the camera's main stream, which was opened for it.
        public internal(set) var isDetail = false
    }

    public struct StoreError: Error, CustomStringConvertible {
        public let description: String
    }

    public let folder: URL
    private let total: Mutex<Int>
    /// The identity of the folder, independent of its name.
    private let place: Mutex<FileIdentity?>

    /// Creates the folder, and sums up its content; throws where it is not writable.
    public init(folder: URL) throws {
        self.folder = folder
        total = Mutex(0)
        try Self.createFolder(folder)
        place = Mutex(FileIdentity(path: folder.path))
        for day in days { total.withLock { $0 += Self.bytes(of: folder.appending(path: day)) } }
    }

    /// Whether the folder with this name is still the one that was opened: it may be deleted, moved or mounted over.
    public var isInPlace: Bool { FileIdentity(path: folder.path).map { it in place.withLock { $0 == it } } ?? false }

    /// Recreates a missing folder, and sums up the content of the present one.
    public func renew() throws {
        try Self.createFolder(folder)
        let bytes = days.reduce(0) { $0 + Self.bytes(of: folder.appending(path: $1)) }
        total.withLock { $0 = bytes }
        place.withLock { $0 = FileIdentity(path: folder.path) }
    }

    /// Of all pictures and messages, without the ledger.
    public var bytes: Int { total.withLock { $0 } }

    /// Writes a picture so that a crash or a power cut leaves either all of it or nothing.
    public func save(_ image: EvidenceImage, incident: UUID) throws -> Stored {
        let hash = try SHA256.hex(image.jpeg)
        let file = try save(
            image.jpeg, name: "\(image.role.rawValue)-\(hash.prefix(EvidenceName.hashDigits))\(EvidenceName.picture)",
            incident: incident, date: image.taken)
        return Stored(
            role: image.role, sha256: hash, bytes: image.jpeg.count, taken: image.taken, file: file,
            isDetail: image.isDetail)
    }

    /// Writes the exact payload of a message beside the pictures of its incident; returns its path relative to the
    /// folder.
    ///
    /// After a kill between the file and its record, the file already exists, possibly under an earlier day.
    public func save(_ payload: [UInt8], sequence: Int64, incident: UUID, date: Date) throws -> String {
        let name = "\(EvidenceName.message)\(String(format: "%020lld", sequence)).json"
        let hash = try SHA256.hex(payload)
        for day in days {
            let earlier = "\(day)/\(incident.uuidString.lowercased())/\(name)"
            if (try? BoundedFile.hash(earlier, in: folder, atMost: payload.count)) == hash { return earlier }
        }
        return try save(payload, name: name, incident: incident, date: date)
    }

    private func save(_ bytes: [UInt8], name: String, incident: UUID, date: Date) throws -> String {
        let name = "\(Self.day(date))/\(incident.uuidString.lowercased())/\(name)"
        let file = folder.appending(path: name)
        try Self.createFolder(file.deletingLastPathComponent())
        let before = Self.bytes(of: file)
        do { try DurableFile.write(bytes, to: file) } catch { throw StoreError(description: "\(error)") }
        total.withLock { $0 += bytes.count - before }
        return name
    }

    /// The bytes of a picture, where they still have this hash; nil otherwise. No part of the path may be a link.
    ///
    /// - Parameter limit: a larger file is not read, in bytes.
    public static func picture(_ file: String, sha256: String, in folder: URL, atMost limit: Int) -> [UInt8]? {
        guard let bytes = try? BoundedFile.read(file, in: folder, atMost: limit), (try? SHA256.hex(bytes)) == sha256
        else { return nil }
        return bytes
    }

    /// The days with evidence, oldest first.
    public var days: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter(Self.isDay).sorted()
    }

    /// The days that ended more than `days` before `now`, oldest first.
    ///
    /// - Parameter arrivals: of days with an impossible date, when they were found.
    public func expired(keeping days: Int, now: Date, arrivals: [String: Date] = [:]) -> [String] {
        let oldest = Self.day(now.addingTimeInterval(-Double(days + 1) * 86_400))
        return self.days.filter { (arrivals[$0].map(Self.day) ?? $0) < oldest }
    }

    /// The incidents with evidence, each once, in the order of their first days and then of their ids.
    public var incidents: [UUID] {
        var known = Set<UUID>()
        return days.flatMap { day in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: day).path)) ?? [])
                .sorted().compactMap(UUID.init(uuidString:)).filter { known.insert($0).inserted }
        }
    }

    /// Deletes the evidence of a day.
    public func delete(day: String) throws {
        guard Self.isDay(day) else { return }
        try delete(folder.appending(path: day))
    }

    /// Deletes the evidence of an incident; returns the number of bytes.
    @discardableResult
    public func delete(incident: UUID) throws -> Int {
        try days.reduce(0) { freed, day in
            freed + (try delete(folder.appending(path: "\(day)/\(incident.uuidString.lowercased())")))
        }
    }

    /// A missing file is not a fault.
    @discardableResult
    private func delete(_ target: URL) throws -> Int {
        guard FileManager.default.fileExists(atPath: target.path) else { return 0 }
        let before = Self.bytes(of: target)
        // Files left by a failed deletion still count.
        defer { total.withLock { $0 -= before - Self.bytes(of: target) } }
        do { try FileManager.default.removeItem(at: target) } catch {
            throw StoreError(
                description: "could not delete \(target.path): \(error.localizedDescription); check its owner")
        }
        return before
    }

    /// Of a file, or of all files below a folder; 0 where there is nothing.
    private static func bytes(of target: URL) -> Int {
        let keys: Set<URLResourceKey> = [.fileSizeKey, .isRegularFileKey]
        func size(_ file: URL) -> Int {
            guard let values = try? file.resourceValues(forKeys: keys), values.isRegularFile == true else { return 0 }
            return values.fileSize ?? 0
        }
        guard let files = FileManager.default.enumerator(at: target, includingPropertiesForKeys: Array(keys)) else {
            return size(target)
        }
        return files.reduce(size(target)) { $0 + (($1 as? URL).map(size) ?? 0) }
    }

    static func isDay(_ name: String) -> Bool { EvidenceName.isDay(name) }

    static func day(_ date: Date) -> String {
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
