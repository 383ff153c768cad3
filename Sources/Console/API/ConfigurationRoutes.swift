import Domain
import Foundation
import HTTPTypes
import Hummingbird
import SiteConfiguration
import Store

/// The configuration: zones of a camera, what they would report, and the versions of the file.
struct ConfigurationRoutes: Sendable {
    private let desk: ConsoleDesk
    private let file: ConfigurationFile?

    init(_ desk: ConsoleDesk) {
        self.desk = desk
        file = desk.parts.configuration.map { ConfigurationFile($0) }
    }

    var all: [Route] {
        [
            Route(.get, "/api/v1/cameras/:id/zones", .account(.viewer)) { try await zones($0) },
            Route(.post, "/api/v1/cameras/:id/preview", .account(.operator)) { try await preview($0) },
            Route(.put, "/api/v1/cameras/:id/zones", .account(.admin)) { try await save($0) },
            Route(.get, "/api/v1/config/versions", .account(.admin)) { try await versions($0) },
            Route(.get, "/api/v1/config/versions/:number", .account(.admin)) { try await version($0) },
            Route(.post, "/api/v1/config/versions/:number/restore", .account(.admin)) { try await restore($0) },
        ]
    }

    /// Does something with the file on the console's thread.
    private func run<Result: Sendable>(_ body: @Sendable (ConfigurationFile) throws -> Result) async throws -> Result {
        guard let file else { throw Fault.noFile }
        return try await desk.run { _ in
            do { return try body(file) } catch { throw Fault(error, file) ?? error }
        }
    }

    /// A camera that the account may see: what lies elsewhere is not there for it.
    private func camera(_ call: Call) throws -> String {
        let (id, account) = (call.value("id"), try call.account)
        guard account.area != nil else { return id }
        guard let area = file?.parts.camera(id)?.area, account.covers(area) else { throw Fault.notFound }
        return id
    }

    /// The version of the file that a page has read.
    private static func expected(_ call: Call) throws -> String {
        guard let header = call.request.headers[.ifMatch] else { throw Fault.noVersion }
        return header.trimmingCharacters(in: CharacterSet(charactersIn: "\" "))
    }

    private static func isTrial(_ call: Call) -> Bool { call.query("dry_run") == "1" }

    /// The whole file concerns the whole site.
    private static func requireSite(_ call: Call) throws {
        guard try call.account.area == nil else { throw Fault.area }
    }

    // MARK: Zones

    private struct Body: Decodable { let zones: [ZoneDraft] }

    private func zones(_ call: Call) async throws -> Response {
        let id = try camera(call)
        let page = try await run { [catalogue = desk.parts.catalogue] file in
            let (zones, version) = try file.zones(of: id)
            let watched = file.parts.camera(id)
            return ZonePage(
                camera: id, name: watched?.name ?? id, version: version, isWritable: file.canWrite, zones: zones,
                presets: watched?.histories.keys.compactMap(\.self).sorted() ?? [], shifted: watched?.offset,
                kinds: ZoneKind.all(catalogue))
        }
        return Response(json: page, version: page.version)
    }

    private func preview(_ call: Call) async throws -> Response {
        let (id, body, now) = (try camera(call), try await call.body(Body.self), desk.now)
        return Response(
            json: try await run { file in
                guard let watched = file.parts.camera(id) else { throw Fault.notWatched }
                do {
                    let drafted = try file.drafted(body.zones, of: id).configuration.cameras.first { $0.id == id }
                    return ZonePreview(of: drafted?.zones ?? [], watched, at: now)
                } catch let refused as ConfigurationFile.Refused {
                    return ZonePreview(faults: Fault.fields(refused), watched, at: now)
                } catch let faulty as ConfigurationFile.Faulty {
                    return ZonePreview(faults: Fault.fields(faulty), watched, at: now)
                }
            })
    }

    private func save(_ call: Call) async throws -> Response {
        let (id, body) = (try camera(call), try await call.body(Body.self))
        let (version, account, date) = (try Self.expected(call), try call.account, desk.now)
        if Self.isTrial(call) {
            return try await answer(try await run { try $0.tried(body.zones, of: id, expecting: version) }, call, [:])
        }
        let change = try await run { file in
            do {
                return try file.save(body.zones, of: id, expecting: version, by: account.name, at: date)
            } catch let fault as ConfigurationStoreFault where fault.reason == .unwritable {
                // Who may write it needs what was meant.
                var refusal = Fault(fault)
                let change = try file.tried(body.zones, of: id, expecting: version)
                refusal.diff = file.difference(change.before, change.after)
                throw refusal
            }
        }
        return try await answer(change, call, ["change": "zones", "camera": id])
    }

    // MARK: Versions

    private func versions(_ call: Call) async throws -> Response {
        try Self.requireSite(call)
        let zone = desk.parts.site.timeZone
        let page = try await run { file in
            let (text, version) = try file.read()
            return VersionPage(
                version: version, isWritable: file.canWrite, versions: try file.versions(), previous: file.previous,
                isByHand: try file.versions().last.map { try file.text(ofVersion: $0.number) != text } ?? false,
                in: zone)
        }
        return Response(json: page, version: page.version)
    }

    private struct VersionChanges: Encodable {
        let number: Int
        /// What it changed; nil for the oldest one that is kept.
        let changes: String?
        /// What restoring it would change now.
        let restores: String
    }

    private func version(_ call: Call) async throws -> Response {
        try Self.requireSite(call)
        guard let number = Int(call.value("number")) else { throw Fault.notFound }
        return Response(
            json: try await run { file in
                let text = try file.text(ofVersion: number)
                let earlier = try file.versions().last { $0.number < number }?.number
                return VersionChanges(
                    number: number,
                    changes: try earlier.map { file.difference(try file.text(ofVersion: $0), text) },
                    restores: file.difference(try file.read().text, text))
            })
    }

    private func restore(_ call: Call) async throws -> Response {
        try Self.requireSite(call)
        guard let number = Int(call.value("number")) else { throw Fault.notFound }
        let (version, account, date) = (try Self.expected(call), try call.account, desk.now)
        let isTrial = Self.isTrial(call)
        let change = try await run {
            try $0.restore(number, expecting: version, isTrial: isTrial, by: account.name, at: date)
        }
        return try await answer(change, call, ["change": "restore", "restored": "\(number)"])
    }

    // MARK: Answers

    private struct Saved: Encodable {
        let diff: String
        /// Of the file as it is then.
        let version: String
        /// In the list of versions; nil where nothing was written.
        let number: Int?
        let applied: ConfigurationParts.Applied?
    }

    /// Writes down who it was and has the daemon take over what was written.
    private func answer(_ change: ConfigurationFile.Change, _ call: Call, _ facts: [String: String]) async throws
        -> Response
    {
        guard let file else { throw Fault.noFile }
        let version = try ConfigurationFile.version(of: change.after)
        let diff = file.difference(change.before, change.after)
        guard let number = change.number else {
            return Response(json: Saved(diff: diff, version: version, number: nil, applied: nil), version: version)
        }
        let all = facts.merging(["sha256": version, "version": "\(number)", "address": call.address]) { $1 }
        let (name, date) = (try call.account.name, desk.now)
        // What is written is written: the daemon takes it over also where the log cannot be written, and that is told.
        let audited: Result<Void, any Error>
        do {
            audited = .success(
                try await desk.run { try $0.outbox.audit(.configurationChanged, by: name, facts: all, at: date) })
        } catch { audited = .failure(error) }
        let applied = await file.parts.apply()
        try audited.get()
        return Response(json: Saved(diff: diff, version: version, number: number, applied: applied), version: version)
    }
}

extension Response {
    fileprivate init(json value: some Encodable, version: String) {
        self.init(json: value)
        headers[.eTag] = "\"\(version)\""
    }
}
