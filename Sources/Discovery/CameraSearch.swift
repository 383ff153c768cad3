import Foundation
import Glibc

/// Asks the cameras of a network to name themselves: one multicast on each interface, and whatever answers within the time.
/// Nothing is opened and nobody is logged in to. IPv4.
package struct CameraSearch: Sendable {
    /// Where cameras hear questions.
    package struct Group: Sendable {
        package var address: String
        package var port: UInt16

        package init(address: String, port: UInt16) { (self.address, self.port) = (address, port) }

        /// That of WS-Discovery.
        package static let standard = Group(address: "239.255.255.250", port: 3702)
    }

    package struct Outcome: Sendable, Equatable {
        /// By their addresses.
        package var cameras: [FoundCamera] = []
        /// Interfaces on which nothing could be asked, with the reason.
        package var deaf: [String: String] = [:]
        /// More answered than are taken.
        package var isCut = false
    }

    /// A site has some dozens.
    static let mostCameras = 256
    /// A recorder may answer for its channels.
    static let mostOfSender = 32
    /// Whatever comes beyond is not even read.
    static let mostDatagrams = 4096

    private let interfaces: [String]
    private let group: Group

    package init(interfaces: [String], group: Group = .standard) { (self.interfaces, self.group) = (interfaces, group) }

    /// Blocking, for the whole time. A camera answers within half a second; slow networks and busy cameras take longer.
    package func run(for seconds: Double) -> Outcome {
        let question = ProbeMessage(id: UUID())
        var outcome = Outcome()
        var sockets: [Int32] = []
        defer { for socket in sockets { close(socket) } }
        for name in interfaces {
            do throws(Deaf) { sockets.append(try ask(question.bytes, on: name)) } catch {
                outcome.deaf[name] = error.reason
            }
        }
        guard !sockets.isEmpty else { return outcome }
        /// By the sender, and by the id of the endpoint.
        var found: [String: [String: FoundCamera]] = [:]
        var datagrams = 0
        var buffer = [UInt8](repeating: 0, count: ProbeAnswer.mostBytes + 1)
        let end = DispatchTime.now().uptimeNanoseconds + UInt64(seconds * 1e9)
        while case let now = DispatchTime.now().uptimeNanoseconds, now < end, datagrams < Self.mostDatagrams {
            var entries = sockets.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, nfds_t(entries.count), Int32((end - now) / 1_000_000) + 1) > 0 else { continue }
            for entry in entries where entry.revents != 0 {
                guard let (count, sender) = Self.read(entry.fd, into: &buffer) else { continue }
                datagrams += 1
                // A larger one is cut by the kernel, and refused.
                guard let answer = ProbeAnswer(Array(buffer.prefix(count)), to: question.id) else { continue }
                for match in answer.matches {
                    // One may answer twice. Nobody takes another's place by its id, or all places.
                    guard found[sender]?[match.id] == nil else { continue }
                    guard found.values.map(\.count).reduce(0, +) < Self.mostCameras,
                        found[sender, default: [:]].count < Self.mostOfSender
                    else {
                        outcome.isCut = true
                        break
                    }
                    found[sender, default: [:]][match.id] = FoundCamera(
                        address: sender, name: match.name, hardware: match.hardware, location: match.location)
                }
            }
        }
        outcome.cameras = Self.ordered(found.values.flatMap(\.values))
        return outcome
    }

    private static func ordered(_ cameras: [FoundCamera]) -> [FoundCamera] {
        cameras.map { camera in (inet_addr(camera.address).byteSwapped, camera) }
            .sorted { ($0.0, $0.1.name) < ($1.0, $1.1.name) }.map(\.1)
    }

    private struct Deaf: Error {
        let reason: String

        init(_ what: String) { reason = "\(what): \(String(cString: strerror(errno)))" }
    }

    /// A socket on which the question has gone out.
    private func ask(_ question: [UInt8], on interface: String) throws(Deaf) -> Int32 {
        let index = if_nametoindex(interface)
        guard index != 0 else { throw Deaf("there is no interface \(interface)") }
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let socket = Glibc.socket(AF_INET, kind, 0)
        guard socket >= 0 else { throw Deaf("no socket") }
        var isAsked = false
        defer { if !isAsked { close(socket) } }
        var way = ip_mreqn()
        way.imr_ifindex = Int32(index)
        // No further than this network: a router passes on nothing with one hop left.
        var hops: UInt8 = 1
        guard
            setsockopt(socket, Int32(IPPROTO_IP), IP_MULTICAST_IF, &way, socklen_t(MemoryLayout<ip_mreqn>.size)) == 0,
            setsockopt(socket, Int32(IPPROTO_IP), IP_MULTICAST_TTL, &hops, socklen_t(MemoryLayout<UInt8>.size)) == 0
        else { throw Deaf("could not choose the interface") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = group.port.bigEndian
        address.sin_addr.s_addr = inet_addr(group.address)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
                question.withUnsafeBytes {
                    sendto(socket, $0.baseAddress, $0.count, 0, place, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        guard sent == question.count else { throw Deaf("could not ask") }
        isAsked = true
        return socket
    }

    private static func read(_ socket: Int32, into buffer: inout [UInt8]) -> (count: Int, sender: String)? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
                buffer.withUnsafeMutableBytes { recvfrom(socket, $0.baseAddress, $0.count, 0, place, &length) }
            }
        }
        guard count > 0 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
        guard inet_ntop(AF_INET, &address.sin_addr, &text, socklen_t(text.count)) != nil else { return nil }
        return (count, String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
}
