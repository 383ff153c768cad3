public import Domain
public import Foundation

/// The topic tree: each level of government sees its own area with one filter.
public struct AlertTopics: Sendable, Hashable {
    /// The subject of a topic; the first segment below the root.
    public enum Channel: String, Sendable, CaseIterable {
        case alert, open, evidence, camera, site, review, command, reply
    }

    /// The spelling of a kind in a topic. JSON always has the dot.
    public enum KindForm: String, Sendable, CaseIterable {
        /// `parking.motor`
        case dotted
        /// `parking_motor`, for brokers that allow no dot in a level.
        case underscored
    }

    public let root: String
    public let kinds: KindForm

    /// - Parameter kinds: the form on the wire and in filters. Topics are created, and stored in the outbox, with the
    ///   dot in any case; `onWire` converts them on sending, so that a change also applies to waiting messages.
    public init(root: String = "mg/v1", kinds: KindForm = .dotted) {
        self.root = root
        self.kinds = kinds
    }

    /// The topic as it is sent.
    package func onWire(_ topic: String) -> String {
        guard kinds == .underscored, [.alert, .open, .evidence].contains(where: { isChannel($0, topic) }) else {
            return topic
        }
        var levels = topic.dropFirst(root.count + 1).split(separator: "/", omittingEmptySubsequences: false)
            .map(String.init)
        let index = Self.placeLevels + 1
        guard levels.indices.contains(index) else { return topic }
        levels[index] = form(levels[index])
        return ([root] + levels).joined(separator: "/")
    }

    private func form(_ kind: String) -> String { kinds == .dotted ? kind : kind.replacing(".", with: "_") }

    /// From the province to the micro-grid.
    private static let placeLevels = AreaCode.Level.allCases.count + 2

    /// Every change of an incident.
    public func alert(_ place: GridLocation, _ kind: AlertKind) -> String {
        topic(.alert, place, [kind.rawValue])
    }

    /// Retained while the incident is open.
    public func open(_ place: GridLocation, _ kind: AlertKind, incident: UUID) -> String {
        topic(.open, place, [kind.rawValue, incident.text])
    }

    /// One picture, binary.
    public func evidence(_ place: GridLocation, _ kind: AlertKind, incident: UUID, sha256: String) -> String {
        topic(.evidence, place, [kind.rawValue, incident.text, sha256])
    }

    /// The retained state of one camera.
    public func camera(_ place: GridLocation, id: String) -> String { topic(.camera, place, ["_", id]) }

    /// The retained state of the daemon.
    public func site(_ place: GridLocation, id: String) -> String { topic(.site, place, ["_", id]) }

    /// The topic on which the site receives reviews or commands about a place.
    public func inbound(_ channel: Channel, _ place: GridLocation, site: String) -> String {
        topic(channel, place, ["_", site])
    }

    /// The retained incidents of one place, from any site.
    package func openFilter(_ place: GridLocation) -> String { topic(.open, place, []) + "/+/+" }

    /// The levels of a topic that name the place, from the province to the micro-grid; nil for another topic.
    package func place(of topic: String) -> String? {
        guard topic.hasPrefix(root + "/") else { return nil }
        let levels = topic.dropFirst(root.count + 1).split(separator: "/", omittingEmptySubsequences: false)
        let count = Self.placeLevels
        return levels.count > count ? levels[1...count].joined(separator: "/") : nil
    }

    /// The same topic on another channel.
    package func topic(_ topic: String, as channel: Channel) -> String {
        let levels = topic.dropFirst(root.count + 1).split(separator: "/", omittingEmptySubsequences: false)
        return ([root, channel.rawValue] + levels.dropFirst().map(String.init)).joined(separator: "/")
    }

    package func isChannel(_ channel: Channel, _ topic: String) -> Bool {
        topic.hasPrefix("\(root)/\(channel.rawValue)/")
    }

    /// Filter for everything on one channel in one area, down to the level that the area code names; nil is everywhere.
    public func filter(_ channel: Channel, area: AreaCode? = nil) -> String {
        let levels = AreaCode.Level.allCases.filter { $0.rawValue <= area?.level.rawValue ?? 0 }
        return ([root, channel.rawValue] + levels.compactMap { area?.segment($0) } + ["#"]).joined(separator: "/")
    }

    /// Filter for one kind in one area, as a county's traffic police would use it.
    public func filter(kind: AlertKind, area: AreaCode? = nil) -> String {
        let levels = AreaCode.Level.allCases
        let given = levels.map { level in
            area.flatMap { level.rawValue <= $0.level.rawValue ? $0.segment(level) : nil } ?? "+"
        }
        return ([root, Channel.alert.rawValue] + given + ["+", "+", Self.segment(form(kind.rawValue))]).joined(
            separator: "/")
    }

    private func topic(_ channel: Channel, _ place: GridLocation, _ rest: [String]) -> String {
        let area = AreaCode.Level.allCases.map(place.area.segment)
        let tail = ([place.grid, place.microgrid] + rest).map(Self.segment)
        return ([root, channel.rawValue] + area + tail).joined(separator: "/")
    }

    /// A configured name must not introduce another level or a wildcard.
    private static func segment(_ text: String) -> String {
        guard !text.isEmpty else { return "_" }
        return text.map { character in
            switch character {
            case "/": "%2F"
            case "+": "%2B"
            case "#": "%23"
            case "\0": "%00"
            default: String(character)
            }
        }.joined()
    }
}
