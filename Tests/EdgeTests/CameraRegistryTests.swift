import Contract
import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Edge

struct CameraRegistryTests {
    private func cameras(_ ids: [Int]) throws -> [CameraIdentity] {
        let place = GridLocation(area: try AreaCode("330106109000"), grid: "001", microgrid: "01")
        return ids.map { CameraIdentity(id: "cam-\($0)", name: "Camera \($0)", place: place, timeZone: .gmt) }
    }

    @Test func `a follower hears of the list as it stands, then of each other one`() async throws {
        let registry = CameraRegistry(try cameras([1]))
        var changes = registry.changes().makeAsyncIterator()
        #expect(await changes.next()?.map(\.id) == ["cam-1"])
        registry.adopt(try cameras([1, 2]))
        #expect(await changes.next()?.map(\.id) == ["cam-1", "cam-2"])
        // Of what came meanwhile the newest.
        for count in 3...9 { registry.adopt(try cameras(Array(1...count))) }
        #expect(await changes.next()?.count == 9)
        #expect(registry.configured.count == 9)
    }

    @Test func `however many change the list at a time, all followers end with the same one`() async throws {
        let registry = CameraRegistry()
        let streams = (0..<8).map { _ in registry.changes() }
        let lists = try (0..<64).map { try cameras([$0]) }
        await withTaskGroup { group in
            for list in lists { group.addTask { registry.adopt(list) } }
        }
        for stream in streams {
            var changes = stream.makeAsyncIterator()
            #expect(await changes.next() == registry.configured)
        }
    }
}
