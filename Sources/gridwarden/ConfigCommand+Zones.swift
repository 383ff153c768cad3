import ArgumentParser
import Foundation
import SiteConfiguration

extension ConfigCommand {
    /// What the zone editor hands over where the service may not write the file itself.
    struct Zones: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the zones of a camera as JSON, or takes them from standard input.",
            discussion: """
                gridwarden config zones cam-01 > zones.json
                gridwarden config zones cam-01 --write < zones.json
                Zones are known by their id: what they say otherwise is changed in its place, new ones are added, those that are
                left out are removed. The console's zone editor gives such a file where it may not write the configuration.
                """)

        @OptionGroup var change: ConfigurationChange
        @Argument(help: "The id of the camera.") var camera: String
        @Flag(help: "Take the zones from standard input.") var write = false

        private struct Body: Codable { let zones: [ZoneDraft] }

        func run() throws {
            guard write else {
                return try ConfigurationChange.reporting(change.file) {
                    let text = try ConfigurationChange.text(of: change.file.config)
                    let document = try ConfigurationDocument(text: text, file: change.file.config)
                    try JSONText.print(Body(zones: try document.zones(of: camera)))
                }
            }
            guard let body = try? JSONDecoder().decode(Body.self, from: Data(ConfigurationChange.input().utf8)) else {
                Console.complain("standard input is no JSON of zones: gridwarden config zones \(camera) shows its form")
                throw ExitCode(64)
            }
            try change.apply { try $0.setZones(body.zones, of: camera) }
        }
    }
}
