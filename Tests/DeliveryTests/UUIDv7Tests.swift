import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Contract

@Suite(.serialized, .heavy) struct UUIDv7Tests {
    @Test func `ids only grow, even in a burst and when the clock steps back`() {
        var generator = SystemRandomNumberGenerator()
        let now = Date()
        var last = ""
        for _ in 0..<20_000 {
            let step = Double.random(in: -2...2, using: &generator)
            let id = UUIDv7.make(date: now.addingTimeInterval(step)).uuidString
            #expect(id > last)
            last = id
        }
    }

    @Test func `an id carries its version and variant`() {
        let bytes = UUIDv7.make().uuid
        #expect(bytes.6 >> 4 == 7)
        #expect(bytes.8 >> 6 == 2)
    }

    @Test func `concurrent makers never get the same id`() async {
        let ids = await withTaskGroup(of: [UUID].self) { group in
            for _ in 0..<8 { group.addTask { (0..<2000).map { _ in UUIDv7.make() } } }
            return await group.reduce(into: Set<UUID>()) { $0.formUnion($1) }
        }
        #expect(ids.count == 16_000)
    }
}
