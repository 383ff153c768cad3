import Domain
import Foundation
import TestSupport
import Testing

@testable import Analytics

/// What a board or the camera itself writes into the picture is nothing that lies there.
@Suite(.heavy) struct SurfaceTests {
    private static let face = Box(x: 0.4, y: 0.3, width: 0.16, height: 0.2)
    private static let line = Box(x: 0.3, y: 0.4, width: 0.15, height: 0.06)

    /// What was told of things over 20 s of ground and 40 s of a change.
    private func things(
        before: @escaping (inout Street.Canvas) -> Void = { _ in }, after: @escaping (inout Street.Canvas) -> Void
    ) -> [LeftObject] {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map { Point(x: $0.0, y: $0.1) }
        var watcher = LeftObjectDetector(zones: [Polygon(corners)])
        return stride(from: 0.0, through: 60, by: 2).flatMap { seconds in
            let scene = Street(isTextured: true).scene(at: seconds, []) { seconds < 22 ? before(&$0) : after(&$0) }
            return watcher.update(with: scene, stationary: [], ended: []).filter(\.isThing)
        }
    }

    private static func poster(_ number: Int) -> (inout Street.Canvas) -> Void {
        { canvas in
            canvas.relight(face.grown(by: 0.1)) { _, _, _ in 5 }
            // The second one is brighter all over, and another picture.
            canvas.relight(face) { x, y, _ in
                let size = number == 1 ? 8 : 11
                return (number == 1 ? 100 : 170) + Double(Street.noise(x / size, y / size, number) % 40)
            }
        }
    }

    @Test func `another picture in the frame of a board is no thing, the same picture on the pavement is one`() {
        let board = things(before: Self.poster(1), after: Self.poster(2))
        #expect(!board.isEmpty && board.allSatisfy { $0.doubt == .surface }, "\(board.map(\.doubt))")
        #expect(things(after: Self.poster(2)).contains { $0.doubt == nil })
    }

    @Test func `a line of letters that appears is no thing, a slab in its place is one`() {
        let letters = things { canvas in
            canvas.relight(Self.line) { x, _, _ in x / 3 % 2 == 0 ? 245 : 15 }
        }
        #expect(letters.allSatisfy { $0.doubt == .surface }, "\(letters.map(\.doubt))")
        let slab = things { canvas in canvas.relight(Self.line) { _, _, _ in 245 } }
        #expect(slab.contains { $0.doubt == nil })
    }
}
