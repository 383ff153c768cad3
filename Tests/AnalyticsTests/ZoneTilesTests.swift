import Domain
import TestSupport
import Testing

@testable import Analytics

private func zone(_ box: Box, id: String = "z") -> Zone {
    Zone(
        id: id, name: "",
        polygon: Polygon([
            Point(x: box.x, y: box.y), Point(x: box.maxX, y: box.y), Point(x: box.maxX, y: box.maxY),
            Point(x: box.x, y: box.maxY),
        ]))
}

private let far = Box(x: 0.4, y: 0.45, width: 0.2, height: 0.1)
private let input = (width: 448, height: 256)

extension ZoneTiles {
    fileprivate mutating func next(_ width: Int = 1920, hasChanged: Bool = true) -> Box? {
        next(width: width, height: width * 9 / 16, input: input, hasChanged: hasChanged)
    }
}

private func car(_ box: Box, score: Double = 0.6, _ kind: ObjectClass = .car) -> Detection {
    Detection(objectClass: kind, score: score, box: box)
}

@Suite struct ZoneTilesTests {
    @Test func `a far zone is seen three times as large, whole and in the shape of the picture`() throws {
        var tiles = ZoneTiles(zones: [zone(far)])
        let next = tiles.next()
        let tile = try #require(next)
        #expect(abs(tile.width - 1.0 / 3) < 1e-9 && abs(tile.height - tile.width) < 1e-9)
        #expect(far.covered(by: tile) > 0.999)
        #expect(tiles.sharpness == [.init(zone: "z", smallestCar: 65, tiles: 1)])
    }

    /// A car of 4 % of the width of a 1080p picture is 77 pixels wide.
    @Test func `a car of four hundredths of a wide picture is found where there is a tile and not else`() throws {
        var with = ZoneTiles(zones: [zone(far)])
        var without = ZoneTiles(zones: [zone(far)], isOn: false)
        let none = without.next()
        #expect(none == nil)
        _ = with.next()
        #expect(try #require(with.sharpness.first).smallestCar <= 77)
        #expect(try #require(without.sharpness.first).smallestCar > 150)
    }

    @Test(arguments: [
        Box(x: 0, y: 0.5, width: 1, height: 0.15), Box(x: 0, y: 0, width: 1, height: 1),
        Box(x: 0.9, y: 0.9, width: 0.1, height: 0.1), Box(x: 0, y: 0.2, width: 0.5, height: 0.8),
    ]) func `tiles cover their zone, lie in the picture and are few`(area: Box) {
        var tiles = ZoneTiles(zones: [zone(area)])
        _ = tiles.next()
        let boxes = tiles.tiles.map(\.box)
        #expect((1...ZoneTiles.most).contains(boxes.count))
        #expect(boxes.allSatisfy { $0.x >= 0 && $0.y >= 0 && $0.maxX <= 1 + 1e-9 && $0.maxY <= 1 + 1e-9 })
        for x in stride(from: area.x + 0.001, to: area.maxX, by: 0.01) {
            for y in stride(from: area.y + 0.001, to: area.maxY, by: 0.01) {
                #expect(boxes.contains { $0.holds(Point(x: x, y: y)) })
            }
        }
    }

    @Test(arguments: [(352, false), (380, false), (640, true), (1280, true), (3840, true)])
    func `a small picture is not enlarged beyond what it shows`(width: Int, hasTile: Bool) {
        var tiles = ZoneTiles(zones: [zone(far)])
        let tile = tiles.next(width)
        #expect((tile != nil) == hasTile)
        if let tile { #expect(Double(input.width) / (tile.width * Double(width)) <= ZoneTiles.mostEnlarged + 1e-9) }
    }

    @Test func `tiles take turns in a street that moves, and all are seen once it is still`() throws {
        var tiles = ZoneTiles(zones: [zone(Box(x: 0, y: 0.5, width: 1, height: 0.2))])
        var asked: [Box] = []
        for _ in 0..<6 {
            let next = tiles.next()
            asked.append(try #require(next))
            tiles.take([])
        }
        let count = tiles.tiles.count
        #expect(count > 1 && Set(asked.prefix(count)).count == count)
        #expect(tiles.unseen.count == count - 1)
        for _ in 1..<count {
            let next = tiles.next(hasChanged: false)
            #expect(next != nil)
            tiles.take([])
        }
        let none = tiles.next(hasChanged: false)
        #expect(none == nil && tiles.unseen.isEmpty)
    }

    @Test func `in a still street the whole picture and the tiles are asked again in turn`() throws {
        var tiles = ZoneTiles(zones: [zone(Box(x: 0, y: 0.5, width: 1, height: 0.2))])
        #expect(!tiles.isBeginning, "nothing is known of the picture")
        var turn = tiles.takeTurn()
        #expect(!turn)
        _ = tiles.next()
        #expect(tiles.isBeginning && tiles.pending == 0)
        tiles.take([])
        turn = tiles.takeTurn()
        #expect(!turn, "the rest has not been looked at yet")
        /// In the middle of a tile.
        func inside(_ tile: Box) -> Detection {
            car(Box(x: tile.x + tile.width * 0.45, y: tile.y + tile.height * 0.45, width: 0.03, height: 0.02))
        }
        while let tile = tiles.next(hasChanged: false) { tiles.take([inside(tile)]) }
        #expect(!tiles.isBeginning)
        let found = tiles.joined(with: []).count
        #expect(found == tiles.tiles.count - 1, "nothing is in the first one")
        var asked: [Box?] = []
        for _ in 0..<(2 * tiles.tiles.count) {
            turn = tiles.takeTurn()
            let next = tiles.next(hasChanged: false)
            #expect((next != nil) == turn)
            asked.append(next)
            if let next {
                #expect(tiles.pending == 1)
                let seen = tiles.joined(with: []).count
                #expect(seen >= found, "what was found is there until it is looked at")
                tiles.take([inside(next)])
            }
        }
        #expect(asked.map { $0 != nil } == (0..<asked.count).map { $0 % 2 == 0 })
        #expect(Set(asked.compactMap(\.self)).count == tiles.tiles.count)
    }

    /// Without an answer, because nobody had time or it failed, it is asked again.
    @Test func `a tile that was not looked at stays due`() throws {
        var tiles = ZoneTiles(zones: [zone(far)])
        let next = tiles.next()
        let first = try #require(next)
        let again = tiles.next(hasChanged: false)
        #expect(again == first && tiles.unseen == [first])
    }

    @Test func `what whole and tile show is there once, and two cars under one box are two`() throws {
        var tiles = ZoneTiles(zones: [zone(far)])
        _ = tiles.next()
        let (a, b) = (
            Box(x: 0.42, y: 0.48, width: 0.04, height: 0.03), Box(x: 0.465, y: 0.48, width: 0.04, height: 0.03)
        )
        let person = car(Box(x: 0.5, y: 0.45, width: 0.01, height: 0.03), .person)
        tiles.take([car(a, score: 0.5), car(b), person])
        let around = Box(x: 0.418, y: 0.478, width: 0.09, height: 0.035)
        let shifted = Box(x: 0.421, y: 0.481, width: 0.04, height: 0.03)
        let seen = tiles.joined(with: [car(shifted, score: 0.7), car(around, score: 0.9), person])
        #expect(seen.filter { $0.objectClass.isMotorVehicle }.map(\.box) == [b, a])
        #expect(seen.first { $0.box == a }?.score == 0.7)
        // People are told by the whole picture only.
        #expect(seen.count { $0.objectClass == .person } == 1)
    }

    @Test func `what a tile's edge cuts is left to the whole picture`() throws {
        var tiles = ZoneTiles(zones: [zone(far)])
        let next = tiles.next()
        let tile = try #require(next)
        tiles.take([car(Box(x: tile.x, y: 0.48, width: 0.04, height: 0.03))])
        let seen = tiles.joined(with: [])
        #expect(seen.isEmpty)
    }

    /// Cars whose size grows down the picture, as wide as a fifth of the picture where the zone begins.
    @Test(arguments: [(0.2, true), (0.05, false)]) func `where cars are large no tile is looked at`(
        width: Double, isLarge: Bool
    ) {
        var tiles = ZoneTiles(zones: [zone(Box(x: 0.2, y: 0.5, width: 0.5, height: 0.4))])
        for index in 0..<40 {
            _ = tiles.next()
            let foot = 0.48 + Double(index * 7 % 40) / 100
            let size = width * (1 + (foot - 0.5) * 2)
            tiles.take([])
            let box = Box(
                x: 0.1 + Double(index % 9) * 0.05, y: foot - size * 0.7, width: size, height: size * 0.7)
            _ = tiles.joined(with: [car(box)])
        }
        let next = tiles.next()
        #expect((next == nil) == isLarge)
        #expect(tiles.sharpness.first?.tiles == 0 || !isLarge)
    }

    /// Large cars near the camera say nothing of how small they are far away.
    @Test func `what nobody has seen so far up is not taken for large`() {
        var tiles = ZoneTiles(zones: [zone(Box(x: 0.2, y: 0.2, width: 0.5, height: 0.7))])
        for index in 0..<40 {
            _ = tiles.next()
            let foot = 0.8 + Double(index % 10) / 100
            let x = 0.1 + Double(index % 9) * 0.05
            _ = tiles.joined(with: [car(Box(x: x, y: foot - 0.3, width: 0.3 + foot / 10, height: 0.3))])
        }
        let next = tiles.next()
        #expect(next != nil)
    }

    @Test func `the edges of the picture that a zone reaches are named`() {
        #expect(zone(far).polygon.pictureEdges.isEmpty)
        #expect(zone(Box(x: 0, y: 0.3, width: 0.4, height: 0.69)).polygon.pictureEdges == ["left", "bottom"])
    }
}
