public import Domain
import Foundation
import Hashing
internal import Video

/// A prepared network: where it is, what it must hash to, and what it expects.
public struct Model: Sendable, Equatable {
    /// A further file that the network needs.
    public struct Companion: Sendable, Equatable {
        public let path: String
        public let sha256: String
    }

    public let name: String
    public let version: String
    /// Of the file that holds the weights.
    public let sha256: String
    public let path: String
    public let companions: [Companion]
    /// Pixels of the input.
    public let width: Int
    public let height: Int
    /// The classes of the head in order; nil for one that no rule uses.
    public let classes: [ObjectClass?]
    /// What runs it: a name of `InferenceEngines`.
    public let engine: String
    /// What makes boxes of its outputs, where it finds objects: a name of `DetectorHeads`.
    public let head: String

    /// Those of manifests that name none.
    public static let usualEngine = "opencv-dnn"
    public static let usualHead = "efficientdet-lite"

    public init(
        name: String, version: String, sha256: String, path: String, companions: [Companion] = [], width: Int,
        height: Int, classes: [ObjectClass?], engine: String = Model.usualEngine, head: String = Model.usualHead
    ) {
        self.name = name
        self.version = version
        self.sha256 = sha256
        self.path = path
        self.companions = companions
        self.width = width
        self.height = height
        self.classes = classes
        self.engine = engine
        self.head = head
    }

    /// Throws where a file is missing or is not the one that the manifest names.
    public func verify() throws(InferenceError) {
        for (path, sha256) in [(path, sha256)] + companions.map({ ($0.path, $0.sha256) }) {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw InferenceError(
                    "use the model \(name)", cause: "there is no file \(path)",
                    remedy: "prepare it with 'gridwarden models prepare'")
            }
            let found: String
            do { found = try SHA256.hex(data) } catch {
                throw InferenceError("use the model \(name)", cause: "\(error)", remedy: "restart the service")
            }
            guard found == sha256 else {
                throw InferenceError(
                    "use the model \(name)", cause: "\(path) has the SHA-256 \(found) instead of \(sha256)",
                    remedy: "delete it and run 'gridwarden models prepare'")
            }
        }
    }
}
