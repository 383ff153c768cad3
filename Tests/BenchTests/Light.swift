import Foundation
import TestSupport

/// Changes of light and weather over a whole picture: nothing of them is a thing.
enum Light: String, CaseIterable, Sendable {
    case gainSteps, exposureFlicker, whiteBalance, softShadow, hardShadow, restingShadow, shake, rain

    /// Changes one picture as the light has it at that second; from 12 s on, when the ground is known.
    func change(_ planes: inout Planes, at seconds: Double) {
        guard seconds >= 12 else { return }
        var random = SeededGenerator(seed: UInt64(seconds * 1000) + 7)
        switch self {
        case .gainSteps: scale(&planes) { _, _ in Int(seconds / 8).isMultiple(of: 2) ? 0.7 : 1.25 }
        case .exposureFlicker:
            let gain = Float(Double.random(in: 0.75...1.3, using: &random))
            scale(&planes) { _, _ in gain }
        case .whiteBalance:
            let shift = 12 * sin(seconds / 6)
            for pixel in planes.values[1].indices {
                planes.values[1][pixel] = UInt8(clamping: Int(Double(planes.values[1][pixel]) + shift))
                planes.values[2][pixel] = UInt8(clamping: Int(Double(planes.values[2][pixel]) - shift))
            }
        case .softShadow:
            // As of a cloud: a tenth of the picture a look, with an edge of a quarter of it.
            let (width, edge) = (Float(planes.width), Float(planes.width) / 4)
            let front = Float((seconds - 12) / 20) * (width + 2 * edge)
            scale(&planes) { x, _ in 1 - 0.45 * min(1, max(0, (front - x) / edge)) }
        case .hardShadow:
            let (width, height) = (Float(planes.width), Float(planes.height))
            let left = Float((seconds - 12) / 30) * width
            scale(&planes) { x, y in x > left && x < left + width / 5 && y > height / 3 ? 0.55 : 1 }
        case .restingShadow:
            let (width, height) = (Float(planes.width), Float(planes.height))
            scale(&planes) { x, y in
                abs(x - width * 0.4) < width / 14 && abs(y - height * 0.7) < height / 10 ? 0.6 : 1
            }
        case .shake:
            let dx = Int.random(in: -3...3, using: &random)
            let dy = Int.random(in: -3...3, using: &random)
            let source = planes.values
            for plane in 0..<3 {
                for y in 0..<planes.height {
                    let row = min(max(0, y + dy), planes.height - 1) * planes.width
                    for x in 0..<planes.width {
                        planes.values[plane][y * planes.width + x] =
                            source[plane][row + min(max(0, x + dx), planes.width - 1)]
                    }
                }
            }
        case .rain:
            for _ in 0..<planes.width * planes.height / 600 {
                let x = Int.random(in: 0..<planes.width, using: &random)
                let top = Int.random(in: 0..<planes.height, using: &random)
                for y in top..<min(planes.height, top + 14) {
                    let pixel = y * planes.width + x
                    planes.values[0][pixel] = UInt8(min(255, Int(planes.values[0][pixel]) + 35))
                }
            }
        }
    }

    private func scale(_ planes: inout Planes, _ gain: (Float, Float) -> Float) {
        for y in 0..<planes.height {
            for x in 0..<planes.width {
                let pixel = y * planes.width + x
                let value = Float(planes.values[0][pixel]) * gain(Float(x), Float(y))
                planes.values[0][pixel] = UInt8(min(255, max(0, value)))
            }
        }
    }
}
