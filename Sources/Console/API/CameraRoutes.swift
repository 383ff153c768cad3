import Contract
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Store

/// Cameras: all, one with its zones, its newest small picture; and how long each saw in the last day.
final class CameraRoutes: Sendable {
    /// Pixels: other sizes would each be masked anew.
    private static let width = "480"
    private static let mostHours = 24
    /// Shares of a quarter of an hour from which on the picture shows it as blind, or as not recorded.
    private static let (noticed, unrecorded) = (30.0, 450.0)

    private let desk: ConsoleDesk
    private let views: ViewLog

    init(_ desk: ConsoleDesk) { (self.desk, views) = (desk, ViewLog(desk)) }

    var all: [Route] {
        [
            Route(.get, "/api/v1/cameras", .account(.viewer)) { call in
                let rows = try await self.rows(call).map { row in
                    var brief = row
                    brief.zones = nil
                    return brief
                }
                return Response(json: ["items": rows])
            },
            Route(.get, "/api/v1/cameras/:id", .account(.viewer)) { call in
                Response(json: try await self.row(call))
            },
            Route(.get, "/api/v1/cameras/:id/still", .account(.viewer)) { try await self.still($0) },
            Route(.get, "/api/v1/health/history", .account(.viewer)) { try await self.history($0) },
        ]
    }

    /// Those that the account may see: what lies elsewhere is not there for it.
    private func rows(_ call: Call) async throws -> [CameraParts.Row] {
        let account = try call.account
        return try await desk.run { try $0.cameras.rows() }.filter { account.covers($0.area) }
    }

    private func row(_ call: Call) async throws -> CameraParts.Row {
        guard let found = try await rows(call).first(where: { $0.id == call.value("id") }) else {
            throw Fault.notFound
        }
        return found
    }

    // MARK: - Stills

    private func still(_ call: Call) async throws -> Response {
        guard call.query("width") ?? Self.width == Self.width else { throw Fault.malformed }
        let camera = try await row(call).id
        let still: CameraParts.Still
        switch await desk.parts.cameras.still(camera) {
        case .picture(let picture): still = picture
        case .noMasks: throw Fault.noMasks
        case .cannotMask: throw Fault.cannotMask
        case .offline: throw Fault.cameraOffline
        case .noPicture: throw Fault.noPicture
        case .busy: throw Fault.busy
        }
        try await views.note(.stillViewed, of: camera, ["camera": camera], call)
        let tag = "\"\(Int64((still.taken.timeIntervalSince1970 * 1000).rounded()))\""
        var headers: HTTPFields = [
            .contentType: "image/jpeg", .cacheControl: "no-store", .eTag: tag, .age: "\(Int(still.age.rounded()))",
        ]
        if let name = HTTPField.Name("X-Taken") {
            headers[name] = RFC3339.string(from: still.taken, in: desk.parts.site.timeZone)
        }
        if call.request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: headers) }
        return Response(
            status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: still.jpeg)))
    }

    // MARK: - The last day

    private struct Day: Encodable {
        struct Waited: Encodable {
            let at: String
            let most: Int
            let waitingSeconds: Double

            private enum CodingKeys: String, CodingKey {
                case at, most
                case waitingSeconds = "waiting_seconds"
            }
        }
        struct Sum: Encodable {
            let saw: Double
            let blind: Double
            let offline: Double
            let unknown: Double
        }
        let from: String
        let to: String
        /// By quarter of an hour.
        let outbox: [Waited]
        /// By camera: from, to and what it did then.
        let coverage: [String: [[String]]]
        /// By camera, in seconds.
        let seconds: [String: Sum]
    }

    private func history(_ call: Call) async throws -> Response {
        let hours = try call.query("hours").map { text in
            guard let hours = Int(text), (1...Self.mostHours).contains(hours) else { throw Fault.malformed }
            return hours
        }
        let quarters = (hours ?? Self.mostHours) * 4
        let mine = Set(try await rows(call).map(\.id))
        let found = try await desk.run { try $0.cameras.history(quarters) }
        return Response(json: day(found, of: mine))
    }

    private func day(_ found: CameraParts.History, of mine: Set<String>) -> Day {
        let zone = desk.parts.site.timeZone
        let count = found.backlog.count
        func text(_ seconds: Double) -> String {
            RFC3339.string(from: Date(timeIntervalSince1970: seconds), in: zone)
        }
        func begin(_ index: Int) -> Double { found.start + Double(index) * CameraParts.History.quarter }
        func length(_ index: Int) -> Double {
            index == count - 1 ? found.elapsed : CameraParts.History.quarter
        }
        func end(_ index: Int) -> Double { begin(index) + length(index) }
        var coverage: [String: [[String]]] = [:]
        var seconds: [String: Day.Sum] = [:]
        for camera in mine {
            let quarters = found.coverage[camera] ?? Array(repeating: .init(), count: count)
            var runs: [(first: Int, last: Int, state: String)] = []
            var sum = CameraParts.Coverage()
            for (index, quarter) in quarters.enumerated() {
                sum += quarter
                let state = Self.state(quarter, within: length(index))
                if runs.last?.state == state {
                    runs[runs.count - 1].last = index
                } else {
                    runs.append((index, index, state))
                }
            }
            coverage[camera] = runs.map { [text(begin($0.first)), text(end($0.last)), $0.state] }
            let all = quarters.indices.reduce(0) { $0 + length($1) }
            seconds[camera] = Day.Sum(
                saw: sum.saw.rounded(), blind: sum.blind.rounded(), offline: sum.offline.rounded(),
                unknown: max(0, all - sum.saw - sum.blind - sum.offline).rounded())
        }
        return Day(
            from: text(found.start), to: text(end(max(0, count - 1))),
            outbox: found.backlog.enumerated().map {
                .init(at: text(begin($0.offset)), most: $0.element.most, waitingSeconds: $0.element.seconds)
            }, coverage: coverage, seconds: seconds)
    }

    /// What a quarter of an hour is drawn as: a short gap is worth seeing, half an unrecorded one is not known.
    static func state(_ quarter: CameraParts.Coverage, within length: Double) -> String {
        let noticed = min(Self.noticed, length / 2)
        if quarter.offline >= noticed, quarter.offline > 0 { return "offline" }
        if quarter.blind >= noticed, quarter.blind > 0 { return "blind" }
        let recorded = quarter.saw + quarter.blind + quarter.offline
        return length - recorded > min(Self.unrecorded, length / 2) ? "unknown" : "saw"
    }
}

extension Fault {
    static let noMasks = Fault(
        .serviceUnavailable, "no_masks", zh: "本站点不保存证据，没有加载遮挡人脸和号牌的模型，因此不提供画面。",
        en: "This site keeps no evidence, so what masks faces and plates is not loaded: there are no pictures.",
        retryAfter: 300)
    static let cannotMask = Fault(
        .serviceUnavailable, "cannot_mask", zh: "无法可靠遮挡人脸和号牌，因此不提供画面。原因见 gridwarden check。",
        en: "Faces and plates cannot be masked for certain, so there is no picture: gridwarden check says why.",
        retryAfter: 60)
    static let cameraOffline = Fault(
        .serviceUnavailable, "camera_offline", zh: "摄像机离线，没有画面。", en: "The camera is offline: there is no picture.",
        retryAfter: 30)
    static let noPicture = Fault(
        .serviceUnavailable, "no_picture", zh: "还没有新画面：摄像机正在连接，或两次观测之间间隔较长。",
        en: "No picture has come yet: the camera connects, or rests between two looks.", retryAfter: 5)
}
