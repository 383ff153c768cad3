import ArgumentParser
import Domain
import Foundation
import Runtime
import SiteConfiguration

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Reads and changes the configuration, and has the running daemon take it over.",
        discussion: """
            A path names a value: keys with a dot between them, items of lists by their id or, in brackets, by their number
            from 1, e.g. broker.host, cameras.cam-01.zones.np1.rules.parking.motor.dwell, site.departments[1].id. Names of
            kinds keep their dot; a step may be quoted or in brackets, as rules[parking.motor].

            Each change edits the file in its place and keeps all comments; it is written only where the whole file is
            right afterwards. The 20 newest versions are kept beside the file, in .NAME.versions. Then the running daemon
            takes it over; where a restart is needed, that is said.

            Exit codes: 0 done (no daemon runs, or a restart is needed: that is said), 1 written but the daemon has refused
            it or cannot be asked, or it could not be written, 64 wrong usage, 66 there is nothing at the path or no such
            version, 75 another process is changing the file, 78 the file is wrong or would be: nothing was written.
            Passwords in addresses are never shown.
            """,
        subcommands: [
            Get.self, Set.self, Add.self, Remove.self, Zones.self, Undo.self, Versions.self, Diff.self, Keys.self,
        ])

    /// The file to change.
    struct File: ParsableArguments {
        @Option(help: "The configuration file.") var config = "/etc/gridwarden/gridwarden.yaml"
        @Flag(help: "Print the outcome as JSON.") var json = false
    }

    struct Get: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints the value at a path, as the file has it.")

        @OptionGroup var file: File
        @Argument(help: "E.g. broker.host; the whole file where it is left out.") var path: String?

        func run() throws {
            try ConfigurationChange.reporting(file) {
                let text = try ConfigurationChange.text(of: file.config)
                let document = try ConfigurationDocument(text: text, file: file.config)
                let secrets = KnownSecrets(of: [text])
                guard let path else {
                    if file.json { return try JSONText.print(JSONValue(document.value, secrets)) }
                    return print(secrets.redact(text), terminator: "")
                }
                let place = try ConfigurationPath(path)
                let value: ConfigurationValue
                do { value = try document.value(at: place) } catch let error as ConfigurationEditFault {
                    guard error.reason == .missing else { throw error }
                    let standard = Configuration.field(at: try document.keys(of: place))?.standard
                    Console.complain("\(error)" + (standard.map { "; its default is \($0)" } ?? ""))
                    throw ExitCode(66)
                }
                if file.json { return try JSONText.print(JSONValue(value, secrets)) }
                if case .text(let text) = value {
                    print(secrets.redact(text))
                } else {
                    print(secrets.redact(value.yaml))
                }
            }
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives a key a value; sections that are missing are made.",
            discussion: """
                Texts and numbers are taken as they are: no quotes of YAML are needed. Lists and maps are YAML, e.g.
                gridwarden config set cameras.cam-01.zones.np1.rules.parking.motor.classes '[car, bus]'
                """)

        @OptionGroup var change: ConfigurationChange
        @Argument(help: "E.g. broker.port.") var path: String
        @Argument(help: "The value; - reads it from standard input.") var value: String

        func run() throws {
            let place = try ConfigurationChange.reporting(change.file) { try ConfigurationPath(path) }
            let text = value == "-" ? ConfigurationChange.input().trimmingCharacters(in: .newlines) : value
            try change.apply { document in
                try document.set(place, to: try Self.value(text, try document.keys(of: place)))
            }
        }

        /// In the form of the key.
        private static func value(_ text: String, _ keys: [String]) throws -> ConfigurationValue {
            switch Configuration.field(at: keys)?.form {
            case .number, .integer, .boolean, .choice, .text: .text(text)
            default: try ConfigurationValue(yaml: text)
            }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a key or an item out, with its lines; comments above it stay.")

        @OptionGroup var change: ConfigurationChange
        @Argument(help: "E.g. cameras.cam-02.") var path: String

        func run() throws {
            let place = try ConfigurationChange.reporting(change.file) { try ConfigurationPath(path) }
            try change.apply { try $0.remove(place) }
        }
    }

    struct Undo: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts the version before the last change back; again: the one before that.",
            discussion: "What was changed by hand since is taken back first. No version is lost by it.")

        @OptionGroup var change: ConfigurationChange
        @Option(help: "The number of a version, as versions lists them.") var to: Int?

        func run() throws {
            try change.apply(with: { try $0.undo(to: to, isTrial: change.dryRun) })
        }
    }

    struct Versions: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the versions that are kept, the newest last.")

        @OptionGroup var file: File

        private struct Row: Encodable {
            let number: Int
            let date: String
            let backTo: Int?
            let by: String?

            private enum CodingKeys: String, CodingKey {
                case number, date, by
                case backTo = "back_to"
            }
        }

        func run() throws {
            try ConfigurationChange.reporting(file) {
                let rows = try ConfigurationStore(path: file.config).versions().map {
                    Row(number: $0.number, date: $0.date.formatted(.iso8601), backTo: $0.backTo, by: $0.by)
                }
                if file.json { return try JSONText.print(["versions": rows]) }
                for row in rows {
                    let by = row.by.map { " by \($0)" } ?? ""
                    print("\(row.number) \(row.date)\(by)" + (row.backTo.map { " back to \($0)" } ?? ""))
                }
                if rows.isEmpty { print("none: the file was not changed with gridwarden config") }
            }
        }
    }

    struct Diff: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what differs between a version and the file as it is.")

        @OptionGroup var file: File
        @Argument(help: "The number of a version; the last but one where it is left out.") var version: Int?

        func run() throws {
            try ConfigurationChange.reporting(file) {
                let store = ConfigurationStore(path: file.config)
                let now = try ConfigurationChange.text(of: file.config)
                let old = try version.map(store.text(ofVersion:)) ?? store.previous()
                let text = KnownSecrets(of: [old, now]).redact(
                    LineDifference.unified(old, now, name: file.config))
                if file.json { try JSONText.print(["diff": text]) } else { print(text, terminator: "") }
            }
        }
    }

    struct Keys: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says what a key takes, its default, and whether a change needs a restart.")

        @Argument(help: "E.g. cameras.zones, without ids of items; all sections where it is left out.") var path:
            String?
        @Flag(help: "Chinese texts.") var zh = false

        func run() throws {
            let keys = path.map { $0.split(separator: ".").map(String.init) } ?? []
            let found = Configuration.field(at: keys)
            guard keys.isEmpty || found != nil else {
                Console.complain("there is no key \(path ?? ""): gridwarden config keys lists the sections")
                throw ExitCode(66)
            }
            let fields = keys.isEmpty ? Configuration.fields : found.map { $0.parts.isEmpty ? [$0] : $0.parts } ?? []
            for field in fields {
                let takes = field.takes.isEmpty ? "" : " (\(field.takes))"
                let standard = field.standard.map { "; default \($0)" } ?? (field.isRequired ? "; required" : "")
                let restart = field.needsRestart ? "; needs a restart" : ""
                print("\(field.key)\(takes): \(zh ? field.what.zh : field.what.en)\(standard)\(restart)")
            }
        }
    }
}

/// A value of the configuration as JSON: numbers remain texts, since the file does not distinguish them.
private struct JSONValue: Encodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ text: String) { stringValue = text }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    let value: ConfigurationValue
    let secrets: KnownSecrets

    init(_ value: ConfigurationValue, _ secrets: KnownSecrets) { (self.value, self.secrets) = (value, secrets) }

    func encode(to encoder: any Encoder) throws {
        switch value {
        case .empty:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .text(let text):
            var container = encoder.singleValueContainer()
            try container.encode(secrets.redact(text))
        case .list(let items):
            var container = encoder.unkeyedContainer()
            for item in items { try container.encode(JSONValue(item, secrets)) }
        case .map(let entries):
            var container = encoder.container(keyedBy: Key.self)
            for entry in entries { try container.encode(JSONValue(entry.value, secrets), forKey: Key(entry.key)) }
        }
    }
}
