import Analytics
import Console
import Domain
import Foundation
import Hashing
import Runtime
import SiteConfiguration
import Synchronization
import Threading
import Video

/// Adds cameras to the configuration on the word of the console. The password goes into a file of its own in the state folder,
/// which the service may always write, and which needs no restart to be read.
actor CameraAdding {
    /// Seconds in which the site takes a changed file over, where nothing hangs.
    private static let patience = 30.0
    /// The file's name of what the page offers, and the seconds of its stay where the catalogue says nothing.
    private static let templates: [(kind: AlertKind, surface: Zone.Surface)] = [
        (.illegalParking, .carriageway), (AlertKind(rawValue: "parking.fire_lane"), .carriageway),
        (AlertKind(rawValue: "vending.occupy_road"), .pavement),
        (AlertKind(rawValue: "env.garbage_exposed"), .pavement),
    ]

    private nonisolated let thread = DedicatedThread(name: "configuration")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private nonisolated let settings: DaemonSettings
    private nonisolated let registry: CameraRegistry
    private nonisolated let desk: ReloadDesk
    private nonisolated let file: String?

    init(_ settings: DaemonSettings, registry: CameraRegistry, desk: ReloadDesk) {
        (self.settings, self.registry, self.desk) = (settings, registry, desk)
        file = settings.configurationFile
    }

    // MARK: - What the page offers

    nonisolated func offer(_ catalogue: Catalogue) -> Commissioning.Offer {
        let cameras = registry.configured
        var places = [Self.place(settings.site.place)]
        for place in cameras.map({ Self.place($0.place) }) where !places.contains(place) { places.append(place) }
        let ids = Set(cameras.map(\.id)).union(idsInFile)
        let free = (1...999).lazy.map { "cam-\($0 < 10 ? "0" : "")\($0)" }.first { !ids.contains($0) } ?? "cam"
        let templates = Self.templates.compactMap { kind, surface -> Commissioning.Offer.Template? in
            guard let entry = catalogue[kind] else { return nil }
            return .init(
                kind: kind.rawValue, name: entry.name, surface: surface.rawValue, dwell: entry.defaultDwellSeconds)
        }
        return Commissioning.Offer(places: places, cameras: ids.sorted(), id: free, templates: templates)
    }

    private static func place(_ place: GridLocation) -> Commissioning.Offer.Place {
        .init(area: place.area.digits, grid: place.grid, microgrid: place.microgrid)
    }

    /// Of cameras that the file has, and that may not run yet.
    private nonisolated var idsInFile: [String] {
        guard let file, let text = try? ConfigurationStore(path: file).text(),
            let document = try? ConfigurationDocument(text: text, file: file)
        else { return [] }
        return Self.ids(in: document)
    }

    private static func ids(in document: ConfigurationDocument) -> [String] {
        guard case .list(let items)? = document.value["cameras"] else { return [] }
        return items.compactMap { if case .text(let id)? = $0["id"] { id } else { nil } }
    }

    // MARK: - Adding

    /// Throws `CameraRefusal`.
    ///
    /// - Parameter by: whose version of the configuration it becomes.
    func add(
        _ camera: NewCamera, _ address: StreamAddress, by author: String? = nil, isTrial: Bool
    ) async throws -> AddedCamera {
        let stream = CameraURL(address.url, user: address.user, password: address.password).parts
        if let login = stream.login { try Self.check(login) }
        var secret: CredentialsFile?
        if let login = stream.login {
            secret = try CredentialsFile(of: camera.id, in: settings.stateFolder, besides: paths)
            do { try secret?.write(user: login.user, password: login.password) } catch {
                throw CameraRefusal.faults([Self.noRoom])
            }
            settings.secrets.learn(login.password, user: login.user)
        }
        let value = Self.value(
            camera, stream.address, credentials: secret?.path, transport: address.transport, site: settings.site.place)
        let change: Written
        do {
            change = try write(camera, value, by: author, isTrial: isTrial)
        } catch {
            // What is to be pasted names the file.
            if case CameraRefusal.notWritable = error, !isTrial {} else { secret?.remove() }
            throw error
        }
        let diff = redacted(LineDifference.unified(change.before, change.after, name: "gridwarden.yaml"))
        guard !isTrial else {
            secret?.remove()
            return AddedCamera(id: camera.id, outcome: .trial, diff: diff, version: try Self.hash(change.before))
        }
        var added = AddedCamera(
            id: camera.id, outcome: .unknown, diff: diff, version: try Self.hash(change.after))
        guard let report = await report(of: desk.wish()) else { return added }
        let outcome: AddedCamera.Outcome
        switch report.outcome {
        case .applied: outcome = report.failed.contains(camera.id) ? .refused : .applied
        case .needsRestart: outcome = .needsRestart
        case .refused: outcome = .refused
        }
        added = AddedCamera(
            id: camera.id, outcome: outcome, diff: diff, version: added.version, keys: report.needsRestart)
        return added
    }

    /// The files of credentials that the configuration names.
    private var paths: Set<String> {
        guard let file, let text = try? ConfigurationStore(path: file).text(),
            let document = try? ConfigurationDocument(text: text, file: file),
            case .list(let items)? = document.value["cameras"]
        else { return [] }
        return Set(items.compactMap { if case .text(let path)? = $0["credentials_file"] { path } else { nil } })
    }

    private struct Written {
        let before: String
        let after: String
    }

    private func write(
        _ camera: NewCamera, _ value: ConfigurationValue, by author: String?, isTrial: Bool
    ) throws -> Written {
        let patch = ConfigurationValue.list([value]).yaml
        guard let file else { throw CameraRefusal.notWritable(patch: patch) }
        let store = ConfigurationStore(path: file, patience: 5) { [software = settings.site.software] configuration in
            _ = try DaemonSettings(configuration, file: file, software: software)
        }
        do {
            let change = try store.edit(isTrial: isTrial, by: author) { document in
                if let version = camera.version, try Self.hash(document.text) != version { throw CameraRefusal.changed }
                guard !Self.ids(in: document).contains(camera.id) else {
                    throw CameraRefusal.faults([
                        FieldFault("id", zh: "已有编号为 \(camera.id) 的摄像机。", en: "There is a camera \(camera.id) already.")
                    ])
                }
                try document.add(value, to: ConfigurationPath("cameras"))
            }
            return Written(before: change.before, after: change.after)
        } catch let refusal as CameraRefusal { throw refusal } catch let faults as ConfigurationFaults {
            throw CameraRefusal.faults(
                faults.faults.prefix(20).map { fault in
                    let text = redacted("\(fault.line):\(fault.column): \(fault.message)")
                    return FieldFault("configuration", zh: "配置检查未通过：\(text)", en: text)
                })
        } catch let fault as ConfigurationStoreFault {
            switch fault.reason {
            case .busy: throw CameraRefusal.busy
            case .changed: throw CameraRefusal.changed
            case .noVersion, .unwritable: throw CameraRefusal.notWritable(patch: patch)
            }
        } catch is ConfigurationEditFault {
            throw CameraRefusal.notWritable(patch: patch)
        } catch {
            let text = redacted("\(error)")
            throw CameraRefusal.faults([FieldFault("configuration", zh: "配置检查未通过：\(text)", en: text)])
        }
    }

    private func redacted(_ text: String) -> String { settings.secrets.redact(CameraURL.redact(text)) }

    private static func hash(_ text: String) throws -> String { try SHA256.hex(Array(text.utf8)) }

    /// Nil where the site does not say it in time.
    private func report(of wish: Int) async -> ReloadReport? {
        let end = ContinuousClock.now + .seconds(Self.patience)
        while ContinuousClock.now < end {
            switch desk.report(wish) {
            case .some(.some(let report)): return report
            case .none: return nil
            case .some(.none): break
            }
            do { try await Task.sleep(for: .milliseconds(100)) } catch { return nil }
        }
        return nil
    }

    /// Of an address that carries user and password; those of their own fields were checked before.
    private static func check(_ login: (user: String, password: String)) throws(CameraRefusal) {
        let isLine = { (text: String) in
            !text.unicodeScalars.contains { $0.properties.generalCategory == .control } && !text.hasPrefix("-----BEGIN")
        }
        guard !login.user.isEmpty, !login.user.contains(":"), login.user.utf8.count <= 128, isLine(login.user),
            login.password.utf8.count <= 256, isLine(login.password)
        else {
            throw .faults([
                FieldFault(
                    "url", zh: "地址中的用户名或口令不能使用；请在测试时把它们填在各自的栏里。",
                    en:
                        "User or password in the address cannot be used: put them into their own fields, and test again."
                )
            ])
        }
    }

    private static let noRoom = FieldFault(
        "password", zh: "口令无法保存，请检查磁盘。", en: "The password could not be kept: see to the disk.")

    // MARK: - As the file has it

    static func value(
        _ camera: NewCamera, _ url: String, credentials: String?, transport: StreamAddress.Transport,
        site: GridLocation
    ) -> ConfigurationValue {
        var entries: [ConfigurationValue.Entry] = []
        func add(_ key: String, _ text: String?) {
            if let text, !text.isEmpty { entries.append(.init(key, .text(text))) }
        }
        add("id", camera.id)
        add("name", camera.name)
        add("url", url)
        add("credentials_file", credentials)
        if transport != .auto { add("transport", transport.rawValue) }
        add("purpose", camera.purpose)
        add("signage_confirmed", camera.signage ? "true" : "false")
        add("gb28181", camera.gb28181)
        add("longitude", camera.longitude.map { Field.spelled($0) })
        add("latitude", camera.latitude.map { Field.spelled($0) })
        if camera.area != site.area.digits { add("area", camera.area) }
        if camera.grid != site.grid { add("grid", camera.grid) }
        if camera.microgrid != site.microgrid { add("microgrid", camera.microgrid) }
        entries.append(.init("zones", .list(camera.zones.map(value))))
        return .map(entries)
    }

    private static func value(_ zone: NewCamera.Zone) -> ConfigurationValue {
        var entries: [ConfigurationValue.Entry] = [.init("id", .text(zone.id))]
        if let name = zone.name, !name.isEmpty { entries.append(.init("name", .text(name))) }
        entries.append(.init("surface", .text(zone.surface)))
        // A thousandth of the picture is less than anybody draws.
        let corners = zone.polygon.map { corner in
            ConfigurationValue.list(corner.map { .text(Field.spelled(($0 * 1000).rounded() / 1000)) })
        }
        entries.append(.init("polygon", .list(corners)))
        let dwell = ConfigurationValue.text(Field.spelled(zone.dwell))
        entries.append(.init("rules", .map([.init(zone.kind, .map([.init("dwell", dwell)]))])))
        return .map(entries)
    }
}

/// A camera's user and password in a file that only the service reads: `credentials/ID` in the state folder.
struct CredentialsFile {
    static let folder = "credentials"

    let path: String

    /// One that no camera uses.
    ///
    /// - Parameter besides: those that are used.
    init(of camera: String, in stateFolder: URL, besides used: Set<String>) throws {
        let folder = stateFolder.appending(path: Self.folder)
        let names = [camera] + (2...99).map { "\(camera)-\($0)" }
        let paths = names.map { folder.appending(path: $0).path }
        guard let free = paths.first(where: { !used.contains($0) }) else {
            throw SetupError(description: "there are too many files of credentials for \(camera) in \(folder.path)")
        }
        path = free
    }

    func write(user: String, password: String) throws {
        let file = URL(filePath: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try DurableFile.write(Array("\(user)\n\(password)\n".utf8), to: file, mode: 0o600)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
