/// The parts of a message that say what was seen, when, and by what.
enum ObservationReader {
    private enum ObservedKey: String, JSONKey {
        case backfilled, clock, closed, confirmed
        case dwellSeconds = "dwell_seconds"
        case firstSeen = "first_seen"
        case lastSeen = "last_seen"
        case thresholdSeconds = "threshold_seconds"
        static let optional: Set<ObservedKey> = [.closed]
    }

    private enum ClockKey: String, JSONKey {
        case offset = "offset_ms"
        case source
    }

    private enum ObjectKey: String, JSONKey { case box, `class`, confidence, count }

    private enum PictureKey: String, JSONKey {
        case bytes, file, masked
        case mediaType = "media_type"
        case role, sha256, stream, taken
        static let optional: Set<PictureKey> = [.file, .stream]
    }

    private enum ProvenanceKey: String, JSONKey {
        case catalogue
        case configuration = "configuration_sha256"
        case ledger, model, software
        static let optional: Set<ProvenanceKey> = [.ledger]
    }

    private enum ModelKey: String, JSONKey { case name, sha256, version }

    private enum ReasonKey: String, JSONKey {
        case at, score, what
        case whatInChinese = "what_zh"
        static let optional: Set<ReasonKey> = [.score, .whatInChinese]
    }

    private static let (observedKeys, clockKeys, objectKeys) = (
        JSONKeys<ObservedKey>(), JSONKeys<ClockKey>(), JSONKeys<ObjectKey>()
    )
    private static let (pictureKeys, provenanceKeys, modelKeys, reasonKeys) = (
        JSONKeys<PictureKey>(), JSONKeys<ProvenanceKey>(), JSONKeys<ModelKey>(), JSONKeys<ReasonKey>()
    )
    private static let seconds = 0.0...1e9

    static func observed(_ reader: inout JSONReader, _ record: inout AlertRecord) throws(JSONReader.Malformed) {
        try reader.object(observedKeys) { reader, key throws(JSONReader.Malformed) in
            switch key {
            case .backfilled: record.backfilled = try reader.boolean("backfilled")
            case .clock: try clock(&reader)
            case .closed: record.closed = try reader.date("closed")
            case .confirmed: record.confirmed = try reader.date("confirmed")
            case .dwellSeconds: record.dwell = try reader.number("dwell_seconds", seconds)
            case .firstSeen: record.firstSeen = try reader.date("first_seen")
            case .lastSeen: record.lastSeen = try reader.date("last_seen")
            case .thresholdSeconds: record.allowed = try reader.number("threshold_seconds", seconds)
            }
        }
    }

    private static func clock(_ reader: inout JSONReader) throws(JSONReader.Malformed) {
        try reader.object(clockKeys) { reader, key throws(JSONReader.Malformed) in
            switch key {
            case .offset: if try !reader.takeNull() { _ = try reader.integer("offset_ms", Int.min...Int.max) }
            case .source:
                guard ["rtcp", "host", "file"].contains(try reader.line("clock.source")) else {
                    throw JSONReader.Malformed("clock.source must be rtcp, host or file")
                }
            }
        }
    }

    static func object(_ reader: inout JSONReader) throws(JSONReader.Malformed) {
        try reader.object(objectKeys) { reader, key throws(JSONReader.Malformed) in
            switch key {
            case .box:
                var count = 0
                try reader.list(most: 4, "box") { reader, _ throws(JSONReader.Malformed) in
                    _ = try reader.number("box", -1...2)
                    count += 1
                }
                guard count == 4 else { throw JSONReader.Malformed("box must have four numbers") }
            case .class: try reader.skipLine("object.class")
            case .confidence: _ = try reader.number("confidence", 0...1)
            case .count: _ = try reader.integer("count", 1...Int(Int32.max))
            }
        }
    }

    static func evidence(
        _ reader: inout JSONReader, _ record: inout AlertRecord, most: Int
    ) throws(JSONReader.Malformed) {
        try reader.list(most: most, "evidence") { reader, _ throws(JSONReader.Malformed) in
            var picture = AlertRecord.Picture()
            try reader.object(pictureKeys) { reader, key throws(JSONReader.Malformed) in
                switch key {
                case .bytes: picture.bytes = try reader.integer("bytes", 1...Int(Int32.max))
                case .file: picture.file = try reader.line("file", least: 0)
                case .masked: _ = try reader.boolean("masked")
                case .mediaType: try reader.skipLine("media_type")
                case .role: picture.role = try reader.line("role")
                case .sha256: picture.sha256 = try reader.hash("sha256")
                case .stream: try reader.skipLine("stream")
                case .taken: picture.taken = try reader.date("taken")
                }
            }
            record.pictures.append(picture)
        }
    }

    static func provenance(_ reader: inout JSONReader) throws(JSONReader.Malformed) {
        try reader.object(provenanceKeys) { reader, key throws(JSONReader.Malformed) in
            switch key {
            case .catalogue: try reader.skipLine("catalogue")
            case .configuration: _ = try reader.text()
            case .ledger: _ = try reader.hash("ledger")
            case .model:
                try reader.object(modelKeys) { reader, key throws(JSONReader.Malformed) in
                    switch key {
                    case .name, .version: try reader.skipLine("model")
                    case .sha256: _ = try reader.text()
                    }
                }
            case .software: try reader.skipLine("software")
            }
        }
    }

    static func why(_ reader: inout JSONReader) throws(JSONReader.Malformed) {
        try reader.list(most: .max, "why") { reader, _ throws(JSONReader.Malformed) in
            try reader.object(reasonKeys) { reader, key throws(JSONReader.Malformed) in
                switch key {
                case .at: _ = try reader.date("at")
                case .score: _ = try reader.number("score", -1e300...1e300)
                case .what: try reader.skipLine("what")
                case .whatInChinese: try reader.skipLine("what_zh")
                }
            }
        }
    }
}
