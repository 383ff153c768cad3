import Domain

extension DetectorSettings.Key: FieldKey {
    private static let plain = DetectorSettings()

    static let fields: [Field] = [
        Field(
            Self.model, .text(form: "the name of a model, which holds letters, digits, dots and hyphens"),
            default: plain.model, needsRestart: true,
            en:
                "auto, by what each camera is watched for; or the name of a network in models_directory, or of one of its inputs "
                + "(docs/detectors.md)", zh: "模型名称，auto 为自动选择"),
        Field(
            Self.minimumScore, .number(0.05...0.95, unit: ""), default: "\(plain.minimumScore)",
            en: "Weaker detections open no incident; higher: fewer false alarms, more misses", zh: "最低置信度"),
        Field(
            Self.tiles, .boolean, default: "\(plain.hasTiles)",
            en:
                "Look at zones in which vehicles are small in parts too: finds cars a third as large, up to twice the time",
            zh: "小目标分块检测"),
        Field(
            Self.threads, .integer(1...64, unit: ""), default: "\(plain.threads)", needsRestart: true,
            en: "Threads of the network", zh: "线程数"),
    ]
}

extension EvidenceSettings.Key: FieldKey {
    private static let plain = EvidenceSettings(directory: "")

    static let fields: [Field] = [
        Field(
            Self.enabled, .boolean, default: "\(plain.isEnabled)", needsRestart: true, en: "Whether pictures are kept",
            zh: "是否保存证据图片"),
        Field(
            Self.directory, .text(form: "the path of a folder"), default: "<state_directory>/evidence",
            needsRestart: true,
            en: "A folder that nothing else is in; one daemon a folder", zh: "证据目录"),
        Field(
            Self.publish, .boolean, default: "\(plain.isPublished)",
            en: "Whether masked pictures are sent to the broker, on the evidence topics, each after its alert",
            zh: "是否发送已遮挡的图片"),
        Field(
            Self.keepDays, .integer(1...3650, unit: "days"), default: "\(plain.keepDays)",
            en: "Older pictures are deleted, and messages that were delivered", zh: "保存天数"),
        Field(
            Self.maxMegabytes, .integer(16...10_000_000, unit: "megabytes"), default: "\(plain.maxMegabytes)",
            en: "Of pictures and messages; then the oldest closed incident goes, never an open one", zh: "证据容量上限"),
        Field(
            Self.jpegQuality, .integer(2...31, unit: ""), default: "\(plain.jpegQuality)",
            en: "2 is the best, 31 the smallest", zh: "图片质量，2 为最好"),
        Field(
            Self.hardExamples, .integer(0...10_000, unit: ""), default: "\(plain.hardExamples)",
            en: "Of so many false alarms (a review says so) the masked pictures are kept for learning, in "
                + "<state_directory>/hard-examples, whatever keep_days says; 0 keeps none", zh: "误报样本保留数量，0 为不保留"),
    ]
}

extension InboundSettings.Key: FieldKey {
    private static let plain = InboundSettings()

    static let fields: [Field] = [
        Field(
            Self.enabled, .boolean, default: "\(plain.isEnabled)",
            en: "Whether the site listens to reviews and commands", zh: "是否接收核查反馈与指令"),
        Field(
            Self.reviewers, .sections(AccessPolicy.Party.Key.fields), default: "[]",
            en: "Who may review; [] is everybody whom the broker lets write", zh: "允许提交核查的人员，留空不限"),
        Field(
            Self.commanders, .sections(AccessPolicy.Party.Key.fields), default: "[]",
            en: "Who may send commands; [] is everybody whom the broker lets write", zh: "允许下发指令的人员，留空不限"),
    ]
}

extension AccessPolicy.Party.Key: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.by, .text(form: "1 to 128 characters on one line"), isRequired: true,
            en: "The name as requests carry it, its sender's own word", zh: "请求中的姓名或编号"),
        Field(
            Self.area, .text(form: "an area code of 2, 4, 6, 9 or 12 digits"),
            en: "There and below; everywhere without it", zh: "区划范围"),
    ]
}

extension OutboxSettings.Key: FieldKey {
    private static let plain = OutboxSettings()

    static let fields: [Field] = [
        Field(
            Self.maxMessages, .integer(1000...10_000_000, unit: ""), default: "\(plain.maxMessages)",
            en: "Messages that are kept, delivered or not", zh: "消息条数上限"),
        Field(
            Self.maxMegabytes, .integer(8...1_000_000, unit: "megabytes"), default: "\(plain.maxMegabytes)",
            en: "Of messages", zh: "消息容量上限"),
        Field(
            Self.auditDays, .integer(184...3650, unit: "days"), default: "\(plain.auditDays)",
            en: "For the audit log and the reviews; of the log at most 500,000 entries", zh: "审计日志与核查记录的保存天数"),
    ]
}

extension LoggingSettings.Key: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.level, .choice(LoggingSettings.Level.self), default: LoggingSettings().level.rawValue,
            en: "The least level that is written", zh: "日志级别")
    ]
}

extension MetricsSettings.Key: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.listen, .text(form: "an address of this machine and a port, e.g. 127.0.0.1:9464 or [::1]:9464"),
            en:
                "Where GET /metrics and /status are answered, without any access control: check says where it is not an "
                + "address of this machine or a private network", zh: "监控指标的监听地址")
    ]
}
