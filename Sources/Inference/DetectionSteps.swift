package import Domain
package import Video

/// The detection network at one of its inputs, step by step as the detector runs it: for measuring. One owner, one thread.
package final class DetectionSteps {
    private let input: LoadedInput
    private var filled = (width: 1, height: 1)

    /// Loads the network; its files are not verified here.
    package init(_ model: Model) throws(InferenceError) {
        input = try LoadedInput(model, .standard, .standard)
    }

    /// The same file in OpenCV with its own convolutions, whatever engine the manifest names.
    package init(stock model: Model) throws(InferenceError) {
        let engines = InferenceEngines([
            model.engine: { model throws(InferenceError) in
                try Network(
                    path: model.path, description: model.companions.first?.path, hasStockConvolution: true)
            }
        ])
        input = try LoadedInput(model, engines, .standard)
    }

    /// A picture into the network's input.
    package func fill(from frame: Frame) throws { filled = try input.fill(from: frame) }

    /// The network alone; the outputs that the head uses.
    package func run() throws -> [[Float]] { try input.run() }

    /// What the head makes of outputs.
    package func detections(from outputs: [[Float]]) -> [Detection] {
        input.head.detections(from: outputs, filled: filled, minimumScore: ObjectDetector.faintScore)
    }
}
