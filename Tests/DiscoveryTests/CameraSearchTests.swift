import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing
import Threading

@testable import Discovery

/// A search on the loopback, with something real that answers.
@Suite(.waiting) struct CameraSearchTests {
    private func search(
        _ interfaces: [String] = ["lo"], at group: CameraSearch.Group, for seconds: Double = 1.5
    ) async throws -> CameraSearch.Outcome {
        try await onOwnThread(named: "search") { CameraSearch(interfaces: interfaces, group: group).run(for: seconds) }
    }

    /// Of this machine, IPv4.
    private static func ownAddresses() throws -> Set<String> {
        var list: UnsafeMutablePointer<ifaddrs>?
        try #require(getifaddrs(&list) == 0)
        defer { freeifaddrs(list) }
        var addresses: Set<String> = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard let place = entry.ifa_addr, place.pointee.sa_family == sa_family_t(AF_INET) else { continue }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let length = socklen_t(MemoryLayout<sockaddr_in>.size)
            try #require(getnameinfo(place, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0)
            addresses.insert(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        return addresses
    }

    @Test func `a camera hears the question by multicast, and its answer is found`() async throws {
        let responder = try Responder { question, _ in
            [
                ProbeAnswerTests.answer(
                    to: question, scopes: "onvif://www.onvif.org/name/Gate onvif://www.onvif.org/hardware/X1")
            ]
        }
        let outcome = try await search(at: responder.group)
        let camera = try #require(outcome.cameras.first, "\(outcome)")
        // A question to a group leaves with an address of the network, where the machine has one, on the loopback too.
        #expect(try Self.ownAddresses().contains(camera.address), "\(outcome)")
        #expect(outcome.cameras.count == 1 && camera.name == "Gate" && camera.hardware == "X1" && camera.location == "")
        #expect(outcome.deaf.isEmpty && !outcome.isCut)
        // One question, which says what is asked for.
        #expect(responder.heard.count == 1)
        let text = try #require(responder.heard.first)
        #expect(text.contains("NetworkVideoTransmitter") && text.contains("2005/04/discovery/Probe"))
    }

    @Test func `one that answers twice is there once, and what is no answer is passed over`() async throws {
        let responder = try Responder { question, _ in
            let good = ProbeAnswerTests.answer(to: question, scopes: "onvif://www.onvif.org/name/A")
            return [
                "garbage", String(repeating: "x", count: 60_000), ProbeAnswerTests.answer(to: UUID()), good, good,
                ProbeAnswerTests.answer(to: question, scopes: "onvif://www.onvif.org/name/B", id: "urn:uuid:2"),
            ]
        }
        let outcome = try await search(at: responder.group)
        #expect(outcome.cameras.map(\.name) == ["A", "B"])
    }

    @Test func `a flood of answers has an end`() async throws {
        let responder = try Responder { question, _ in
            (0..<400).map {
                ProbeAnswerTests.answer(to: question, scopes: "onvif://www.onvif.org/name/n\($0)", id: "urn:uuid:\($0)")
            }
        }
        let outcome = try await search(at: responder.group)
        #expect(outcome.cameras.count <= CameraSearch.mostOfSender && !outcome.cameras.isEmpty && outcome.isCut)
    }

    @Test func `an interface that is not there is named, and the others are asked`() async throws {
        let responder = try Responder { question, _ in [ProbeAnswerTests.answer(to: question)] }
        let outcome = try await search(["nosuch0", "lo"], at: responder.group)
        #expect(outcome.deaf.keys.sorted() == ["nosuch0"] && outcome.cameras.count == 1)
        let none = try await search(["nosuch0"], at: responder.group)
        #expect(none.cameras.isEmpty && none.deaf.count == 1)
    }

    @Test func `where nobody answers it ends with its time`() async throws {
        let start = ContinuousClock.now
        let outcome = try await search(at: .init(address: "239.255.255.250", port: 9), for: 0.3)
        #expect(outcome.cameras.isEmpty)
        #expect(ContinuousClock.now - start < Patience.seconds(3))
    }
}

/// A device on the loopback that is in the group of WS-Discovery, on a port of its own, and answers by UDP.
private final class Responder: Sendable {
    struct Failed: Error {}

    private final class State: Sendable {
        let socket: Int32
        let heard = Mutex<[String]>([])
        let isOver = Atomic(false)

        init(_ socket: Int32) { self.socket = socket }
    }

    private let state: State
    let group: CameraSearch.Group

    var heard: [String] { state.heard.withLock(\.self) }

    /// - Parameter answers: to a question with this id.
    init(_ answers: @escaping @Sendable (_ question: UUID, _ text: String) -> [String]) throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw Failed() }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("239.255.255.250")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var member = ip_mreqn()
        member.imr_multiaddr.s_addr = inet_addr("239.255.255.250")
        member.imr_ifindex = Int32(if_nametoindex("lo"))
        let isReady = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard isReady,
            setsockopt(
                socket, Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, &member, socklen_t(MemoryLayout<ip_mreqn>.size)) == 0
        else {
            close(socket)
            throw Failed()
        }
        var limit = timeval(tv_sec: 0, tv_usec: 100_000)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        group = .init(address: "239.255.255.250", port: UInt16(bigEndian: address.sin_port))
        let state = State(socket)
        self.state = state
        Thread.detachNewThread { Self.serve(state, answers) }
    }

    deinit { state.isOver.store(true, ordering: .relaxed) }

    private static func serve(_ state: State, _ answers: (UUID, String) -> [String]) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !state.isOver.load(ordering: .relaxed) {
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let count = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(state.socket, &buffer, buffer.count, 0, $0, &length)
                }
            }
            guard count > 0 else { continue }
            let text = String(decoding: buffer.prefix(count), as: UTF8.self)
            state.heard.withLock { $0.append(text) }
            guard let match = text.firstMatch(of: /urn:uuid:([0-9a-f\-]{36})/),
                let id = UUID(uuidString: String(match.1))
            else { continue }
            for answer in answers(id, text) {
                let bytes = Array(answer.utf8)
                _ = withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        sendto(state.socket, bytes, bytes.count, 0, $0, length)
                    }
                }
            }
        }
        close(state.socket)
    }
}
