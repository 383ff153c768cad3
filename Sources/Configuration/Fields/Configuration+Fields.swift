public import Domain

extension Configuration.Key: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.site, .section(SiteSettings.Key.fields), isRequired: true, en: "The place of this daemon", zh: "本站点"),
        Field(
            Self.broker, .section(BrokerSettings.Key.fields), isRequired: true,
            en: "The MQTT broker that takes the alerts", zh: "消息服务器"),
        Field(
            Self.detector, .section(DetectorSettings.Key.fields), en: "The network that finds objects", zh: "目标检测"),
        Field(
            Self.evidence, .section(EvidenceSettings.Key.fields),
            en: "The pictures that prove an incident, masked before they are kept", zh: "证据图片，先遮挡后保存"),
        Field(
            Self.inbound, .section(InboundSettings.Key.fields),
            en:
                "Reviews of alerts, and commands to the site. The broker's access list comes first: names are the sender's "
                + "own word", zh: "核查反馈与指令"),
        Field(
            Self.delivery, .section(DeliverySettings.Key.fields),
            en: "Where alerts go besides the broker, and what becomes of those that are refused", zh: "告警投递"),
        Field(
            Self.dialects, .section(DialectSettings.Key.fields),
            en:
                "What the broker gets besides the native topics, for other ecosystems; all of it is off. See "
                + "docs/integrations.md", zh: "与其他生态对接（默认全部关闭）"),
        Field(
            Self.outbox, .section(OutboxSettings.Key.fields),
            en: "How much waits and is kept for a repetition. What was delivered goes first, what was not goes last",
            zh: "本地消息缓存"),
        Field(
            Self.cameras, .sections(CameraSettings.Key.fields), isRequired: true,
            en: "At least one camera; may be [] where console.listen is set, for the page can add the first",
            zh: "至少一路摄像机；启用控制台时可为 []，由页面添加"),
        Field(
            Self.metrics, .section(MetricsSettings.Key.fields), en: "For Prometheus, over HTTP; off without it",
            zh: "监控指标"),
        Field(
            Self.console, .section(ConsoleSettings.Key.fields),
            en: "The page of this box, for a browser; off without it. See docs/console.md", zh: "控制台"),
        Field(
            Self.logging, .section(LoggingSettings.Key.fields), en: "What the daemon writes to its log", zh: "日志"),
    ]
}

extension Configuration {
    /// The possible content of the file, section by section.
    public static var fields: [Field] { Key.fields }

    /// The field at these keys, without items of lists; nil where there is none.
    public static func field(at keys: [String]) -> Field? {
        var fields = Self.fields
        var found: Field?
        for key in keys {
            guard let field = fields.first(where: { $0.key == key }) else { return nil }
            found = field
            fields = field.parts
        }
        return found
    }

    /// The keys besides cameras in which `other` differs and that require a restart, e.g. `broker.host`, in the order
    /// of the reference.
    public func changesThatNeedRestart(_ other: Configuration) -> [String] {
        let log = FaultLog(file: "")
        guard let old = SourceText.compose(text, log), let new = SourceText.compose(other.text, log) else { return [] }
        return Self.changes(Self.fields, ConfigurationValue(old), ConfigurationValue(new), "").filter { path in
            // A value derived from another key does not count, nor does an explicit default.
            let section = String(path.prefix { $0 != "." })
            return sections(differingFrom: other).contains(section)
        }
    }

    private static func changes(
        _ fields: [Field], _ old: ConfigurationValue?, _ new: ConfigurationValue?, _ above: String
    ) -> [String] {
        fields.flatMap { field -> [String] in
            let path = above.isEmpty ? field.key : above + "." + field.key
            let (before, after) = (old?[field.key], new?[field.key])
            guard before != after else { return [] }
            if case .section(let inner) = field.form, !field.needsRestart { return changes(inner, before, after, path) }
            guard field.needsRestart, said(before, field) != said(after, field) else { return [] }
            return [path]
        }
    }

    /// Nil for the default, explicit or not.
    private static func said(_ value: ConfigurationValue?, _ field: Field) -> ConfigurationValue? {
        guard let value, value != .empty else { return nil }
        if case .text(let text) = value, text == field.standard { return nil }
        return value
    }
}

extension Field {
    /// The fields of the map, or of each map of the list, at this place.
    public var parts: [Field] {
        switch form {
        case .section(let fields), .sections(let fields): fields
        default: []
        }
    }
}
