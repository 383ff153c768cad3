import Contract
import Domain
import Foundation

/// Messages in the form of Frigate's, so that what was written for it works: `events` with `type`, `before` and `after` for each
/// incident as a tracked object, and `reviews` for the same as a review item, under the incident's id. There is no HTTP API behind
/// them: `has_snapshot` and `has_clip` are false, and pictures come, where they may leave the box, on `…/snapshot`.
/// https://docs.frigate.video/integrations/mqtt (0.15), with `snapshot_time` of earlier versions.
public struct FrigateDialect: BrokerDialect {
    public static let topicPrefix = "frigate"

    public var topicPrefix: String

    public init(topicPrefix: String = Self.topicPrefix) { self.topicPrefix = topicPrefix }

    public var name: String { "frigate" }

    public func standing(_ site: DialectSite, _ book: DialectBook) -> [DialectMessage] { [] }

    public func keeps(_ topic: String, _ site: DialectSite) -> Bool {
        guard site.pictures != nil, topic.hasPrefix(topicPrefix + "/"), topic.hasSuffix("/snapshot") else {
            return false
        }
        let levels = topic.dropFirst(topicPrefix.count + 1).split(separator: "/")
        return levels.count == 3 && site.cameras.contains { $0.identity.id == levels[0] }
    }

    public func messages(_ change: IncidentChange, _ site: DialectSite) -> [DialectMessage] {
        let after = Object(change.event, site)
        let before = change.before.map { Object($0, site) } ?? after.beforeItWasOne
        let (item, earlier) = (Review(after), change.before.map { Review(Object($0, site)) })
        let type =
            switch change.step {
            case .opens: "new"
            case .updates: "update"
            case .ends: "end"
            }
        var messages = [
            DialectMessage(
                topic: "\(topicPrefix)/events", json: Change(type: type, before: before, after: after),
                isRetained: false),
            DialectMessage(
                topic: "\(topicPrefix)/reviews", json: Change(type: type, before: earlier ?? item, after: item),
                isRetained: false),
        ]
        if let picture = change.event.newestPicture {
            let label = after.label.replacing(" ", with: "_")
            messages.append(
                DialectMessage(
                    topic: "\(topicPrefix)/\(after.camera)/\(label)/snapshot", .picture(picture), isRetained: true))
        }
        return messages
    }

    private struct Change<Value: Encodable>: Encodable {
        let type: String
        let before: Value
        let after: Value
    }
}

/// Wire keys are Frigate's, and `gridwarden` is ours.
extension FrigateDialect {
    /// A tracked object. Boxes are in pixels of a picture of 1280×720, whatever the camera has: a message tells shares of it.
    private struct Object: Encodable {
        private static let size = (width: 1280.0, height: 720.0)
        /// Of pictures: at the rate that consumers suppose where nobody says it.
        private static let rate = 5.0

        struct Snapshot: Encodable {
            let frameTime: Double
            let box: [Int]
            let area: Int
            let region: [Int]
            let score: Double
            let attributes: [String] = []

            private enum CodingKeys: String, CodingKey {
                case box, area, region, score, attributes
                case frameTime = "frame_time"
            }
        }

        struct Own: Encodable {
            /// Of the message: one that is sent again has the same.
            let id: String
            let source: String
            let sequence: String
            let epoch: String?
            let state: String
            let reason: String?
            let review: String
            let kind: String
            let name: String
            let severity: Int
            let dwellSeconds: Double
            let cameraName: String
            let zoneName: String

            private enum CodingKeys: String, CodingKey {
                case id, source, sequence, epoch, state, reason, review, kind, name, severity
                case dwellSeconds = "dwell_seconds"
                case cameraName = "camera_name"
                case zoneName = "zone_name"
            }
        }

        let id: String
        let camera: String
        let label: String
        let subLabel: String
        let score: Double
        let frameTime: Double
        let snapshot: Snapshot?
        var falsePositive: Bool
        let startTime: Double
        let endTime: Double?
        let box: [Int]
        var currentZones: [String]
        var enteredZones: [String]
        let motionlessCount: Int
        let own: Own

        init(_ event: AlertEvent, _ site: DialectSite) {
            let data = event.data
            func seconds(_ text: String) -> Double { AlertEvent.seconds(text) ?? 0 }
            id = event.subject
            camera = data.camera.id
            label = data.object.class
            subLabel = site.text(data.name)
            score = data.object.confidence
            frameTime = seconds(data.observed.lastSeen)
            falsePositive = data.incident.reason == Verdict.falsePositive.rawValue
            startTime = seconds(data.observed.firstSeen)
            endTime = data.incident.isOpen ? nil : seconds(data.observed.closed ?? event.time)
            let share = data.object.box
            func pixel(_ share: Double, _ size: Double) -> Int { Int((min(1, max(0, share)) * size).rounded()) }
            box =
                share.count == 4
                ? [
                    pixel(share[0], Self.size.width), pixel(share[1], Self.size.height),
                    pixel(share[0] + share[2], Self.size.width), pixel(share[1] + share[3], Self.size.height),
                ] : [0, 0, 0, 0]
            currentZones = data.incident.isOpen ? [data.zone.id] : []
            enteredZones = [data.zone.id]
            motionlessCount = Int((max(0, min(data.observed.dwellSeconds, 1e9)) * Self.rate).rounded())
            let newest = data.evidence.filter(\.masked).compactMap { AlertEvent.seconds($0.taken) }.max()
            let (box, score) = (box, score)
            snapshot = newest.map {
                Snapshot(frameTime: $0, box: box, area: Self.area(box), region: Self.region, score: score)
            }
            own = Own(
                id: event.id, source: event.source, sequence: event.sequence, epoch: event.epoch,
                state: data.incident.state, reason: data.incident.reason, review: data.incident.review, kind: data.kind,
                name: site.text(data.name), severity: data.severity, dwellSeconds: data.observed.dwellSeconds,
                cameraName: data.camera.name, zoneName: data.zone.name)
        }

        /// As Frigate has it before the first message of an object.
        var beforeItWasOne: Object {
            var object = self
            (object.falsePositive, object.currentZones, object.enteredZones) = (true, [], [])
            return object
        }

        private static let region = [0, 0, Int(size.width), Int(size.height)]
        private static func area(_ box: [Int]) -> Int { (box[2] - box[0]) * (box[3] - box[1]) }

        private enum CodingKeys: String, CodingKey {
            case id, camera, label, score, snapshot, box, area, ratio, region, active, stationary, attributes, thumbnail
            case subLabel = "sub_label"
            case frameTime = "frame_time"
            case snapshotTime = "snapshot_time"
            case topScore = "top_score"
            case falsePositive = "false_positive"
            case startTime = "start_time"
            case endTime = "end_time"
            case currentZones = "current_zones"
            case enteredZones = "entered_zones"
            case hasSnapshot = "has_snapshot"
            case hasClip = "has_clip"
            case motionlessCount = "motionless_count"
            case positionChanges = "position_changes"
            case currentAttributes = "current_attributes"
            case pendingLoitering = "pending_loitering"
            case maxSeverity = "max_severity"
            case currentSpeed = "current_estimated_speed"
            case averageSpeed = "average_estimated_speed"
            case velocityAngle = "velocity_angle"
            case pathData = "path_data"
            case plate = "recognized_license_plate"
            case own = "gridwarden"
        }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(id, forKey: .id)
            try values.encode(camera, forKey: .camera)
            try values.encode(label, forKey: .label)
            // A name and a score since 0.13.
            var sub = values.nestedUnkeyedContainer(forKey: .subLabel)
            try sub.encode(subLabel)
            try sub.encode(score)
            try values.encode(score, forKey: .score)
            try values.encode(score, forKey: .topScore)
            try values.encode(frameTime, forKey: .frameTime)
            try values.encode(snapshot, forKey: .snapshot)
            try values.encode(snapshot?.frameTime, forKey: .snapshotTime)
            try values.encode(falsePositive, forKey: .falsePositive)
            try values.encode(startTime, forKey: .startTime)
            try values.encode(endTime, forKey: .endTime)
            try values.encode(box, forKey: .box)
            try values.encode(Self.area(box), forKey: .area)
            let height = max(1, box[3] - box[1])
            try values.encode((Double(box[2] - box[0]) / Double(height) * 1000).rounded() / 1000, forKey: .ratio)
            try values.encode(Self.region, forKey: .region)
            // An incident is what stays.
            try values.encode(false, forKey: .active)
            try values.encode(true, forKey: .stationary)
            try values.encode(motionlessCount, forKey: .motionlessCount)
            try values.encode(0, forKey: .positionChanges)
            try values.encode(currentZones, forKey: .currentZones)
            try values.encode(enteredZones, forKey: .enteredZones)
            // There is nothing to fetch them from.
            try values.encode(false, forKey: .hasSnapshot)
            try values.encode(false, forKey: .hasClip)
            try values.encodeNil(forKey: .thumbnail)
            try values.encode([String: Double](), forKey: .attributes)
            try values.encode([String](), forKey: .currentAttributes)
            try values.encode(false, forKey: .pendingLoitering)
            try values.encode("alert", forKey: .maxSeverity)
            try values.encode(0, forKey: .currentSpeed)
            try values.encode(0, forKey: .averageSpeed)
            try values.encode(0, forKey: .velocityAngle)
            try values.encode([String](), forKey: .pathData)
            // No plate is read.
            try values.encodeNil(forKey: .plate)
            try values.encode(own, forKey: .own)
        }
    }

    /// An item that somebody should look at: one incident.
    private struct Review: Encodable {
        struct Content: Encodable {
            let detections: [String]
            let objects: [String]
            let subLabels: [String]
            let zones: [String]
            let audio: [String] = []

            private enum CodingKeys: String, CodingKey {
                case detections, objects, zones, audio
                case subLabels = "sub_labels"
            }
        }

        let id: String
        let camera: String
        let startTime: Double
        let endTime: Double?
        let content: Content

        init(_ object: Object) {
            id = object.id
            camera = object.camera
            startTime = object.startTime
            endTime = object.endTime
            content = Content(
                detections: [object.id], objects: [object.label], subLabels: [object.subLabel],
                zones: object.enteredZones)
        }

        private enum CodingKeys: String, CodingKey {
            case id, camera, severity
            case startTime = "start_time"
            case endTime = "end_time"
            case thumbPath = "thumb_path"
            case content = "data"
        }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(id, forKey: .id)
            try values.encode(camera, forKey: .camera)
            try values.encode(startTime, forKey: .startTime)
            try values.encode(endTime, forKey: .endTime)
            try values.encode("alert", forKey: .severity)
            // There is no file to be fetched.
            try values.encode("", forKey: .thumbPath)
            try values.encode(content, forKey: .content)
        }
    }
}
