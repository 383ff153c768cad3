import Foundation
import TestSupport

/// Writes a chain of convolutions with random weights as ONNX (opset 10), from the input "in" to the output "out".
struct ConvolutionModel {
    enum Activation: CaseIterable {
        case none, relu, relu6, leakyRelu, sigmoid
    }

    struct Convolution {
        var outputs: Int
        var kernel: (height: Int, width: Int)
        var stride = 1
        var dilation = 1
        var groups = 1
        /// Top, left, bottom, right; nil for SAME_UPPER.
        var pads: [Int]? = nil
        var hasBias = true
        var hasBatchNorm = false
        var activation = Activation.none
    }

    private let file: Data

    init(width: Int, height: Int, _ convolutions: [Convolution], using random: inout SeededGenerator) {
        var graph = Message()
        var (name, channels) = ("in", 3)
        for (index, convolution) in convolutions.enumerated() {
            let depth = channels / convolution.groups
            let count = depth * convolution.kernel.height * convolution.kernel.width
            func tensor(_ suffix: String, _ dimensions: [Int], _ range: ClosedRange<Float>) -> String {
                let values = (0..<dimensions.reduce(1, *)).map { _ in Float.random(in: range, using: &random) }
                graph.add(5, Self.tensor("\(index)\(suffix)", dimensions, values))
                return "\(index)\(suffix)"
            }
            func node(_ type: String, _ inputs: [String], _ attributes: [Message] = []) {
                name = "\(index)\(type)"
                graph.add(1, Self.node(type, inputs, name, attributes))
            }
            let kernel = [convolution.kernel.height, convolution.kernel.width]
            let bound = 1.5 / Float(count).squareRoot()
            var inputs = [name, tensor("weights", [convolution.outputs, depth] + kernel, -bound...bound)]
            if convolution.hasBias { inputs.append(tensor("bias", [convolution.outputs], -1...1)) }
            let pads =
                convolution.pads.map { Self.attribute("pads", $0) } ?? Self.attribute("auto_pad", "SAME_UPPER")
            node(
                "Conv", inputs,
                [
                    Self.attribute("kernel_shape", kernel), pads, Self.attribute("group", convolution.groups),
                    Self.attribute("strides", [convolution.stride, convolution.stride]),
                    Self.attribute("dilations", [convolution.dilation, convolution.dilation]),
                ])
            channels = convolution.outputs
            if convolution.hasBatchNorm {
                let parts = ["scale", "shift", "mean"].map { tensor($0, [channels], -1...1) }
                node("BatchNormalization", [name] + parts + [tensor("variance", [channels], 0.5...2)])
            }
            switch convolution.activation {
            case .none: break
            case .relu: node("Relu", [name])
            case .relu6: node("Clip", [name], [Self.attribute("min", Float(0)), Self.attribute("max", Float(6))])
            case .leakyRelu: node("LeakyRelu", [name], [Self.attribute("alpha", Float(0.1))])
            case .sigmoid: node("Sigmoid", [name])
            }
        }
        graph.add(1, Self.node("Identity", [name], "out", []))
        graph.add(2, "convolutions")
        graph.add(11, Self.value("in", [1, 3, height, width]))
        graph.add(12, Self.value("out", [1, channels]))
        var opset = Message()
        opset.add(2, 10)
        var model = Message()
        model.add(1, 5)
        model.add(7, graph)
        model.add(8, opset)
        file = model.bytes
    }

    func write(to url: URL) throws { try file.write(to: url) }

    /// Of protocol buffers.
    private struct Message {
        var bytes = Data()

        private mutating func varint(_ value: UInt64) {
            var value = value
            while value > 127 {
                bytes.append(UInt8(value & 127 | 128))
                value >>= 7
            }
            bytes.append(UInt8(value))
        }

        mutating func add(_ field: Int, _ value: Int) {
            varint(UInt64(field << 3))
            varint(UInt64(value))
        }

        mutating func add(_ field: Int, _ value: Float) {
            varint(UInt64(field << 3 | 5))
            withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        }

        mutating func add(_ field: Int, _ value: Data) {
            varint(UInt64(field << 3 | 2))
            varint(UInt64(value.count))
            bytes.append(value)
        }

        mutating func add(_ field: Int, _ value: String) { add(field, Data(value.utf8)) }
        mutating func add(_ field: Int, _ value: Message) { add(field, value.bytes) }
    }

    private static func attribute(_ name: String, type: Int, _ fill: (inout Message) -> Void) -> Message {
        var message = Message()
        message.add(1, name)
        fill(&message)
        message.add(20, type)
        return message
    }

    private static func attribute(_ name: String, _ value: Float) -> Message {
        attribute(name, type: 1) { $0.add(2, value) }
    }

    private static func attribute(_ name: String, _ value: Int) -> Message {
        attribute(name, type: 2) { $0.add(3, value) }
    }

    private static func attribute(_ name: String, _ value: String) -> Message {
        attribute(name, type: 3) { $0.add(4, value) }
    }

    private static func attribute(_ name: String, _ values: [Int]) -> Message {
        attribute(name, type: 7) { message in for value in values { message.add(8, value) } }
    }

    private static func node(_ type: String, _ inputs: [String], _ output: String, _ attributes: [Message])
        -> Message
    {
        var message = Message()
        for input in inputs { message.add(1, input) }
        message.add(2, output)
        message.add(3, "node-\(output)")
        message.add(4, type)
        for attribute in attributes { message.add(5, attribute) }
        return message
    }

    private static func tensor(_ name: String, _ dimensions: [Int], _ values: [Float]) -> Message {
        var message = Message()
        for dimension in dimensions { message.add(1, dimension) }
        message.add(2, 1)
        message.add(8, name)
        message.add(9, values.withUnsafeBytes { Data($0) })
        return message
    }

    private static func value(_ name: String, _ dimensions: [Int]) -> Message {
        var shape = Message()
        for dimension in dimensions {
            var message = Message()
            message.add(1, dimension)
            shape.add(1, message)
        }
        var tensor = Message()
        tensor.add(1, 1)
        tensor.add(2, shape)
        var type = Message()
        type.add(1, tensor)
        var message = Message()
        message.add(1, name)
        message.add(2, type)
        return message
    }
}
