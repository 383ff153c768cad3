import Analytics
import Domain
import Foundation
import Testing

@testable import Bench

@Suite struct ScoreTests {
    private let truth: Truth = {
        let text = """
            {"size": [100, 100], "zones": [],
             "events": [{"id": 1, "kind": "parking.motor", "zone": "z", "start": 10, "end": 50, "box": [10, 10, 20, 20]}]}
            """
        return (try? JSONDecoder().decode(Truth.self, from: Data(text.utf8)))
            ?? Truth(size: [1, 1], zones: [], events: [])
    }()

    private func alert(_ opened: Double, closed: Double? = nil, x: Double = 0.1) -> Incident {
        Incident(
            id: UUID(), kind: .illegalParking, camera: "c", zone: "z", firstSeen: MediaTime(10),
            confirmed: MediaTime(opened), lastSeen: MediaTime(opened), closed: closed.map { MediaTime($0) },
            threshold: 20,
            object: .init(objectClass: .car, confidence: 0.5, box: Box(x: x, y: 0.1, width: 0.2, height: 0.2)))
    }

    private func score(_ alerts: [Incident], dwell: Double = 20, wait: Double = 2) -> Score {
        score(alerts.map { .init(incident: $0, wait: wait) }, dwell: dwell)
    }

    private func score(_ alerts: [Score.Alert], dwell: Double = 20) -> Score {
        Score(alerts: alerts, truth: truth, dwell: { _ in dwell }, longestLook: 3)
    }

    @Test(arguments: [(28.9, 0), (29.0, 1), (37.0, 1), (37.1, 0)])
    func `only an opening in its window matches`(_ opened: Double, _ matched: Int) {
        let result = score([alert(opened)])
        #expect(result.matched == matched)
        #expect(result.missed == 1 - matched)
        #expect(result.wrong == 1 - matched)
    }

    @Test(arguments: [(-5, 35.0, 1), (0.5, 35.5, 1), (0.5, 35.6, 0), (500, 38.0, 1), (500, 38.1, 0)])
    func `an alert may be late by its own look, but by no more than the promise`(
        wait: Double, opened: Double, matched: Int
    ) {
        #expect(score([alert(opened)], wait: wait).matched == matched)
    }

    @Test func `the gap before one alert excuses no other alert`() {
        let alerts = [Score.Alert(incident: alert(60, x: 0.6), wait: 500), .init(incident: alert(37), wait: 1)]
        let result = score(alerts)
        #expect((result.matched, result.missed, result.wrong) == (0, 1, 2))
    }

    @Test func `a second alert of one event is a duplicate`() {
        let result = score([alert(31), alert(45)])
        #expect((result.matched, result.duplicate, result.wrong) == (1, 1, 0))
    }

    @Test func `an alert in another place is false`() {
        #expect(score([alert(31, x: 0.6)]).wrong == 1)
    }

    @Test func `a short event is not expected, and its alert is false`() {
        let result = score([alert(56)], dwell: 45)
        #expect((result.matched, result.missed, result.wrong) == (0, 0, 1))
    }

    @Test func `two events with the same id are two events`() throws {
        func event(_ x: Int) -> String {
            #"{"id": 1, "kind": "parking.motor", "zone": "z", "start": 10, "end": 50, "box": [\#(x), 10, 20, 20]}"#
        }
        let text = #"{"size": [100, 100], "zones": [], "events": [\#(event(10)), \#(event(60))]}"#
        let truth = try JSONDecoder().decode(Truth.self, from: Data(text.utf8))
        let alerts = [alert(30), alert(30, x: 0.6)].map { Score.Alert(incident: $0, wait: 2) }
        let result = Score(alerts: alerts, truth: truth, dwell: { _ in 20 }, longestLook: 3)
        #expect((result.matched, result.missed, result.wrong, result.duplicate) == (2, 0, 0, 0))
    }

    @Test func `an event of a kind that no zone is watched for is missed, unless it was not asked for`() {
        func missed(_ kinds: Set<AlertKind>?) -> Int {
            Score(alerts: [], truth: truth, dwell: { _ in 20 }, longestLook: 3, kinds: kinds).missed
        }
        #expect(missed(nil) == 1)
        #expect(missed([.illegalParking]) == 1)
        #expect(missed([.crowd]) == 0)
    }

    @Test func `delays are measured from the threshold and from the end`() {
        let result = score([alert(31.5, closed: 53)])
        #expect(result.openingDelays == [1.5])
        #expect(result.closingDelays == [3])
    }

    @Test func `percentiles are taken by nearest rank`() {
        #expect(Score.percentile(0.5, of: [3, 1, 2]) == 2)
        #expect(Score.percentile(0.95, of: Array(stride(from: 1.0, through: 100, by: 1))) == 95)
        #expect(Score.percentile(0.5, of: []) == nil)
    }
}
