import CFFmpeg
import Testing

@testable import Video

@Suite struct SkippedKeysTests {
    /// Adds so many packets of this size, a second apart; returns what is kept.
    private func kept(_ count: Int, bytes: Int32) throws -> [PastPictures.Key] {
        let keys = SkippedKeys()
        for second in 0..<count {
            var packet = av_packet_alloc()
            defer { av_packet_free(&packet) }
            let new = try #require(packet)
            try #require(av_new_packet(new, bytes) == 0)
            let isAdded = keys.add(new, at: Double(second))
            #expect(isAdded)
        }
        return keys.take()
    }

    @Test func `the newest key frames are kept, as many as a minute has`() throws {
        let keys = try kept(500, bytes: 1000)
        #expect(keys.map(\.time) == (436..<500).map(Double.init))
    }

    @Test func `large ones are bounded in bytes`() throws {
        let keys = try kept(100, bytes: 1 << 20)
        #expect(keys.map(\.time) == (94..<100).map(Double.init))
    }
}
