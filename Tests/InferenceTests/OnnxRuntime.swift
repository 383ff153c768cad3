import Foundation
import TestSupport

/// The comparison script of `models/`, in the Python that has ONNX Runtime.
enum OnnxRuntime {
    private static let python =
        ["models/.venv/bin/python3", "models/.venv/bin/python"]
        .map { Footage.packageRoot.appending(path: $0).path }.first { FileManager.default.fileExists(atPath: $0) }
        ?? "/usr/bin/python3"

    static let isPresent = (try? run(["-c", "import onnxruntime"]).status) == 0

    /// - Parameters:
    ///   - blob: the input that OpenCV was given.
    ///   - outputs: what it gave, by the names of the outputs.
    static func largestDifference(model: String, blob: [Float], outputs: KeyValuePairs<String, [Float]>) throws
        -> Double
    {
        struct Answer: Decodable {
            let largest: Double

            enum CodingKeys: String, CodingKey { case largest = "max_difference" }
        }
        let folder = try TemporaryFolder()
        func write(_ values: [Float], _ name: String) throws -> String {
            let file = folder.file("\(name).f32")
            try values.withUnsafeBytes { Data($0) }.write(to: file)
            return file.path
        }
        let script = Footage.packageRoot.appending(path: "models/compare_onnxruntime.py").path
        let files = try outputs.map { "\($0.key)=\(try write($0.value, $0.key))" }
        let output = try run([script, model, try write(blob, "blob")] + files).output
        return try JSONDecoder().decode(Answer.self, from: output).largest
    }

    private static func run(_ arguments: [String]) throws -> (status: Int32, output: Data) {
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }
}
