import COpenCV
import Video

/// The detection network at one input size, with what it needs to fill that. Belongs to the detector's thread.
final class LoadedInput {
    let model: Model
    let head: any DetectorHead
    private(set) var blob: [Float]
    private var engine: any InferenceEngine & ~Copyable
    private var scaler: Scaler?

    init(_ model: Model, _ engines: InferenceEngines, _ heads: DetectorHeads) throws(InferenceError) {
        self.model = model
        head = try heads.head(of: model)
        engine = try engines.open(model)
        blob = [Float](repeating: 0, count: 3 * model.width * model.height)
    }

    /// Runs what was filled in.
    ///
    /// - Returns: the outputs that the head reads.
    func run() throws -> [[Float]] {
        try engine.forward(blob, width: model.width, height: model.height, outputs: head.outputs)
    }

    /// Letterboxes a picture to the top left; returns the part of the input that it fills, in pixels.
    ///
    /// - Parameter exposure: of the whole picture, where this is a part of it; nil for its own.
    func fill(from frame: Frame, in exposure: Exposure? = nil) throws -> (width: Int, height: Int) {
        try scale(frame) { pixels, filled in
            guard let table = (exposure ?? Exposure(of: pixels)).table else { return enter(pixels, filled) }
            pixels.map { table[Int($0)] }.withUnsafeBufferPointer { enter($0, filled) }
        }
    }

    /// How a picture's values, and those of its parts, enter the network.
    func exposure(of frame: Frame) throws -> Exposure {
        var exposure = Exposure.asItIs
        _ = try scale(frame) { pixels, _ in exposure = Exposure(of: pixels) }
        return exposure
    }

    private func scale(
        _ frame: Frame, _ body: (UnsafeBufferPointer<UInt8>, (width: Int, height: Int)) -> Void
    ) throws -> (width: Int, height: Int) {
        let filled = model.filled(width: frame.width, height: frame.height)
        if scaler?.width != filled.width || scaler?.height != filled.height {
            scaler = Scaler(width: filled.width, height: filled.height, format: .rgb)
        }
        let count = 3 * filled.width * filled.height
        try scaler?.scale(frame) { body(UnsafeBufferPointer(rebasing: $0.prefix(count)), filled) }
        return filled
    }

    private func enter(_ pixels: UnsafeBufferPointer<UInt8>, _ filled: (width: Int, height: Int)) {
        guard let pixels = pixels.baseAddress else { return }
        ocv_planes(
            pixels, Int32(filled.width), Int32(filled.height), head.mean, head.scale, &blob,
            Int32(model.width), Int32(model.height))
    }
}

extension Model {
    /// The part of the input that a picture fills when it is fitted into it, from the top left, in pixels.
    func filled(width: Int, height: Int) -> (width: Int, height: Int) {
        let scale = min(Double(self.width) / Double(max(1, width)), Double(self.height) / Double(max(1, height)))
        return (
            max(1, Int((Double(width) * scale).rounded())), max(1, Int((Double(height) * scale).rounded()))
        )
    }
}
