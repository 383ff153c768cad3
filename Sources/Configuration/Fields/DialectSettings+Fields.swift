import Domain

extension DialectSettings.Key: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.language, .choice(DialectSettings.Language.self), default: DialectSettings.Language.zh.rawValue,
            en: "Of names that are shown there", zh: "显示名称的语言"),
        Field(
            Self.homeAssistant, .section(DialectSettings.HomeAssistant.Key.fields),
            en: "Entities in Home Assistant, by its MQTT discovery", zh: "Home Assistant 自动发现"),
        Field(
            Self.onvif, .section(DialectSettings.ONVIF.Key.fields),
            en: "ONVIF events over MQTT (onvif-ej)", zh: "ONVIF 事件"),
        Field(
            Self.frigate, .section(DialectSettings.Frigate.Key.fields),
            en: "Messages in the form of Frigate's", zh: "Frigate 格式的消息"),
    ]
}

extension DialectSettings.HomeAssistant.Key: FieldKey {
    private static let plain = DialectSettings.HomeAssistant()

    static let fields: [Field] = [
        Field(Self.enabled, .boolean, default: "false", en: "Whether it is told", zh: "是否启用"),
        Field(
            Self.discoveryPrefix, .text(form: DialectSettings.form), default: plain.discoveryPrefix,
            en: "Where Home Assistant looks for entities: its own setting", zh: "Home Assistant 的发现主题前缀"),
        Field(
            Self.topicPrefix, .text(form: DialectSettings.form), default: plain.topicPrefix,
            en: "Below which the states of zones and the newest pictures are", zh: "状态与图片的主题前缀"),
    ]
}

extension DialectSettings.ONVIF.Key: FieldKey {
    static let fields: [Field] = [
        Field(Self.enabled, .boolean, default: "false", en: "Whether it is told", zh: "是否启用"),
        Field(
            Self.topicPrefix, .text(form: DialectSettings.form), default: "<site id>",
            en: "The TopicPrefix, unique for each site", zh: "主题前缀，各站点不同"),
    ]
}

extension DialectSettings.Frigate.Key: FieldKey {
    private static let plain = DialectSettings.Frigate()

    static let fields: [Field] = [
        Field(Self.enabled, .boolean, default: "false", en: "Whether it is told", zh: "是否启用"),
        Field(
            Self.topicPrefix, .text(form: DialectSettings.form), default: plain.topicPrefix,
            en: "As Frigate's topic_prefix; another one for each site and beside a real Frigate",
            zh: "主题前缀，多个站点或同时运行 Frigate 时须各不相同"),
    ]
}
