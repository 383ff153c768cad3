import Analytics
import Domain
import Testing

@testable import Pipeline

/// A memory card takes few writes: what is under way is kept when it changes, and then now and then.
@Suite struct WatchKeepingTests {
    private func finding(_ phase: Finding.Phase, place: Int = 1) -> Finding {
        Finding(
            kind: .crowd, zone: "z", place: place, phase: phase, firstSeen: MediaTime(0), lastSeen: MediaTime(0),
            threshold: 60,
            object: .init(
                objectClass: .crowd, confidence: 1, box: Box(x: 0, y: 0, width: 1, height: 1)))
    }

    @Test func `changes are kept at once, what goes on every half minute, nothing every five minutes`() {
        var keeping = WatchKeeping()
        let (pending, standing) = ([finding(.pending)], [finding(.standing)])
        let looks: [(stationary: [Int], findings: [Finding], time: Double)] = [
            ([], [], 0), ([], [], 299), ([], [], 300), ([], pending, 302), ([], pending, 331), ([], pending, 332),
            ([], standing, 334), ([], [finding(.hidden)], 336), ([4], standing, 338), ([4], standing, 366),
            ([4], [finding(.standing, place: 2)], 367), ([5], [finding(.ended(at: MediaTime(360)))], 368),
            ([], [], 370),
            ([], [], 400),
        ]
        let due = looks.map { keeping.isDue($0.stationary, $0.findings, at: MediaTime($0.time)) }
        #expect(
            due == [
                true, false, true, true, false, true, true, false, true, false, true, true, true, false,
            ])
    }
}
