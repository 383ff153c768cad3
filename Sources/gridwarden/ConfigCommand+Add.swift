import ArgumentParser
import SiteConfiguration

extension ConfigCommand {
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a camera, a zone, or an item to any list.",
            subcommands: [Camera.self, Zone.self, Item.self])
    }

    /// The options of a zone.
    struct ZoneOptions: ParsableArguments {
        @Option(help: "Corners of the zone, e.g. '[[0.1, 0.5], [0.9, 0.5], [0.9, 0.9]]'.") var polygon: String?
        @Option(help: "A rule of the zone with its defaults, e.g. parking.motor; may be repeated.") var rule: [String] =
            []
        @Option(help: "The ground of the zone: carriageway, pavement, square, water, green, other.") var surface:
            String?

        /// - Parameter more: the zone's other keys.
        func value(id: String, _ more: [(key: String, value: String?)] = []) throws -> ConfigurationValue {
            guard let polygon, !rule.isEmpty else {
                throw ValidationError("a zone needs --polygon and at least one --rule")
            }
            let texts =
                [("id", id)] + (more + [("surface", surface)]).compactMap { key, value in value.map { (key, $0) } }
            return .map(
                texts.map { .init($0.0, .text($0.1)) } + [
                    .init("polygon", try ConfigurationValue(yaml: polygon)),
                    .init("rules", .map(rule.map { .init($0, .empty) })),
                ])
        }
    }

    struct Camera: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a camera with one zone, or as YAML from standard input.",
            discussion: """
                gridwarden config add camera --id cam-02 --url rtsp://192.168.1.65/a --purpose 'parking at the gate' \
                --signage-confirmed --zone np1 --polygon '[[0.1, 0.5], [0.9, 0.5], [0.9, 0.9]]' --rule parking.motor
                More zones: gridwarden config add zone. Keep passwords out of --url and --detail-url, where every user of the
                machine sees them: write them into --credentials-file.
                """)

        @OptionGroup var change: ConfigurationChange
        @Flag(help: "Read the camera as YAML from standard input, as it stands in the file.") var yaml = false
        @Option(help: "Its id.") var id: String?
        @Option(help: "Its stream.") var url: String?
        @Option(help: "Its main stream, where --url is a smaller one.") var detailUrl: String?
        @Option(help: "For people.") var name: String?
        @Option(help: "User and password, a line each.") var credentialsFile: String?
        @Option(help: "What it is for; the law asks for it.") var purpose: String?
        @Flag(help: "A sign at the place tells of the camera.") var signageConfirmed = false
        @Option(help: "The id of its zone.") var zone: String?
        @OptionGroup var zoneOptions: ZoneOptions

        func validate() throws {
            guard !yaml else { return }
            guard id != nil, url != nil, purpose != nil, zone != nil else {
                throw ValidationError("give --id, --url, --purpose and --zone, or --yaml")
            }
            guard signageConfirmed else {
                throw ValidationError("confirm that a sign at the place tells of the camera: --signage-confirmed")
            }
            _ = try zoneOptions.value(id: zone ?? "")
        }

        func run() throws {
            let camera = try ConfigurationChange.reporting(change.file) { try value() }
            let list = try ConfigurationPath("cameras")
            try change.apply { try $0.add(camera, to: list) }
        }

        private func value() throws -> ConfigurationValue {
            guard !yaml else { return try ConfigurationChange.item(ConfigurationChange.input()) }
            let texts = [
                ("id", id), ("name", name), ("url", url), ("detail_url", detailUrl),
                ("credentials_file", credentialsFile), ("purpose", purpose), ("signage_confirmed", "true"),
            ]
            return .map(
                texts.compactMap { key, value in value.map { .init(key, .text($0)) } }
                    + [.init("zones", .list([try zoneOptions.value(id: zone ?? "")]))])
        }
    }

    struct Zone: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a zone to a camera, or as YAML from standard input.",
            discussion: """
                gridwarden config add zone --camera cam-01 --id np2 --polygon '[[0.1, 0.5], [0.9, 0.5], [0.9, 0.9]]' \
                --rule parking.motor --rule vending.occupy_road --surface pavement
                """)

        @OptionGroup var change: ConfigurationChange
        @Option(help: "The id of the camera.") var camera: String
        @Flag(help: "Read the zone as YAML from standard input, as it stands in the file.") var yaml = false
        @Option(help: "Its id.") var id: String?
        @Option(help: "For people.") var name: String?
        @Option(help: "The preset that it was drawn on.") var preset: String?
        @Option(help: "Seconds: the longest time without a look.") var promise: String?
        @OptionGroup var zoneOptions: ZoneOptions

        func validate() throws {
            guard !yaml else { return }
            guard let id else { throw ValidationError("give --id, or --yaml") }
            _ = try zoneOptions.value(id: id)
        }

        func run() throws {
            let zone = try ConfigurationChange.reporting(change.file) {
                try yaml
                    ? ConfigurationChange.item(ConfigurationChange.input())
                    : zoneOptions.value(
                        id: id ?? "", [("name", name), ("preset", preset), ("promise", promise)])
            }
            let list = try ConfigurationChange.reporting(change.file) {
                try ConfigurationPath("cameras[\"\(camera)\"].zones")
            }
            try change.apply { try $0.add(zone, to: list) }
        }
    }

    struct Item: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds an item to the list at a path, e.g. inbound.reviewers '{by: worker-17}'.")

        @OptionGroup var change: ConfigurationChange
        @Argument(help: "The path of the list.") var path: String
        @Argument(help: "The item as YAML; - reads it from standard input.") var value: String

        func run() throws {
            let (place, item) = try ConfigurationChange.reporting(change.file) {
                let text = value == "-" ? ConfigurationChange.input() : value
                return (try ConfigurationPath(path), try ConfigurationChange.item(text))
            }
            try change.apply { try $0.add(item, to: place) }
        }
    }
}
