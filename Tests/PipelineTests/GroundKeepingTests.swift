import Analytics
import Domain
import Foundation
import Testing

@testable import Pipeline

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
        var keeping = BackgroundKeeping()
        let pending = [try object(1, isThing: false)]
        let things = [try object(1, isThing: true)]
        let looks: [(lying: [LeftObject], drifting: [Int], time: Double, isDue: Bool)] = [
            ([], [], 0, true), (pending, [], 2, false), ([], [], 4, false), (pending, [], 10, true),
            ([], [], 12, false), (pending, [], 309, false), (pending, [], 310, true), (things, [], 316, true),
            (things, [], 615, false), (things, [], 616, true), ([], [], 618, true), ([], [], 620, false),
            ([], [], 4216, false), ([], [], 4218, true),
            // Smoke needs the ground as it was before.
            ([], [1], 4220, true), ([], [1], 4222, false), ([], [1], 4520, true), ([], [], 4522, true),
        ]
        for look in looks {
            #expect(keeping.isDue(look.lying, look.drifting, at: MediaTime(look.time)) == look.isDue, "\(look.time)")
        }
    }
}
