import COpenCV
import Foundation

/// A network in OpenCV's DNN. One owner, one thread at a time.
// @unchecked: the handle moves between threads but is never shared.
public struct Network: ~Copyable, InferenceEngine, @unchecked Sendable {
    private let raw: OpaquePointer
    private let path: String

    /// For comparing: `GRIDWARDEN_STOCK_CONVOLUTION=1` in the environment.
    private static let isStock = ProcessInfo.processInfo.environment["GRIDWARDEN_STOCK_CONVOLUTION"] == "1"

    /// Reads an ONNX file, or a Caffe model with its description; throws where OpenCV cannot.
    ///
    /// - Parameter hasStockConvolution: whether OpenCV's own convolutions run instead of the faster ones of `COpenCV`;
    ///   by default only where the environment asks for it.
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
        let results = outputs.map { UnsafeMutableBufferPointer<Float>.allocate(capacity: max(1, $0.count)) }
        defer { for result in results { result.deallocate() } }
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
        let resultPointers = results.compactMap(\.baseAddress)
        let done = ocv_net_forward(
            raw, blob, Int32(width), Int32(height), namePointers, Int32(outputs.count), resultPointers,
            outputs.map(\.count), &counts, &error)
        guard done else {
            throw InferenceError("run \(path)", error, remedy: "check it with 'gridwarden models verify'")
        }
        for (expected, count) in zip(outputs, counts) where isExact && expected.count != count {
            throw InferenceError(
                "run \(path)", cause: "output \(expected.name) has \(count) floats instead of \(expected.count)",
                remedy: "check it with 'gridwarden models verify'")
        }
        return zip(results, counts).map { Array($0.0.prefix($0.1)) }
    }
}
