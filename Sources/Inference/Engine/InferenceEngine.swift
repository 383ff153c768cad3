import COpenCV
import Foundation

/// Runs one network: OpenCV's DNN today. One owner, one thread at a time.
public protocol InferenceEngine: ~Copyable, Sendable {
    /// Runs one picture.
    ///
    /// - Parameters:
    ///   - blob: 1 × 3 × `height` × `width`, normalised as the network requires.
    ///   - outputs: name and number of floats of each requested output.
    ///   - isExact: false where the counts are upper limits, as for a network that ends in a list of objects.
    /// - Returns: the outputs in that order, flat.
    mutating func forward(
        _ blob: [Float], width: Int, height: Int, outputs: [(name: String, count: Int)], isExact: Bool
    ) throws(InferenceError) -> [[Float]]
}

extension InferenceEngine where Self: ~Copyable {
    /// The same for outputs of known sizes.
    public mutating func forward(
        _ blob: [Float], width: Int, height: Int, outputs: [(name: String, count: Int)]
    ) throws(InferenceError) -> [[Float]] {
        try forward(blob, width: width, height: height, outputs: outputs, isExact: true)
    }
}

/// The available engines, by their names in the models' manifest.
public struct InferenceEngines: Sendable {
    /// Loads a network whose files have been verified.
    public typealias Open = @Sendable (Model) throws(InferenceError) -> any InferenceEngine & ~Copyable

    /// Caffe models have a description beside their weights.
    public static let standard = InferenceEngines([
        Model.usualEngine: { model throws(InferenceError) in
            try Network(path: model.path, description: model.companions.first?.path)
        }
    ])

    private let byName: [String: Open]

    public init(_ byName: [String: Open]) { self.byName = byName }

    /// Throws for an unknown engine name, or where the engine cannot load the network.
    public func open(_ model: Model) throws(InferenceError) -> any InferenceEngine & ~Copyable {
        try engine(of: model)(model)
    }

    /// Throws where the model names an unknown engine.
    public func check(_ model: Model) throws(InferenceError) { _ = try engine(of: model) }

    private func engine(of model: Model) throws(InferenceError) -> Open {
        if let open = byName[model.engine] { return open }
        throw InferenceError.unknown("engine", model.engine, of: model, among: byName.keys)
    }
}

extension InferenceError {
    static func unknown(
        _ what: String, _ name: String, of model: Model, among names: some Collection<String>
    ) -> InferenceError {
        let known = names.sorted().joined(separator: ", ")
        return InferenceError(
            "use the model \(model.name)",
            cause: "the manifest gives it the \(what) \"\(name)\", which is not known here",
            remedy: "run 'gridwarden models prepare', or name a model whose \(what) is one of \(known)")
    }
}

/// A network in OpenCV's DNN. One owner, one thread at a time.
// @unchecked: the handle moves between threads but is never shared.
public struct Network: ~Copyable, InferenceEngine, @unchecked Sendable {
    private let raw: OpaquePointer
    private let path: String

    /// For comparisons: `GRIDWARDEN_STOCK_CONVOLUTION=1` in the environment.
    private static let isStock = ProcessInfo.processInfo.environment["GRIDWARDEN_STOCK_CONVOLUTION"] == "1"

    /// Loads an ONNX file, or a Caffe model with its description; throws where OpenCV cannot.
    ///
    /// - Parameter hasStockConvolution: whether to use OpenCV's own convolutions instead of the faster ones of
    ///   `COpenCV`; by default only where the environment requests it.
    public init(path: String, description: String? = nil, hasStockConvolution: Bool? = nil) throws(InferenceError) {
        var error = ocv_error()
        guard let raw = ocv_net_open(path, description, hasStockConvolution ?? Self.isStock, &error) else {
            throw InferenceError(
                "read the network \(path)", error, remedy: "prepare it again with 'gridwarden models prepare'")
        }
        self.raw = raw
        self.path = path
    }

    deinit { ocv_net_close(raw) }

    public mutating func forward(
        _ blob: [Float], width: Int, height: Int, outputs: [(name: String, count: Int)], isExact: Bool
    ) throws(InferenceError) -> [[Float]] {
        guard blob.count == 3 * width * height else {
            throw InferenceError("run \(path)", cause: "the input has \(blob.count) floats", remedy: "report this")
        }
        let names = outputs.map { Array($0.name.utf8CString) }
        let starts = names.map { name in
            let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: name.count)
            _ = copy.initialize(from: name)
            return copy
        }
        defer { for start in starts { start.deallocate() } }
        var counts = [Int](repeating: 0, count: outputs.count)
        var error = ocv_error()
        let namePointers = starts.compactMap { $0.baseAddress.map { UnsafePointer($0) } }
        var results = [UnsafePointer<Float>?](repeating: nil, count: outputs.count)
        let done = ocv_net_forward(
            raw, blob, Int32(width), Int32(height), namePointers, Int32(outputs.count), &results, &counts, &error)
        guard done else {
            throw InferenceError("run \(path)", error, remedy: "check it with 'gridwarden models verify'")
        }
        for (expected, count) in zip(outputs, counts) where isExact ? expected.count != count : expected.count < count {
            throw InferenceError(
                "run \(path)", cause: "output \(expected.name) has \(count) floats instead of \(expected.count)",
                remedy: "check it with 'gridwarden models verify'")
        }
        return zip(results, counts).map { Array(UnsafeBufferPointer(start: $0.0, count: $0.1)) }
    }
}

/// A network that could not be loaded or run.
public struct InferenceError: Error, Equatable, CustomStringConvertible {
    public let operation: String
    public let cause: String
    public let remedy: String

    public init(_ operation: String, cause: String, remedy: String) {
        self.operation = operation
        self.cause = cause
        self.remedy = remedy
    }

    init(_ operation: String, _ error: ocv_error, remedy: String) {
        var message = error.message
        let cause = withUnsafeBytes(of: &message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        self.init(operation, cause: cause, remedy: remedy)
    }

    public var description: String { "could not \(operation): \(cause); \(remedy)" }
}
