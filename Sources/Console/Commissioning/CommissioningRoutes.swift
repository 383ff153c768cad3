import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Store
import Synchronization

/// Putting a camera into service: searching for it, testing its stream, adding it.
struct CommissioningRoutes: Sendable {
    private let desk: ConsoleDesk
    private let commissioning: Commissioning?
    private let tests: StreamTests?
    /// One search at a time.
    private let searching = Searching()

    private final class Searching: Sendable { let isOn = Atomic(false) }

    init(_ desk: ConsoleDesk, tests: StreamTests? = nil) {
        self.desk = desk
        commissioning = desk.parts.commissioning
        self.tests = tests ?? desk.parts.commissioning.map { StreamTests($0, now: desk.parts.now) }
    }

    var all: [Route] {
        [
            Route(.get, "/api/v1/commissioning", .account(.admin)) { _ in try await offer() },
            Route(.post, "/api/v1/commissioning/search", .account(.admin)) { try await search($0) },
            Route(.post, "/api/v1/cameras/test", .account(.admin)) { try await begin($0) },
            Route(.get, "/api/v1/cameras/test/:job", .account(.admin)) { try await view($0) },
            Route(.delete, "/api/v1/cameras/test/:job", .account(.admin)) { try await forget($0) },
            Route(.get, "/api/v1/cameras/test/:job/still", .account(.admin)) { try await still($0) },
            Route(.post, "/api/v1/cameras", .account(.admin)) { try await add($0) },
        ]
    }

    private func offer() async throws -> Response {
        guard let commissioning else { throw Fault.notFound }
        var offer: Commissioning.Offer
        do { offer = try await desk.run { _ in try commissioning.offer() } } catch let refusal as CameraRefusal {
            throw Fault(refusal)
        }
        offer.search = commissioning.search != nil
        return Response(json: offer)
    }

    private func search(_ call: Call) async throws -> Response {
        guard let commissioning else { throw Fault.notFound }
        guard let search = commissioning.search else { throw Fault.noSearch }
        guard !searching.isOn.exchange(true, ordering: .relaxed) else { throw Fault.testing }
        defer { searching.isOn.store(false, ordering: .relaxed) }
        try await audit(.camerasSearched, call, [:])
        return Response(json: await search())
    }

    private func audit(_ event: AuditEntry.Event, _ call: Call, _ facts: [String: String]) async throws {
        let (by, date) = (try call.account.name, desk.now)
        var facts = facts
        facts["address"] = call.address
        let all = facts
        try await desk.run { try $0.outbox.audit(event, by: by, facts: all, at: date) }
    }

    // MARK: - Tests

    private struct Wish: Decodable {
        /// A test whose stream is to be tested again, in place of all the others.
        let job: String?
        let url: String?
        let user: String?
        let password: String?
        let transport: StreamAddress.Transport?
    }

    private func begin(_ call: Call) async throws -> Response {
        guard let tests else { throw Fault.notFound }
        let wish: Wish = try await call.body()
        let owner = try call.account.name
        if let job = wish.job {
            guard let id = UUID(uuidString: job), let address = await tests.address(id, of: owner) else {
                throw Fault.testExpired
            }
            return try await begin(address, tests, call)
        }
        let address = StreamAddress(
            url: wish.url ?? "", user: wish.user.flatMap { $0.isEmpty ? nil : $0 },
            password: wish.password.flatMap { $0.isEmpty ? nil : $0 }, transport: wish.transport ?? .auto)
        let faults = StreamRules.faults(of: address)
        guard faults.isEmpty else { throw Fault.fields(faults) }
        return try await begin(address, tests, call)
    }

    private func begin(_ address: StreamAddress, _ tests: StreamTests, _ call: Call) async throws -> Response {
        try await audit(.streamTested, call, ["stream": StreamRules.host(address.url)])
        let id = try await tests.begin(address, shown: StreamRules.shown(address.url), by: call.account.name)
        return Response(json: ["job": id.uuidString], status: .accepted)
    }

    private func id(_ call: Call) throws(Fault) -> UUID {
        guard let id = UUID(uuidString: call.value("job")) else { throw .notFound }
        return id
    }

    private func view(_ call: Call) async throws -> Response {
        guard let view = try await tests?.view(id(call), of: call.account.name) else { throw Fault.notFound }
        return Response(json: view)
    }

    private func forget(_ call: Call) async throws -> Response {
        guard try await tests?.forget(id(call), of: call.account.name) == true else { throw Fault.notFound }
        return Response(status: .noContent)
    }

    private func still(_ call: Call) async throws -> Response {
        guard try await tests?.view(id(call), of: call.account.name) != nil else { throw Fault.notFound }
        guard let jpeg = try await tests?.still(id(call), of: call.account.name) else { throw Fault.cannotMask }
        return Response(
            status: .ok, headers: [.contentType: "image/jpeg", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: jpeg)))
    }

    // MARK: - Adding

    private struct Addition: Decodable {
        let job: String
        let camera: NewCamera

        init(from decoder: any Decoder) throws {
            struct Named: Decodable { let job: String }
            job = try Named(from: decoder).job
            camera = try NewCamera(from: decoder)
        }
    }

    private func add(_ call: Call) async throws -> Response {
        guard let commissioning, let tests else { throw Fault.notFound }
        let wish: Addition = try await call.body()
        let owner = try call.account.name
        guard let id = UUID(uuidString: wish.job), let address = await tests.address(id, of: owner) else {
            throw Fault.testExpired
        }
        let faults = CameraRules.faults(of: wish.camera)
        guard faults.isEmpty else { throw Fault.fields(faults) }
        let isTrial = call.query("dry_run") == "1"
        let added: AddedCamera
        do {
            added = try await commissioning.add(wish.camera, address, owner, isTrial)
        } catch let refusal as CameraRefusal { throw Fault(refusal) }
        guard !isTrial else { return Response(json: added) }
        try await audit(
            .cameraAdded, call,
            [
                "camera": added.id, "stream": StreamRules.host(address.url), "configuration": added.version,
                "outcome": added.outcome.rawValue,
            ])
        await tests.forget(id, of: owner)
        return Response(json: added, status: .created)
    }
}

extension Fault {
    static func fields(_ faults: [FieldFault]) -> Fault {
        var fault = Fault(
            .unprocessableContent, "fields", zh: "有些内容需要改正。", en: "Some of it has to be corrected.")
        fault.fields = faults.map { Field(path: $0.path, zh: $0.zh, en: $0.en) }
        return fault
    }

    static let testing = Fault(
        .conflict, "testing", zh: "正在进行其他测试，请稍后再试。", en: "Others are being tested: try again in a moment.",
        retryAfter: 5)
    static let noSearch = Fault(
        .conflict, "no_search", zh: "未启用查找；请在配置项 console.discovery.interfaces 中写明网络接口。",
        en: "The search is off: name the network's interface in console.discovery.interfaces of the configuration.")
    static let testExpired = Fault(
        .unprocessableContent, "test_expired", zh: "测试已过期，请重新测试视频流。",
        en: "The test is no longer kept: test the stream again.")

    init(_ refusal: CameraRefusal) {
        switch refusal {
        case .faults(let faults): self = .fields(faults)
        case .changed:
            self.init(
                .preconditionFailed, "changed", zh: "配置文件已被他人修改，请重新检查。",
                en: "Somebody else has changed the configuration meanwhile: check again.")
        case .busy:
            self.init(
                .conflict, "busy", zh: "配置文件正在被修改，请稍后再试。",
                en: "The configuration is being changed: try again in a moment.", retryAfter: 2)
        case .notWritable(let patch):
            self.init(
                .conflict, "not_writable", zh: "本服务无权修改配置文件；请将以下内容加入配置文件的 cameras 并重新加载。",
                en:
                    "The service may not write the configuration file: add the following to cameras there, and reload.")
            self.patch = patch
        }
    }
}
