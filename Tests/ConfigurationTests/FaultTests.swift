import Foundation
import SiteConfiguration
import Testing

@Suite struct FaultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let line: Int
        let replacement: String
        /// `line:column: ` and the beginning of the message.
        let begins: String
        let contains: String

        init(_ line: Int, _ replacement: String, _ begins: String, _ contains: String) {
            (self.line, self.replacement) = (line, replacement)
            (self.begins, self.contains) = (begins, contains)
        }

        var testDescription: String { replacement }
    }

    private static let polygon = "        polygon: "
    private static let parking = "          parking.motor: "
    private static let departments = "  area: \"320583102201\"\n  departments: "
    private static let kinds = "  area: \"320583102201\"\n  kinds: "
    private static let detail = "    purpose: p\n    detail_url: "
    private static let pile = "          env.garbage_pile: "
    private static let permits = "          vending.itinerant: {permits: "

    /// One line of the minimal file replaced, one fault.
    static let cases: [Case] = [
        Case(5, "  host: h\n  topic_kind: dots", "6:15: broker: topic_kind must be", "underscored"),
        Case(5, "  host: h\n  product: nats", "6:12: broker: nats takes no dot", "add topic_kind: underscored"),
        Case(
            5, "  host: h\n  product: rabbitmq\n  topic_kind: dotted", "7:15: broker: rabbitmq takes no dot",
            "topic_kind: underscored"),
        Case(
            5, "  host: h\n  topic_kind: underscored\n  topic_root: a.b", "7:15: broker: topic_root must be",
            "without a dot"),
        Case(
            5, "  host: h\n  topic_kind: underscored\n  product: nats\n  protocol: mqtt5", "8:13: broker: nats speaks",
            "mqtt3.1.1"),
        Case(2, "  id: S 1", "2:7: site: id must be", "not \"S 1\""),
        Case(3, "  area: \"3205\"", "3:9: site: area must be a 12-digit area code", "not \"3205\""),
        Case(3, "  area: \"999999999999\"", "3:9: site: area begins with 99, which no province", "GB/T 2260"),
        Case(3, "  grid: \"001\"", "1:1: site: area is missing", "e.g. area: 320583102201"),
        Case(
            3, "  area: \"320583102201\"\n  time_zone: Asia/Beijing", "4:14: site: time_zone must be", "Asia/Shanghai"),
        Case(3, "  area: \"320583102201\"\n  time_zone: GMT+8", "4:14: site: time_zone must be the IANA", "\"GMT+8\""),
        Case(3, "  area: \"320583102201\"\n  grid: a/b", "4:9: site: grid must be 1 to 32 letters", "\"a/b\""),
        Case(3, "  area: \"320583102201\"\n  aera: x", "4:3: site: there is no key \"aera\"", "did you mean area?"),
        Case(3, departments + "x", "4:16: site: departments must be a list", "vending.*"),
        Case(3, departments + "[{id: a}]", "4:17: site, department no. 1: kind is missing", "vending.*"),
        Case(
            3, departments + "[{kind: parking.moto, id: a}]", "4:24: site, department no. 1: there is no kind", "motor?"
        ),
        Case(
            3, departments + "[{kind: none.*, id: a}]", "4:24: site, department no. 1: there is no kind", "\"none.*\""),
        Case(3, departments + "[{kind: vending.*}]", "4:24: site, department no. 1: nothing is changed", "give an id"),
        Case(3, departments + "[{kind: vending.*, role: 1x}]", "4:41: site, department no. 1: role must be", "\"1x\""),
        Case(3, departments + "[{kind: vending.*, role: x}]", "4:17: site, department no. 1: name is missing", "zh"),
        Case(
            3, departments + "[{kind: vending.*, name: {zh: x}}]", "4:35: site, department no. 1, name: en is missing",
            "City"),
        Case(
            3, departments + "[{kind: vending.*, id: a}, {kind: vending.*, id: b}]",
            "4:50: site, department no. 2: an item above has the same kind", "keep one"),
        Case(3, kinds + "x", "4:10: site: kinds must be a map such as", "severity"),
        Case(3, kinds + "{parking.moto: {severity: 1}}", "4:11: site, kinds: there is no kind", "did you mean parking"),
        Case(3, kinds + "{parking.motor: 1}", "4:26: site, kind parking.motor must be a map", "privacy_profile"),
        Case(3, kinds + "{parking.motor: {}}", "4:11: site, kind parking.motor: nothing is changed", "severity"),
        Case(3, kinds + "{parking.motor: {severity: 6}}", "4:37: site, kind parking.motor: severity must be", "1 to 5"),
        Case(3, kinds + "{parking.motor: {dwell: 0}}", "4:34: site, kind parking.motor: dwell must be", "86400"),
        Case(3, kinds + "{parking.motor: {department: x}}", "4:27: site, kind parking.motor: there is no key", "codes"),
        Case(
            3, kinds + "{parking.motor: {name: {zh: x}}}", "4:27: site, kind parking.motor, name: en is missing",
            "Motor"),
        Case(
            3, kinds + "{parking.motor: {privacy_profile: none}}", "4:44: site, kind parking.motor: privacy_profile",
            "mask_all"),
        Case(
            3, kinds + "{parking.motor: {codes: [{system: x, code: \"1\"}]}}",
            "4:44: site, kind parking.motor, code no. 1: system must be", "GB/T 30428.2-2013"),
        Case(
            3, kinds + "{parking.motor: {codes: [{system: CJ/T 214-2007}]}}",
            "4:35: site, kind parking.motor, code no. 1: code is missing", "09009"),
        Case(5, "  host: mqtt://b", "5:9: broker: host must be the name", "(hidden)"),
        Case(5, "  host: 127.0.0.1:1883", "5:9: broker: host must be the name", "without mqtt:// and port"),
        Case(5, "  host: \"[::1]\"", "5:9: broker: host must be the name", "without mqtt:// and port"),
        Case(5, "  host: b\n  prot: 1", "6:3: broker: there is no key \"prot\"", "did you mean port?"),
        Case(5, "  host: b\n  port: 70000", "6:9: broker: port must be a whole number from 1 to 65535", "70000"),
        Case(5, "  host: b\n  port: [1]", "6:9: broker: port must be one text", "not a list or a map"),
        Case(
            5, "  host: b\n  protocol: mqtt4", "6:13: broker: protocol must be one of auto, mqtt5, mqtt3.1.1", "mqtt4"),
        Case(5, "  host: b\n  topic_root: mg/#", "6:15: broker: topic_root must be levels", "mg/v1"),
        Case(5, "  host: b\n  keep_alive: 1m", "6:15: broker: keep_alive must be a whole number of seconds", "\"1m\""),
        Case(5, "  host: b\n  password_file: /p", "6:18: broker: password_file needs a username", "remove"),
        Case(5, "  host: b\n  tls: {key_file: /k}", "6:19: broker, tls: key_file needs a certificate_file", "add it"),
        Case(5, "  host: b\n  tls: on", "6:8: broker, tls must be a map", "ca_file"),
        Case(5, "  hosts: b", "5:10: broker: hosts must be a list of 1 to 8 hosts", "10.0.0.1"),
        Case(5, "  hosts: []", "5:10: broker: hosts must be a list", "1 to 8"),
        Case(5, "  hosts: [\"mqtt://b\"]", "5:10: broker: an item of hosts must be the name", ":port"),
        Case(5, "  hosts: [\"b:0\"]", "5:10: broker: an item of hosts must be the name", "b:0"),
        Case(5, "  hosts: [b, \"b:1883\"]", "5:10: broker: hosts names \"b\"", "twice"),
        Case(5, "  host: b\n  hosts: [b]", "6:10: broker: hosts names \"b\" with port 1883", "twice"),
        Case(5, "  host: b\n  ack_timeout: 4", "6:16: broker: ack_timeout must be a whole number", "from 5 to 600"),
        Case(5, "  host:", "5:3: broker: host is missing", "add it"),
        Case(
            5, "  host: b\ndetector: {minimum_score: 2}", "6:27: detector: minimum_score must be a number from", "0.95"),
        Case(5, "  host: b\ndetector: {model: ../x}", "6:19: detector: model must be the name", "\"../x\""),
        Case(5, "  host: b\nevidence: {enabled: yes}", "6:21: evidence: enabled must be true or false", "\"yes\""),
        Case(5, "  host: b\nevidence: {jpeg_quality: 1}", "6:26: evidence: jpeg_quality must be", "from 2 to 31"),
        Case(5, "  host: b\nevidence: {publish: 1}", "6:21: evidence: publish must be true or false", "\"1\""),
        Case(5, "  host: b\ninbound: {reviewers: w}", "6:22: inbound: reviewers must be a list", "{by: worker-17"),
        Case(5, "  host: b\ninbound: {commanders: [w]}", "6:24: inbound, commander no. 1 must be a map", "by, area"),
        Case(
            5, "  host: b\ninbound: {reviewers: [{area: \"32\"}]}", "6:23: inbound, reviewer no. 1: by is missing",
            "worker-17"),
        Case(
            5, "  host: b\ninbound: {reviewers: [{by: w, area: 3}]}", "6:37: inbound, reviewer no. 1: area must be",
            "2, 4, 6, 9 or 12 digits"),
        Case(5, "  host: b\ninbound: {reviewer: []}", "6:11: inbound: there is no key \"reviewer\"", "reviewers?"),
        Case(5, "  host: b\noutbox: {max_messages: 10}", "6:24: outbox: max_messages must be a whole", "1000 to"),
        Case(5, "  host: b\noutbox: {audit_days: 90}", "6:22: outbox: audit_days must be a whole", "184 to 3650"),
        Case(5, "  host: b\nlogging: {level: loud}", "6:18: logging: level must be one of trace", "\"loud\""),
        Case(5, "  host: b\nlog: {}", "6:1: the file: there is no key \"log\"", "The keys are site, broker"),
        Case(8, "    url: http://10.0.0.1/a", "8:10: camera cam-01: url must begin with rtsp://", "path of a file"),
        Case(8, "    url: 192.168.1.64:554/a", "8:10: camera cam-01: url must begin with rtsp://", "path of a file"),
        Case(8, "    url: admin:pw@10.0.0.5/a", "8:10: camera cam-01: url must begin with rtsp://", "path of a file"),
        Case(8, "    url: rtsp:///a", "8:10: camera cam-01: url must name a host", "credentials_file"),
        Case(8, "    url: rtsp://u:p/w@h/a", "8:10: camera cam-01: url must have an @ before", "%-encode"),
        Case(8, "    url: rtsp://u:8554/w@h/a", "8:10: camera cam-01: url must have an @ before", "%-encode"),
        Case(8, "    url: rtsp://u:8554?w@h/a", "8:10: camera cam-01: url must have an @ before", "%-encode"),
        Case(8, "    url: rtsp://h:x/a", "8:10: camera cam-01: url must have a port", "%-encode"),
        Case(8, "    url: rtsp://u:my word@h/a", "8:10: camera cam-01: url must hold no blank", "credentials_file"),
        Case(9, detail + "/clips/a.mp4", "10:17: camera cam-01: detail_url must begin with rtsp://", "rtsps://"),
        Case(9, detail + "rtsp://u:p/w@h/a", "10:17: camera cam-01: detail_url must have an @ before", "%-encode"),
        Case(9, detail + "rtsp://10.0.0.1/a", "10:17: camera cam-01: detail_url is that of url", "remove it"),
        Case(9, "    transport: tcp", "7:5: camera cam-01: purpose is missing", "e.g. purpose:"),
        Case(10, "    signage_confirmed: false", "10:24: camera cam-01: confirm that signage stands", "or remove it"),
        Case(
            10, "    decode: all", "7:5: camera cam-01: confirm that signage stands (signage_confirmed: true)", "remove"
        ),
        Case(10, "    signage_confirmed: maybe", "10:24: camera cam-01: signage_confirmed must be true", "\"maybe\""),
        Case(9, "    purpose: p\n    look_every: 2s", "10:17: camera cam-01: look_every must be a number", "\"2s\""),
        Case(9, "    purpose: p\n    read_timeout: inf", "10:19: camera cam-01: read_timeout must be", "1 to 120"),
        Case(9, "    purpose: p\n    gb28181: \"3205\"", "10:14: camera cam-01: gb28181 must be", "20 digits"),
        Case(9, "    purpose: p\n    longitude: 120", "10:16: camera cam-01: longitude needs a latitude", "remove"),
        Case(
            12, "      - id: np1\n        promise: 1", "13:18: camera cam-01, zone np1: a promise of 1 s", "look_every"),
        Case(12, "      - id: np 1", "12:13: camera cam-01, zone no. 1: id must be", "lower-case"),
        Case(
            12, "      - id: np1\n        surface: road", "13:18: camera cam-01, zone np1: surface must be",
            "carriageway"),
        Case(
            12, "      - id: np1\n        preset: gate", "13:17: camera cam-01, zone np1: preset names none",
            "list them"),
        Case(
            10, "    presets: [{id: gate, picture: g.jpg}]\n    signage_confirmed: true",
            "13:9: camera cam-01, zone np1: the camera has presets", "gate"),
        Case(13, polygon + "[[0, 0], [1, 1]]", "13:18: camera cam-01, zone np1: the polygon has 2 corners", "give 3"),
        Case(13, polygon + "[[0, 0], [1.2, 0], [1, 1]]", "13:28: camera cam-01, zone np1: x is 1.2", "outside"),
        Case(13, polygon + "[[0, 0], [1, 0], [1, -1]]", "13:39: camera cam-01, zone np1: y is -1, outside", "height"),
        Case(13, polygon + "[[0, 0], [1, 0], [1]]", "13:35: camera cam-01, zone np1: a corner must be", "[x, y]"),
        Case(13, polygon + "[[0, 0], [1, nan], [1, 1]]", "13:31: camera cam-01, zone np1: y must be", "number"),
        Case(
            13, polygon + "[[0, 0], [1, 1], [1, 0], [0, 1]]", "13:35: camera cam-01, zone np1: the polygon crosses", "3"
        ),
        Case(
            13, polygon + "[[0, 0], [1, 0], [0.5, 0], [0.5, 1]]", "13:35: camera cam-01, zone np1: the polygon",
            "crosses"),
        Case(13, polygon + "[[0, 0], [1, 0], [1, 1], [0, 0]]", "13:43: camera cam-01, zone np1: corner 4", "repeats"),
        Case(
            13, polygon + "[[0, 0], [0.5, 0.5], [1, 1]]", "13:18: camera cam-01, zone np1: the polygon has no", "area"),
        Case(13, "        name: n", "12:9: camera cam-01, zone np1: polygon is missing", "e.g. polygon: [["),
        Case(14, "", "15:11: this is not YAML", "check indentation"),
        Case(15, "", "14:9: camera cam-01, zone np1: the zone has no rule", "parking.motor"),
        Case(15, "          {}", "15:11: camera cam-01, zone np1: rules is empty", "parking.motor"),
        Case(
            15, "          parking.moter:", "15:11: camera cam-01, zone np1: there is no rule",
            "The rules are parking.motor"),
        Case(15, parking + "5", "15:26: camera cam-01, zone np1, parking.motor must be a map", "dwell"),
        Case(15, parking + "{dwell: 5m}", "15:34: camera cam-01, zone np1, parking.motor: dwell must be", "of seconds"),
        Case(15, parking + "{classes: [tank]}", "15:37: camera cam-01, zone np1, parking.motor: there is no", "tank"),
        Case(
            15, parking + "{queue_vehicles: 1.5}", "15:43: camera cam-01, zone np1, parking.motor: queue_v", "0 to 50"),
        Case(
            15, parking + "{windows: [{from: 7:00, to: \"19:00\"}]}",
            "15:44: camera cam-01, zone np1, parking.motor, window no. 1: from must be a time", "\"7:00\""),
        Case(
            15, parking + "{windows: [{days: [monday], from: \"07:00\", to: \"19:00\"}]}",
            "15:45: camera cam-01, zone np1, parking.motor, window no. 1: there is no weekday", "mon, tue"),
        Case(
            15, parking + "{windows: [{from: \"07:00\"}]}",
            "15:37: camera cam-01, zone np1, parking.motor, window no. 1: to is missing", "19:00"),
        Case(
            15, parking + "{windows: [{from: \"07:00\", to: \"07:00\"}]}",
            "15:57: camera cam-01, zone np1, parking.motor, window no. 1: from and to are equal", "24:00"),
        Case(
            15, parking + "{holidays: [2026-02-30]}",
            "15:38: camera cam-01, zone np1, parking.motor: there is no date \"2026-02-30\"", "YYYY-MM-DD"),
        Case(
            15, parking + "{holidays: 2026-10-01}",
            "15:37: camera cam-01, zone np1, parking.motor: holidays must be a list", "[2026-10-01]"),
        Case(15, pile + "{shade: 1}", "15:30: camera cam-01, zone np1, env.garbage_pile: there is no key", "dwell"),
        Case(15, pile + "{dwell: 0}", "15:37: camera cam-01, zone np1, env.garbage_pile: dwell must be", "1 to 86400"),
        Case(
            15, pile + "{smallest_share: 2}", "15:46: camera cam-01, zone np1, env.garbage_pile: smallest_share must",
            "0 to 1"),
        Case(
            15, pile + "{largest_share: 0.005}",
            "15:45: camera cam-01, zone np1, env.garbage_pile: largest_share is below smallest_share, 0.01", "raise"),
        Case(15, permits + "{}}", "15:40: camera cam-01, zone np1, vending.itinerant: permits must be a list", "until"),
        Case(
            15, permits + "[{name: n}]}",
            "15:41: camera cam-01, zone np1, vending.itinerant, permit no. 1: polygon is missing", "[["),
        Case(
            15, permits + "[{polygon: [[0, 0], [1, 0], [1, 1]]}]}",
            "15:41: camera cam-01, zone np1, vending.itinerant, permit no. 1: name is missing", "stall"),
        Case(
            15, permits + "[{name: n, polygon: [[0, 0], [1, 0], [2, 1]]}]}",
            "15:78: camera cam-01, zone np1, vending.itinerant, permit no. 1: x is 2, outside", "width"),
        Case(
            15, permits + "[{name: n, polygon: [[0, 0], [1, 0], [1, 1]], until: 2027-02-29}]}",
            "15:93: camera cam-01, zone np1, vending.itinerant, permit no. 1: until must be a date", "\"2027-02-29\""),
        Case(
            15,
            permits + "[{name: n, polygon: [[0, 0], [1, 0], [1, 1]], windows: [{from: \"6\", to: \"07:00\"}]}]}",
            "15:103: camera cam-01, zone np1, vending.itinerant, permit no. 1, window no. 1: from must be", "HH:MM"),
        Case(
            15, "          env.burning: {windows: []}",
            "15:25: camera cam-01, zone np1, env.burning: there is no key \"windows\"", "The keys are dwell"),
        Case(
            15, "          safety.smoke_fire: {dwell: 0.5}",
            "15:38: camera cam-01, zone np1, safety.smoke_fire: dwell must be a number of seconds", "1 to 86400"),
        Case(
            15, "          env.water_dirty:", "15:11: camera cam-01, zone np1: env.water_dirty needs water",
            "surface: water"),
        Case(
            15, "          safety.crowd: {people: 1}",
            "15:34: camera cam-01, zone np1, safety.crowd: people must be a whole number from 2 to 500", "\"1\""),
        Case(5, "  host: b\n  host: c", "5:3: the key \"host\" is given more than once", "keep one"),
        Case(5, "  host: \"b", "", "this is not YAML"),
        Case(5, "  host: \u{7}", "5:9: the control character U+7", "delete it"),
        Case(5, "  host: *h", "5:9: anchors and aliases", "write the value out"),
        Case(5, "  host: &h b", "5:9: anchors and aliases", "write the value out"),
        Case(1, "---\na: 1\n---\nsite:", "3:1: a second document", "delete"),
    ]

    @Test(arguments: cases)
    func `a fault points at its place and names the remedy`(_ test: Case) {
        let faults = Sample.faults(Sample.minimal(line: test.line, test.replacement))
        #expect(faults.count == 1, "\(faults)")
        #expect(faults.first?.hasPrefix(test.begins) ?? false, "\(faults)")
        #expect(faults.first?.contains(test.contains) ?? false, "\(faults)")
    }

    @Test func `looks that are rarer than usual need no promise to be said`() {
        #expect(Sample.faults(Sample.minimal(line: 9, "    purpose: p\n    look_every: 5")).isEmpty)
    }

    @Test func `all faults are reported at once, in the order of the file`() {
        let camera = Sample.minimal.split(separator: "\n").dropFirst(6).joined(separator: "\n")
        let text = Sample.minimal(line: 5, "  port: 0") + camera + "\nlogin: {}\n"
        let faults = Sample.faults(text)
        let begins = [
            "4:1: broker: host", "5:9: broker: port", "16:9: camera cam-01: line 7 has", "25:1: the file: there",
        ]
        #expect(faults.count == begins.count, "\(faults)")
        for (fault, begin) in zip(faults, begins) { #expect(fault.hasPrefix(begin), "\(fault)") }
    }

    @Test func `a zone id that is there twice is named`() {
        let zone = Sample.minimal.split(separator: "\n").dropFirst(11).joined(separator: "\n")
        #expect(
            Sample.faults(Sample.minimal + zone) == [
                "16:13: camera cam-01, zone np1: line 12 has the same id: give each zone an id of its own"
            ])
    }

    @Test(
        arguments: [
            "    url: http://admin:secret@10.0.0.1/a", "    url: rtsp://admin:sec/secret@h/",
            "    url: rtsp://h/a\n    transport: rtsp://admin:secret@h/", "    rtsp://admin:secret@h/: 1",
            "    url: [\"rtsp://admin:secret@h/\"]", "    url: \"rtsp://admin:secret@h/",
            "    ? rtsp://admin:secret@h/\n    : 1\n    ? rtsp://admin:secret@h/\n    : 2",
        ])
    func `no fault holds credentials`(_ line: String) {
        let faults = Sample.faults(Sample.minimal(line: 8, line))
        #expect(!faults.isEmpty)
        #expect(!faults.joined().contains("secret"), "\(faults)")
    }

    @Test func `faults of presets, their ids and their pictures are named`() throws {
        func text(_ presets: String) -> String {
            Sample.minimal(line: 12, "      - id: np1\n        preset: gate")
                .replacing("    zones:", with: "    presets: \(presets)\n    zones:")
        }
        let right = try Configuration.parse(text: text("[{id: gate, picture: g.jpg}]"), file: "f").cameras[0]
        #expect(right.presets == [PresetSettings(id: "gate", picture: "g.jpg")])
        #expect(right.zones[0].preset == "gate")
        let twice = "[{id: gate, picture: g.jpg}, {id: gate, picture: h.jpg}]"
        #expect(
            Sample.faults(text(twice)) == [
                "11:48: camera cam-01, preset gate: line 11 has the same id: give each preset an id of its own"
            ])
        let missing = Sample.faults(text("[{id: gate}]"))
        #expect(missing.count == 1 && missing[0].hasPrefix("11:15: camera cam-01, preset gate: picture is missing"))
        let other = Sample.faults(text("[{id: yard, picture: g.jpg}]"))
        #expect(other.count == 1 && other[0].contains("preset must be one of the camera's presets (yard)"))
    }
}
