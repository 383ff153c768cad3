import Domain
import Foundation
import TestSupport
import Testing

@testable import Inference

@Suite(.heavy) struct EfficientDetTests {
    private let decoder = EfficientDet(width: 320, height: 320, classes: [.person, .car])

    private func decode(_ boxes: [(anchor: Int, classIndex: Int, score: Double)], filled: (Int, Int) = (320, 320))
        -> [Detection]
    {
        var logits = [Float](repeating: -10, count: decoder.anchorCount * 2)
        for box in boxes { logits[box.anchor * 2 + box.classIndex] = Float(log(box.score / (1 - box.score))) }
        return decoder.decode(
            logits: logits, offsets: [Float](repeating: 0, count: decoder.anchorCount * 4), filled: filled,
            minimumScore: 0.2)
    }

    @Test func `there is an anchor for each output row`() {
        #expect(decoder.anchorCount == 19_206)
        #expect(EfficientDet(width: 640, height: 384, classes: []).anchorCount == 46_035)
    }

    @Test func `a zero offset is the anchor itself`() throws {
        // Row 20, column 20 of the finest level, first anchor: a square of 24 pixels around (164, 164).
        let found = try #require(decode([((20 * 40 + 20) * 9, 1, 0.8)]).first)
        #expect(found.objectClass == .car)
        #expect(abs(found.score - 0.8) < 1e-4)
        #expect(abs(found.box.centre.x * 320 - 164) < 0.01)
        #expect(abs(found.box.width * 320 - 24) < 0.01)
    }

    @Test func `the letterbox is taken out`() throws {
        let found = try #require(decode([((5 * 40 + 20) * 9, 0, 0.8)], filled: (320, 180)).first)
        #expect(abs(found.box.centre.y * 180 - 44) < 0.01)
    }

    @Test func `weak and huge boxes are left out`() {
        #expect(decode([(100, 1, 0.1)]).isEmpty)
        // The coarsest level's anchors are 384 pixels wide and more.
        #expect(decode([(19_205, 1, 0.9)]).isEmpty)
    }

    @Test func `one vehicle is one detection`() {
        let box = Box(x: 0.2, y: 0.2, width: 0.3, height: 0.2)
        let near = Box(x: 0.21, y: 0.2, width: 0.3, height: 0.2)
        let kept = EfficientDet.suppress([
            Detection(objectClass: .truck, score: 0.4, box: near), Detection(objectClass: .car, score: 0.6, box: box),
            Detection(objectClass: .person, score: 0.5, box: box),
        ])
        #expect(kept.map(\.objectClass) == [.car, .person])
    }

    @Test func `a windscreen is no second car, and a box around two is none of them`() {
        let car = Detection(objectClass: .car, score: 0.6, box: Box(x: 0.2, y: 0.2, width: 0.2, height: 0.2))
        let beside = Detection(objectClass: .car, score: 0.5, box: Box(x: 0.38, y: 0.2, width: 0.2, height: 0.2))
        let windscreen = Detection(
            objectClass: .car, score: 0.4, box: Box(x: 0.25, y: 0.22, width: 0.1, height: 0.06))
        let around = Detection(objectClass: .truck, score: 0.45, box: Box(x: 0.2, y: 0.2, width: 0.45, height: 0.2))
        #expect(EfficientDet.suppress([windscreen, around, beside, car]) == [car, beside])
        // Somebody before a car is somebody.
        let child = Detection(objectClass: .person, score: 0.4, box: windscreen.box)
        let adult = Detection(objectClass: .person, score: 0.5, box: car.box)
        #expect(EfficientDet.suppress([child, adult, car]) == [car, adult, child])
    }
}
