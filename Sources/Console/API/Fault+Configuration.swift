import Domain
import HTTPTypes
import Runtime
import SiteConfiguration

extension Fault {
    static let noFile = Fault(
        .conflict, "no_configuration", zh: "本机的配置不能在页面上读取或修改。",
        en: "The configuration cannot be read or changed here.")
    static let noVersion = Fault(
        .preconditionRequired, "no_version", zh: "请求须以 If-Match 写明所依据的配置版本。",
        en: "Say by If-Match which version of the configuration the request is about.")
    static let notWatched = Fault(
        .conflict, "not_watched", zh: "该摄像机没有在运行，无法预览。",
        en: "The camera is not in use: there is nothing to preview.")

    /// Nil for what is no fault of a change.
    init?(_ error: any Error, _ file: ConfigurationFile) {
        switch error {
        case let refused as ConfigurationFile.Refused:
            let first = refused.faults.first
            self.init(
                .unprocessableContent, first?.name ?? "zones", zh: first?.words.zh ?? "区域有误。",
                en: first?.words.en ?? "The zones are not right.")
            fields = Self.fields(refused)
        case let faulty as ConfigurationFile.Faulty:
            self = .faulty
            fields = Self.fields(faulty)
        case let faults as ConfigurationFaults:
            // The file as it is.
            self = .faulty
            fields = faults.faults.map { Self.field($0, path: "") }
        case let outdated as ConfigurationFile.Outdated:
            self = .outdated
            version = try? ConfigurationFile.version(of: outdated.text)
            diff = file.changes(since: outdated.expected, in: outdated.text)
        case let fault as ConfigurationEditFault: self.init(fault)
        case let fault as ConfigurationStoreFault: self.init(fault)
        case let error as SetupError:
            self = .faulty
            fields = [Field(path: "", zh: "\(error)", en: "\(error)")]
        default: return nil
        }
    }

    private static let faulty = Fault(
        .unprocessableContent, "configuration", zh: "配置检查未通过，未写入任何内容。",
        en: "The configuration would be wrong: nothing was written.")
    private static let outdated = Fault(
        .preconditionFailed, "changed", zh: "配置已被他人修改，未写入任何内容。",
        en: "Somebody else has changed the configuration: nothing was written.")

    private init(_ fault: ConfigurationEditFault) {
        switch fault.reason {
        case .missing: self = .notFound
        case .malformed: self.init(.conflict, "unreadable", zh: "配置文件中的区域无法读取，请手工修改：\(fault)", en: "\(fault)")
        case .unsupported:
            self.init(.conflict, "by_hand", zh: "配置文件的写法不能自动修改，请手工修改。", en: "\(fault)")
        }
    }

    init(_ fault: ConfigurationStoreFault) {
        switch fault.reason {
        case .busy: self = .busy
        case .changed: self = .outdated
        case .noVersion: self = .notFound
        case .unwritable:
            self.init(
                .conflict, "not_writable", zh: "服务无权写入配置文件；请由管理员在本机执行 gridwarden config zones。",
                en: "The service may not write the configuration: run gridwarden config zones on the box.")
        }
    }

    static func fields(_ refused: ConfigurationFile.Refused) -> [Field] {
        refused.faults.map { fault in
            let zone = fault.zone.isEmpty ? "" : ".zones.\(fault.zone)"
            return Field(
                path: "cameras.\(refused.camera)\(zone).\(fault.key)", zone: fault.zone.isEmpty ? nil : fault.zone,
                zh: fault.words.zh, en: fault.words.en)
        }
    }

    static func fields(_ faulty: ConfigurationFile.Faulty) -> [Field] {
        let document = try? ConfigurationDocument(text: faulty.text, file: "")
        return faulty.faults.faults.map { fault in
            field(fault, path: document?.path(line: fault.line, column: fault.column) ?? "")
        }
    }

    /// Sentences of the reader are in English.
    private static func field(_ fault: ConfigurationFault, path: String) -> Field {
        let zone = path.firstMatch(of: #/\.zones\.([a-z0-9\-]+)/#).map { String($0.output.1) }
        return Field(
            path: path, zone: zone, line: fault.line, column: fault.column, zh: "第 \(fault.line) 行：\(fault.message)",
            en: fault.message)
    }
}
