import Domain
import Foundation
import Runtime
import Store

/// Stores messages whole, as small as they get: with a text that all have in common, which the table `dictionary` keeps, one
/// of 2.4 kB takes 330 bytes.
///
/// `zlib.decompressobj(zdict=…)` of Python and `inflateSetDictionary` of zlib read them. Used by one thread.
final class MessagePacker {
    /// How a payload is packed, by the column `packing`.
    private enum Packing: Int {
        case plain = 0
        /// zlib (RFC 1950) with dictionary 1.
        case first = 1
    }

    /// With 6 a message takes a tenth less room, and a centre stores a tenth fewer in a second of its processor.
    private static let level = 2
    private let deflater = Deflater(level: level, dictionary: PackingDictionary.first)

    /// Writes the dictionary where it is missing.
    static func prepare(_ db: any SQLConnection) throws {
        try db.post(
            "INSERT INTO dictionary (packing, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [.count(Packing.first.rawValue), .bytes(PackingDictionary.first)])
    }

    /// Returns whether it is new: neither its id nor its sequence was there.
    func store(
        _ record: AlertRecord, _ payload: [UInt8], stream: Int64, receivedAt: Double, _ db: any SQLConnection
    ) throws -> Bool {
        let packed = deflater?.compressed(payload)
        return try db.execute(
            """
            INSERT INTO message (id, stream, sequence, incident, revision, state, kind, time, received_at, backfilled, \
            packing, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            [
                .text(record.id), .integer(stream), .integer(record.sequence), .text(record.incident),
                .integer(record.revision), .text(record.state.rawValue), .text(record.kind), .real(record.time),
                .real(receivedAt), .flag(record.backfilled),
                .count((packed == nil ? Packing.plain : .first).rawValue), .bytes(packed ?? payload),
            ]) == 1
    }

    /// The message as it came; nil where it is damaged, or packed by a later version.
    static func unpacked(_ bytes: [UInt8], packing: Int) -> [UInt8]? {
        switch Packing(rawValue: packing) {
        case .plain?: bytes
        case .first?: Zlib.inflated(bytes, dictionary: PackingDictionary.first, most: AlertReader.mostBytes)
        case nil: nil
        }
    }

    /// The messages about an incident, oldest revision first.
    static func messages(about incident: String, _ db: any SQLConnection) throws -> [[UInt8]] {
        try db.rows(
            "SELECT packing, payload FROM message WHERE incident = ? ORDER BY revision", [.text(incident)]
        ).compactMap { unpacked($0.bytes(1) ?? [], packing: $0.count(0)) }
    }
}

/// What messages have in common. Never to be changed: stored messages are read with it. Another one gets another number.
enum PackingDictionary {
    static let first = Array(
        #"""
        "reason":"cleared","reason":"handled","review":"confirmed","false_positive","state":"withdrawn","state":"updated"env.garbage_exposed暴露垃圾Exposed refusevending.occupy_road疑似占道经营Suspected street vending"surface":"pavement"city-management城管执法City management enforcement"object":{"box":[0.,0.,0.,0.],"class":"object"left"truck"bus"motorcycle{"at":"2026-11-24T08:30:05.120+08:00","what":"{"data":{"area":{"code":"320583102201","grid":"003","microgrid":"02"},"camera":{"gb28181":null,"id":"cam-01","latitude":31.38,"longitude":120.95,"name":""},"codes":[{"code":"09009","system":"GB/T 47678.5-2026"},{"code":"0409","system":"GB/T 30428.2-2013"}],"department":{"id":null,"name":{"en":"Traffic police","zh":"公安交警"},"role":"traffic-police"},"evidence":[{"bytes":81234,"file":"2026-11-24/0192f0c1-7b10-7d02-8c1e-5f8f0d1c2b3a/panorama-first.jpg","masked":true,"media_type":"image/jpeg","role":"panorama-first","sha256":"","taken":"2026-11-24T08:30:05.120+08:00"},{"bytes":81234,"file":"2026-11-24/panorama-confirming.jpg","masked":true,"media_type":"image/jpeg","role":"panorama-confirming","sha256":"close-up.jpg"role":"close-up"}],"incident":{"id":"","reason":"","review":"pending","revision":1,"state":"opened"},"kind":"parking.motor","name":{"en":"Motor vehicle illegally parked","zh":"机动车乱停放"},"object":{"box":[0.37,0.42,0.2,0.18],"class":"car","confidence":0.78,"count":1},"observed":{"backfilled":false,"clock":{"offset_ms":null,"source":"rtcp"host"},"closed":"","confirmed":"2026-11-24T08:30:05.120+08:00","dwell_seconds":300.4,"first_seen":"2026-11-24T08:30:05.120+08:00","last_seen":"2026-11-24T08:30:05.120+08:00","threshold_seconds":300},"provenance":{"catalogue":"2026.11","configuration_sha256":"","ledger":"","model":{"name":"efficientdet-lite0-320","sha256":"","version":"1"},"software":"gridwarden 0.1.0"},"severity":3,"suggested_limit":"2 working hours","why":[{"at":"2026-11-24T08:30:05.120+08:00","score":0.81,"what":"entered the zone"},{"at":"","what":"still for 300 s"}],"zone":{"id":"np1","name":"","surface":"carriageway"}},"datacontenttype":"application/json","dataschema":"urn:gridwarden:schema:incident:1","epoch":"0192f0c1-","id":"0192f0c1-","sequence":"00000000000000001042","source":"/sites/320583102-003-edge01","specversion":"1.0","subject":"0192f0c1-","time":"2026-11-24T08:30:05.120+08:00","type":"gridwarden.incident.closed.v1","type":"gridwarden.incident.updated.v1","type":"gridwarden.incident.opened.v1"}
        """#.utf8)
}
