import Analytics
import Domain
import Foundation
import TestSupport
import Testing
import Video

@testable import Inference

/// The own convolutions of `COpenCV` against those of OpenCV.
@Suite(.heavy) struct FastConvolutionTests {
    private static let folder = Footage.packageRoot.appending(path: "models/prepared").path
    private static let isReady =
        FileManager.default.fileExists(atPath: folder + "/manifest.json") && Footage.isPresent
        && !Footage.photos("coco-val").isEmpty
    /// Elsewhere OpenCV's run, and there is nothing to compare.
    private static let hasAVX2 =
        (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.contains(" avx2 ") ?? false

    private func model(_ name: String) throws -> Model {
        try ModelManifest.load(folder: Self.folder).entry(name).model(in: Self.folder)
    }

    /// The largest difference of the outputs of one network with the own and with OpenCV's convolutions.
    private func difference(
        _ path: String, description: String? = nil, _ inputs: [(blob: [Float], width: Int, height: Int)],
        _ outputs: [String]
    ) throws -> Float {
        var own = try Network(path: path, description: description, hasStockConvolution: false)
        var stock = try Network(path: path, description: description, hasStockConvolution: true)
        var largest: Float = 0
        for input in inputs {
            let wanted = outputs.map { (name: $0, count: 4_000_000) }
            let (blob, width, height) = input
            let found = try own.forward(blob, width: width, height: height, outputs: wanted, isExact: false)
            let expected = try stock.forward(blob, width: width, height: height, outputs: wanted, isExact: false)
            #expect(found.map(\.count) == expected.map(\.count) && found.allSatisfy { !$0.isEmpty })
            for (found, expected) in zip(found.joined(), expected.joined()) {
                guard found.isFinite else { return .infinity }
                largest = max(largest, abs(found - expected))
            }
        }
        return largest
    }

    // A difference of exactly zero would mean that OpenCV's convolutions ran twice.
    @Test(
        .enabled(if: isReady && hasAVX2, "needs models, footage and AVX2"),
        arguments: ["efficientdet-lite0-320", "efficientdet-lite0-448x256", "efficientdet-lite0-640x384"])
    func `the detector gives what it gives with OpenCV's convolutions`(name: String) async throws {
        let model = try model(name)
        let detector = try ObjectDetector(model: model)
        var inputs: [([Float], Int, Int)] = []
        for seconds in [0.0, 60] {
            inputs.append((try await detector.raw(of: try parkingFrame(at: seconds)).blob, model.width, model.height))
        }
        let difference = try difference(model.path, inputs, ["classes", "boxes"])
        #expect(difference > 0 && difference < 1e-3)
    }

    @Test(.enabled(if: isReady && hasAVX2, "needs models, footage and AVX2"))
    func `crop features are those of OpenCV's convolutions`() async throws {
        let model = try model("efficientnet-lite0-features")
        let features = try CropFeatures(model: model)
        let frame = try parkingFrame(at: 60)
        var inputs: [([Float], Int, Int)] = []
        for box in [Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2), Box(x: 0, y: 0, width: 1, height: 1)] {
            inputs.append((try await features.raw(of: box, in: frame).blob, model.width, model.height))
        }
        let difference = try difference(model.path, inputs, ["features"])
        #expect(difference > 0 && difference < 1e-3)
    }

    /// Photos stretched to the input of a model, in planes of (value − mean) × scale.
    private func photos(_ count: Int, for model: Model, mean: Float = 0, scale: Float = 1) throws
        -> [(blob: [Float], width: Int, height: Int)]
    {
        try Footage.photos("coco-val").prefix(count).map { photo in
            let canvas = try Canvas(try JPEG.decode([UInt8](Data(contentsOf: URL(filePath: photo)))))
            let whole = PixelBox(x: 0, y: 0, width: canvas.width, height: canvas.height)
            let picture = try ColourPicture(canvas).part(whole, width: model.width, height: model.height)
            let blob = (0..<3).flatMap { channel in
                stride(from: channel, to: picture.pixels.count, by: 3).map {
                    (Float(picture.pixels[$0]) - mean) * scale
                }
            }
            return (blob, model.width, model.height)
        }
    }

    @Test(.enabled(if: isReady && hasAVX2, "needs models, images and AVX2"))
    func `the face detector gives what it gives with OpenCV's convolutions`() throws {
        let model = try model("centerface")
        let difference = try difference(model.path, try photos(2, for: model), ["537", "538", "539"])
        #expect(difference > 0 && difference < 1e-3)
    }

    @Test(.enabled(if: isReady && hasAVX2, "needs models, images and AVX2"))
    func `the plate detector's Caffe model gives what it gives with OpenCV's convolutions`() throws {
        let model = try model("hyperlpr-plates")
        let difference = try difference(
            model.path, description: try #require(model.companions.first).path,
            try photos(2, for: model, mean: 116, scale: 1 / 58), ["detection_out"])
        #expect(difference > 0 && difference < 1e-3)
    }

    /// Random chains, each at two sizes of input and then at the first again.
    @Test(arguments: 0..<100) func `convolutions of any shape equal OpenCV's`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let chain = Self.chain(using: &random)
        let sizes = (0..<2).map { _ in
            (width: Int.random(in: 9...70, using: &random), height: Int.random(in: 9...50, using: &random))
        }
        let inputs = [sizes[0], sizes[1], sizes[0]].map { size in
            let blob = (0..<3 * size.width * size.height).map { _ in Float.random(in: -2...2, using: &random) }
            return (blob, size.width, size.height)
        }
        let folder = try TemporaryFolder()
        let file = folder.file("chain.onnx")
        let model = ConvolutionModel(width: sizes[0].width, height: sizes[0].height, chain, using: &random)
        try model.write(to: file)
        let difference = try difference(file.path, inputs, ["out"])
        #expect(difference < 1e-4, "\(chain) at \(sizes)")
    }

    /// What OpenCV makes of a network depends on the thread that runs it: each keeps its own convolutions.
    @Test func `networks of many threads keep their convolutions`() async throws {
        var random = SeededGenerator(seed: 3)
        let folder = try TemporaryFolder()
        let path = folder.file("chain.onnx").path
        let chain = [
            ConvolutionModel.Convolution(outputs: 40, kernel: (3, 3), activation: .relu6),
            ConvolutionModel.Convolution(outputs: 40, kernel: (5, 5), groups: 40),
            ConvolutionModel.Convolution(outputs: 7, kernel: (1, 1)),
        ]
        try ConvolutionModel(width: 33, height: 21, chain, using: &random).write(to: URL(filePath: path))
        let blob = (0..<3 * 33 * 21).map { _ in Float.random(in: -1...1, using: &random) }
        @Sendable func run(isStock: Bool) throws -> [Float] {
            var network = try Network(path: path, hasStockConvolution: isStock)
            return try network.forward(blob, width: 33, height: 21, outputs: [("out", 7 * 33 * 21)])[0]
        }
        let expected = (own: try run(isStock: false), stock: try run(isStock: true))
        if Self.hasAVX2 { #expect(expected.own != expected.stock) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<40 {
                group.addTask {
                    let isStock = index % 2 == 0
                    return try run(isStock: isStock) == (isStock ? expected.stock : expected.own)
                }
            }
            for try await isEqual in group { #expect(isEqual) }
        }
    }

    /// One to four convolutions: dense and depthwise ones, and now and then one that stays with OpenCV.
    private static func chain(using random: inout SeededGenerator) -> [ConvolutionModel.Convolution] {
        var channels = 3
        return (0..<Int.random(in: 1...4, using: &random)).map { _ in
            var next = ConvolutionModel.Convolution(outputs: Int.random(in: 1...41, using: &random), kernel: (1, 1))
            next.stride = Int.random(in: 1...2, using: &random)
            let sizes = [1, 3, 5]
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4: next.kernel = (1, 1)
            case 4..<6:
                next.kernel = (sizes.randomElement(using: &random) ?? 3, sizes.randomElement(using: &random) ?? 3)
            case 6..<9:
                let size = [3, 5].randomElement(using: &random) ?? 3
                (next.outputs, next.groups, next.kernel) = (channels, channels, (size, size))
            default:
                (next.kernel, next.dilation, next.stride) = ((3, 3), 2, 1)
                next.pads = [2, 2, 2, 2]
            }
            if next.pads == nil, Bool.random(using: &random) {
                next.pads = [next.kernel.height, next.kernel.width, next.kernel.height, next.kernel.width].map {
                    Int.random(in: $0 / 2..<max($0, 1), using: &random)
                }
            }
            next.hasBias = Bool.random(using: &random)
            next.hasBatchNorm = Int.random(in: 0..<3, using: &random) == 0
            next.activation = ConvolutionModel.Activation.allCases.randomElement(using: &random) ?? .none
            channels = next.outputs
            return next
        }
    }
}
