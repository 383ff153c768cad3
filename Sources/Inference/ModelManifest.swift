import Domain
import Foundation

/// The available weights: origin, hashes, inputs and outputs.
public struct ModelManifest: Codable, Sendable {
    public struct Source: Codable, Sendable {
        /// On PyPI.
        public let package: String
        public let version: String
        public let file: String
        public let sha256: String
    }

    public struct Output: Codable, Sendable {
        public let file: String
        public let sha256: String
        public let bytes: Int
    }

    /// A further file of the same wheel that the network needs, such as a Caffe model's description.
    public struct Companion: Codable, Sendable {
        /// In the wheel.
        public let source: String
        public let file: String
        public let sha256: String
        public let bytes: Int
    }

    public struct Input: Codable, Sendable {
        /// N × C × H × W.
        public let shape: [Int]
    }

    public struct Entry: Codable, Sendable {
        public let name: String
        /// The common name of the inputs of one detection network; nil for a single network.
        public let family: String?
        public let use: String
        public let source: Source
        public let output: Output
        public let companions: [Companion]?
        public let licence: String
        public let classes: [String]
        /// The engine; nil in manifests of an older version, likewise below.
        public let engine: String?
        /// The head; nil also for a network that does not detect objects.
        public let head: String?
        public let input: Input

        /// - Parameter folder: of the prepared files.
        public func model(in folder: String) -> Model {
            func path(_ file: String) -> String { URL(filePath: folder).appending(path: file).path }
            return Model(
                name: name, version: source.version, sha256: output.sha256, path: path(output.file),
                companions: (companions ?? []).map { .init(path: path($0.file), sha256: $0.sha256) },
                width: input.shape.count == 4 ? input.shape[3] : 0,
                height: input.shape.count == 4 ? input.shape[2] : 0,
                classes: classes.map { ObjectClass(rawValue: $0) }, engine: engine ?? Model.usualEngine,
                head: head ?? Model.usualHead)
        }
    }

    public let models: [Entry]

    /// Reads `manifest.json` in the folder of the prepared models.
    public static func load(folder: String) throws(InferenceError) -> ModelManifest {
        let path = URL(filePath: folder).appending(path: "manifest.json").path
        guard let data = FileManager.default.contents(atPath: path) else {
            throw InferenceError(
                "find the models", cause: "there is no \(path)",
                remedy: "run 'gridwarden models prepare', or name their folder")
        }
        do { return try JSONDecoder().decode(ModelManifest.self, from: data) } catch {
            throw InferenceError("read \(path)", cause: "\(error)", remedy: "run 'gridwarden models prepare'")
        }
    }

    /// The entry called `name`; throws with the available names.
    public func entry(_ name: String) throws(InferenceError) -> Entry {
        guard let entry = models.first(where: { $0.name == name }) else {
            throw InferenceError(
                "use the model \(name)", cause: "the manifest does not name it",
                remedy: "choose one of \(models.map(\.name).joined(separator: ", "))")
        }
        return entry
    }
}
