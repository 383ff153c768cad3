import Analytics
import Foundation
import Testing

@testable import Daemon

/// A memory card takes few writes: what lies there is kept when it changes.
@Suite struct GroundKeepingTests {
    private func object(_ id: Int, isThing: Bool) throws -> LeftObject {
        let text = """
            {"id": \(id), "box": {"x": 0, "y": 0, "width": 0.1, "height": 0.1}, "area": 0.01, "since": 5, "lastSeen": 9,
            "presence": {"visible": {}}, "isThing": \(isThing), "certainty": 1, "identity": {"unknown": {}}}
            """
        return try JSONDecoder().decode(LeftObject.self, from: Data(text.utf8))
    }

    @Test func `things are kept at once, and then every five minutes`() throws {
        var keeping = GroundKeeping()
        let pending = [try object(1, isThing: false)]
        let things = [try object(1, isThing: true)]
        let looks: [(lying: [LeftObject], time: Double)] = [
            ([], 0), ([], 400), (pending, 402), (pending, 404), (things, 410), (things, 709), (things, 710),
            ([], 712), ([], 714), ([], 2000),
        ]
        let due = looks.map { keeping.isDue($0.lying, [], at: MediaTime($0.time)) }
        #expect(due == [true, false, true, false, true, false, true, true, false, false])
        // Smoke needs the ground as it was before.
        let drifting = [([], 2002.0), ([1], 2004), ([1], 2006), ([1], 2304), ([], 2306), ([], 9000)]
        #expect(
            drifting.map { keeping.isDue([], $0.0, at: MediaTime($0.1)) } == [false, true, false, true, true, false])
    }
}
