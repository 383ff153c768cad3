import Analytics
import Domain
import Foundation

/// What really happens in a clip: zones, events, and what must not be reported.
public struct Truth: Decodable, Sendable {
    public struct Zone: Decodable, Sendable {
        public let id: String
        public let rules: [String]
        /// Pixels.
        public let polygon: [[Double]]
    }

    public struct Event: Decodable, Sendable {
        public let id: Int
        public let kind: String
        public let zone: String
        /// Seconds of media time.
        public let start: Double
        public let end: Double
        /// x, y, width, height in pixels.
        public let box: [Double]
    }

    /// Width and height in pixels.
    public let size: [Double]
    public let zones: [Zone]
    public let events: [Event]

    enum CodingKeys: CodingKey { case size, zones, events }

    public struct Fault: Error, CustomStringConvertible {
        public let description: String
    }

    public static func load(_ path: String) throws -> Truth {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Fault(description: "could not read the truth file \(path); check the path")
        }
        do {
            let truth = try JSONDecoder().decode(Truth.self, from: data)
            try truth.check(path)
            return truth
        } catch let error as DecodingError {
            throw Fault(description: "\(path): \(text(error))")
        }
    }

    /// Names the key as in the file: `events[0].box`.
    private static func text(_ error: DecodingError) -> String {
        func name(_ path: [any CodingKey]) -> String {
            path.reduce("") { name, key in
                if let index = key.intValue { return "\(name)[\(index)]" }
                return name.isEmpty ? key.stringValue : "\(name).\(key.stringValue)"
            }
        }
        switch error {
        case .keyNotFound(let key, let context): return "'\(name(context.codingPath + [key]))' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            guard context.codingPath.isEmpty else {
                return "'\(name(context.codingPath))' is wrong: \(context.debugDescription)"
            }
            return "it is not in the expected form: \(context.debugDescription)"
        @unknown default: return "it is not in the expected form: \(error)"
        }
    }

    private func check(_ path: String) throws {
        guard size.count == 2, size.allSatisfy({ $0 >= 1 }) else {
            throw Fault(description: "\(path): 'size' must be [width, height] in pixels")
        }
        for zone in zones {
            if let unknown = zone.rules.first(where: { !Rules.kinds.contains(AlertKind(rawValue: $0)) }) {
                throw Fault(
                    description: "\(path): zone '\(zone.id)' is to be watched for '\(unknown)', which nothing detects; "
                        + "what can be: \(Rules.kinds.map(\.rawValue).joined(separator: ", "))")
            }
            guard zone.polygon.count >= 3, zone.polygon.allSatisfy({ $0.count == 2 }) else {
                throw Fault(description: "\(path): zone '\(zone.id)' needs at least three corners [x, y]")
            }
            guard polygon(zone).corners.allSatisfy(isNear) else {
                throw Fault(description: "\(path): zone '\(zone.id)' has a corner that is far outside of the picture")
            }
        }
        for event in events {
            guard event.box.count == 4, event.start <= event.end else {
                throw Fault(
                    description: "\(path): event \(event.id) needs a box [x, y, width, height] and start ≤ end")
            }
            let box = box(event)
            guard box.width > 0, box.height > 0, isNear(Point(x: box.x, y: box.y)),
                isNear(Point(x: box.maxX, y: box.maxY))
            else {
                throw Fault(
                    description: "\(path): event \(event.id) has a box that is empty or far outside of the picture")
            }
            guard Self.times.contains(event.start), Self.times.contains(event.end) else {
                throw Fault(description: "\(path): event \(event.id) is at no time that a clip can have")
            }
        }
    }

    /// Seconds: thirty years to either side, with room for stamps that do not begin at zero.
    private static let times = -1e9...1e9

    /// Whether it is in the picture or outside by no more than the picture's size.
    private func isNear(_ point: Point) -> Bool { (-1...2).contains(point.x) && (-1...2).contains(point.y) }

    func polygon(_ zone: Zone) -> Polygon {
        Polygon(zone.polygon.map { Point(x: $0[0] / size[0], y: $0[1] / size[1]) })
    }

    func box(_ event: Event) -> Box {
        Box(
            x: event.box[0] / size[0], y: event.box[1] / size[1], width: event.box[2] / size[0],
            height: event.box[3] / size[1])
    }
}

extension Truth {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        size = try container.decode([Double].self, forKey: .size)
        zones = try container.decode([Zone].self, forKey: .zones)
        events = try container.decodeIfPresent([Event].self, forKey: .events) ?? []
    }
}
