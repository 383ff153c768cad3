import Analytics
import Domain
import Foundation
import Logging
import TestSupport
import Testing

@testable import Contract
@testable import Edge
@testable import Store

/// False alarms are what can be learnt from.
@Suite struct HardExamplesTests {
    private struct Site {
        let folder: TemporaryFolder
        let outbox: Outbox
        let evidence: URL
        let examples: URL
        let limit: Int

        init(limit: Int = 2) throws {
            folder = try TemporaryFolder()
            outbox = try Outbox(file: folder.file("outbox.sqlite"))
            evidence = folder.file("evidence")
            examples = folder.file("hard-examples")
            self.limit = limit
        }

        /// A picture, and an alert that names it.
        func alert(masked: Bool = true, hasPicture: Bool = true) throws -> Incident {
            let incident = Incident(
                id: UUIDv7.make(), kind: .illegalParking, camera: "cam-01", zone: "np1", firstSeen: MediaTime(0),
                confirmed: MediaTime(300), lastSeen: MediaTime(300), threshold: 300,
                object: .init(objectClass: .car, confidence: 0.7, box: Box(x: 0.1, y: 0.2, width: 0.3, height: 0.4)),
                why: [.init(at: MediaTime(300), what: "stood for 300 s")])
            let path = "2026-11-24/\(incident.id.uuidString.lowercased())/panorama-first.jpg"
            if hasPicture {
                let file = evidence.appending(path: path)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(incident.id.uuidString.utf8).write(to: file)
            }
            let site = try SiteIdentity.edge01()
            let place = site.place
            let entry = try #require(try Catalogue.builtIn()[.illegalParking])
            let picture = EvidenceReference(
                role: "panorama-first", sha256: incident.id.uuidString, bytes: 36, masked: masked,
                taken: Date(timeIntervalSince1970: 1_790_000_000), path: path)
            let envelope = IncidentEnvelope(
                incident: incident, site: site,
                camera: CameraIdentity(id: "cam-01", name: "", place: place, timeZone: .gmt),
                zone: ZoneIdentity(id: "np1", name: "", surface: .carriageway), entry: entry,
                evidence: [picture, picture],
                date: { Date(timeIntervalSince1970: 1_790_000_000 + $0.seconds) })
            try outbox.append(incident) { _, sequence in
                try envelope.message(sequence: sequence, topics: AlertTopics())
            }
            return incident
        }

        func consider(_ incident: Incident, _ verdict: Verdict) throws {
            let keeping = HardExamples(
                folder: examples, evidence: evidence, limit: limit, outbox: outbox,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            keeping.consider(try #require(incident.reviewed(verdict)))
        }

        func kept() -> [String] {
            (try? FileManager.default.contentsOfDirectory(atPath: examples.path).sorted()) ?? []
        }
    }

    @Test(arguments: Verdict.allCases) func `a verdict against the rule keeps the pictures, another does not`(
        _ verdict: Verdict
    ) throws {
        let site = try Site()
        let incident = try site.alert()
        try site.consider(incident, verdict)
        let isKept = verdict == .falsePositive || verdict == .wrongKind
        #expect(site.kept() == (isKept ? [incident.id.uuidString.lowercased()] : []))
        guard isKept, let name = site.kept().first else { return }
        let folder = site.examples.appending(path: name)
        // The evidence is deleted in its time; the example stays.
        try FileManager.default.removeItem(at: site.evidence)
        #expect(
            try Data(contentsOf: folder.appending(path: "panorama-first.jpg")) == Data(incident.id.uuidString.utf8))
        let json = try JSONSerialization.jsonObject(
            with: Data(contentsOf: folder.appending(path: HardExamples.descriptionName)))
        let facts = try #require(json as? [String: Any])
        #expect(facts["kind"] as? String == "parking.motor" && facts["camera"] as? String == "cam-01")
        #expect(facts["verdict"] as? String == verdict.rawValue)
        #expect((facts["object"] as? [String: Any])?["box"] as? [Double] == [0.1, 0.2, 0.3, 0.4])
        #expect((facts["why"] as? [[String: Any]])?.first?["what"] as? String == "stood for 300 s")
        #expect((facts["pictures"] as? [Any])?.count == 1)
        #expect(facts["by"] == nil && facts["note"] == nil)
    }

    @Test func `the oldest go, and the same is kept once`() throws {
        let site = try Site(limit: 2)
        let incidents = try (0..<4).map { _ in try site.alert() }
        for incident in [incidents[1], incidents[0], incidents[3], incidents[3], incidents[2]] {
            try site.consider(incident, .falsePositive)
        }
        #expect(site.kept() == incidents.suffix(2).map { $0.id.uuidString.lowercased() }.sorted())
    }

    @Test func `nothing is kept without a masked picture, or where it is off`() throws {
        let site = try Site()
        try site.consider(try site.alert(masked: false), .falsePositive)
        try site.consider(try site.alert(hasPicture: false), .falsePositive)
        #expect(site.kept() == [])
        let off = try Site(limit: 0)
        try off.consider(try off.alert(), .falsePositive)
        #expect(off.kept() == [])
    }

    @Test func `a limit that a reload changes holds from the next review on`() throws {
        let site = try Site()
        let keeping = HardExamples(
            folder: site.examples, evidence: site.evidence, limit: 0, outbox: site.outbox,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let incident = try #require(try site.alert().reviewed(.falsePositive))
        keeping.consider(incident)
        #expect(site.kept().isEmpty)
        keeping.adopt(limit: 2)
        keeping.consider(incident)
        #expect(site.kept().count == 1)
    }
}
