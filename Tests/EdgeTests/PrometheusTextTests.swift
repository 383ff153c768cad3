import Foundation
import Testing

@testable import Edge

/// The text against the format's own grammar, and its names against the conventions.
@Suite struct PrometheusTextTests {
    private static let status = """
        {
          "site": "s\\"1\\\\\\n", "software": "gridwarden 1", "model": "m", "broker_connected": true,
          "blocked": {"topic": "t", "sequence": 5, "reason": "Not authorized"},
          "cameras": [
            {"id": "a", "name": "A", "state": "online", "looks": 7, "inferences": 3, "pictures": 9,
             "dropped_pictures": 1, "looks_per_second": 0.5, "seconds_since_look": 1.25, "open_incidents": 2,
             "clock_offset_seconds": -0.5, "zones": [{"id": "np1", "blind_seconds": 12.5}],
             "detail_pictures": [{"outcome": "used", "count": 4}, {"outcome": "other_view", "count": 1}]},
            {"id": "b", "name": "B", "state": "offline", "reason": "no route", "looks": 0, "inferences": 0,
             "pictures": 0, "dropped_pictures": 0, "looks_per_second": 0, "open_incidents": 0}],
          "outbox": {"undelivered": 4, "delivered": 6, "bytes": 1000, "open_incidents": 2, "last_sequence": 10,
                     "oldest_undelivered_seconds": 30.5},
          "reviews": [{"camera": "a", "kind": "parking.motor", "right": 3, "wrong": 1, "open": 0, "precision": 0.75}],
          "evidence": {"bytes": 900, "budget_bytes": 1000, "evicted_incidents": 3, "evicted_bytes": 5000},
          "looks": {"needed": 900, "late": 7, "shedding": ["env.garbage_exposed"]},
          "evidence_withheld": 1, "processor_seconds": 12.5, "resident_bytes": 1048576
        }
        """

    @Test func `every line is of the format, and every sample follows on its type`() throws {
        let status = try SiteStatus(json: Data(Self.status.utf8))
        let text = PrometheusText(status).text
        #expect(text.hasSuffix("\n"))
        var types: [String: String] = [:]
        var samples = Set<String>()
        var last = ""
        for line in text.split(separator: "\n") {
            if let match = line.wholeMatch(of: #/# HELP ([a-z_]+) [^\\]+/#) {
                last = String(match.output.1)
                #expect(types[last] == nil, "\(last) twice")
            } else if let match = line.wholeMatch(of: #/# TYPE ([a-z_]+) (counter|gauge)/#) {
                #expect(match.output.1 == last)
                types[last] = String(match.output.2)
            } else {
                let sample =
                    #/([a-z_]+)(\{[a-z]+="(?:[^"\\]|\\["\\n])*"(?:,[a-z]+="(?:[^"\\]|\\["\\n])*")*\})? (-?[0-9.e+]+)/#
                let match = try #require(line.wholeMatch(of: sample), "\(line)")
                #expect(match.output.1 == last && Double(match.output.3) != nil)
                #expect(samples.insert(String(match.output.1) + (match.output.2 ?? "")).inserted, "\(line)")
            }
        }
        for (name, type) in types {
            #expect(name.hasPrefix("gridwarden_") || name.hasPrefix("process_"))
            #expect(name.hasSuffix("_total") == (type == "counter"), "\(name)")
        }
        for line in [
            #"gridwarden_info{site="s\"1\\\n",software="gridwarden 1",model="m"} 1"#,
            #"gridwarden_camera_looks_total{camera="a"} 7"#,
            #"gridwarden_camera_last_look_age_seconds{camera="a"} 1.25"#,
            #"gridwarden_camera_clock_offset_seconds{camera="a"} -0.5"#,
            #"gridwarden_camera_detail_pictures_total{camera="a",outcome="used"} 4"#,
            #"gridwarden_camera_detail_pictures_total{camera="a",outcome="other_view"} 1"#,
            #"gridwarden_camera_state{camera="b",state="offline"} 1"#,
            #"gridwarden_camera_state{camera="b",state="online"} 0"#,
            #"gridwarden_precision_ratio{camera="a",kind="parking.motor"} 0.75"#,
            #"gridwarden_zone_blind_seconds_total{camera="a",zone="np1"} 12.5"#,
            #"gridwarden_shedding{kind="env.garbage_exposed"} 1"#, "gridwarden_looks_needed_total 900",
            "gridwarden_looks_late_total 7", "gridwarden_broker_refuses 1", "gridwarden_evidence_bytes 900",
            "gridwarden_evidence_evicted_incidents_total 3",
            "gridwarden_outbox_oldest_undelivered_age_seconds 30.5", "process_resident_memory_bytes 1048576",
        ] {
            #expect(text.split(separator: "\n").contains(Substring(line)), "\(line)")
        }
        // Nothing is said of a look that never was.
        #expect(!text.contains("last_look_age_seconds{camera=\"b\"}"))
        #expect(!text.contains("clock_offset_seconds{camera=\"b\"}"))
        #expect(try SiteStatus(json: status.json()) == status)
    }
}
