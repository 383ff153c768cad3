import Domain
import Foundation
import TestSupport
import Testing
import Threading

@testable import Video

/// What streams that state as much as they can cost eight cameras at once. Alone, since it measures the process.
@Suite(.tags(.alone), .serialized, .waiting(minutes: 5)) struct HostileMemoryTests {
    /// Bytes that the process has grown by at most, and why the streams ended.
    private func watch(_ cameras: [ScriptedCamera]) async throws -> (grown: Int, reasons: Set<String>) {
        let before = try StreamMemoryTests.peakBytes(reset: true)
        let reasons = await withTaskGroup(of: String.self) { group in
            for url in cameras.map(\.url) {
                group.addTask {
                    do {
                        try await onOwnThread(named: "watch") {
                            var options = VideoSource.Options()
                            options.largestPicture = 12_600_000
                            let source = try VideoSource(CameraURL(url), options: options, deadline: ReadDeadline())
                            while let picture = try source.next() {
                                _ = Frame(taking: picture.raw, time: MediaTime(picture.pts), date: Date())
                            }
                        }
                        return "the end"
                    } catch { return (error as? VideoError)?.cause ?? "\(error)" }
                }
            }
            return await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        return try withExtendedLifetime(cameras) { (try StreamMemoryTests.peakBytes() - before, reasons) }
    }

    @Test func `parameters without an end cost each camera little`() async throws {
        // As large as is taken, and as many as the standard has; each set comes before a picture.
        let many = (0..<64).flatMap {
            [MadeH265.video, MadeH265.sequence(4096, 3072, kept: 16), MadeH265.picture($0), MadeH265.slice]
        }
        let refused = try await watch((0..<8).map { _ in try MadeH265.camera(many, times: 1) })
        #expect(refused.reasons == ["it sends more than 8 different sets of picture parameters"], "\(refused.reasons)")
        #expect(refused.grown < 8 * Self.most, "\(refused.grown >> 20) MiB")
        // Larger than is taken: 64 sets of such tables are gigabytes.
        let large = [MadeH265.video, MadeH265.sequence(8192, 8192)] + (0..<8).map(MadeH265.picture) + [MadeH265.slice]
        let named = try await watch((0..<8).map { _ in try MadeH265.camera(large, times: 2) })
        #expect(named.reasons.allSatisfy { $0.contains("8192x8192 pixels are too large") }, "\(named.reasons)")
        #expect(named.grown < 8 * Self.most, "\(named.grown >> 20) MiB")
        // As many as are taken.
        let few =
            [MadeH265.video, MadeH265.sequence(4096, 3072, kept: 16)] + (0..<8).map(MadeH265.picture) + [MadeH265.slice]
        let taken = try await watch((0..<8).map { _ in try MadeH265.camera(few, times: 6) })
        #expect(taken.grown < 8 * Self.most, "\(taken.grown >> 20) MiB, \(taken.reasons)")
        print("grown: \(refused.grown >> 20), \(named.grown >> 20) and \(taken.grown >> 20) MiB, \(taken.reasons)")
    }

    private static let most = 120 << 20
}
