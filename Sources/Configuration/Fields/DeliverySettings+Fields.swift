import Domain

extension DeliverySettings.Key: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.refusals, .choice(DeliverySettings.Refusals.self), default: DeliverySettings().refusals.rawValue,
            en:
                "What becomes of an alert that the broker refuses. hold: it is tried again and all later ones wait, so that "
                + "none is lost; skip: it is kept as a dead letter, and the next one goes",
            zh: "消息服务器拒收告警时：hold 排队重发，skip 跳过并记为死信"),
        Field(
            Self.webhooks, .sections(DeliverySettings.Webhook.Key.fields),
            en: "Addresses that alerts are posted to besides the broker, over HTTP", zh: "HTTP 推送（webhook）"),
    ]
}

extension DeliverySettings.Webhook.Key: FieldKey {
    private static let plain = DeliverySettings.Webhook(id: "", url: "")

    static let fields: [Field] = [
        Field(
            Self.id, .identifier, isRequired: true,
            en: "By which the site knows how far it has come: with another id it begins anew", zh: "接收方编号"),
        Field(
            Self.url, .text(form: "an address that begins with https:// or http://, without user and password"),
            isRequired: true,
            en: "Where alerts are posted to; no redirect is followed", zh: "接收地址"),
        Field(
            Self.kinds, .other(form: "a list of kinds and families such as vending.*"), default: "[]",
            en: "Which alerts; [] is all", zh: "事项类别，留空为全部"),
        Field(
            Self.areas, .other(form: "a list of area codes of 2, 4, 6, 9 or 12 digits"), default: "[]",
            en: "Where, with everything below; [] is everywhere", zh: "区划范围，留空为全部"),
        Field(
            Self.header, .text(form: "the name of a header, e.g. Authorization"),
            en: "Sent with each alert, with the secret of header_file", zh: "附加请求头的名称"),
        Field(
            Self.headerFile, .path,
            en: "The first line of the file is the header's value, e.g. Bearer and a token", zh: "存放请求头内容的文件"),
        Field(
            Self.caFile, .path,
            en: "PEM with the certificates that are trusted; the system's without it", zh: "受信任的证书"),
        Field(
            Self.dialect, .choice(DeliverySettings.Dialect.self), default: plain.dialect.rawValue,
            en:
                "What the receiver understands. native: CloudEvents, as on the broker; home_assistant: a flat map for a "
                + "webhook trigger of Home Assistant",
            zh: "消息格式：native 为原生 CloudEvents，home_assistant 供 Home Assistant 的 webhook 触发器使用"),
        Field(
            Self.refusals, .choice(DeliverySettings.Refusals.self), default: plain.refusals.rawValue,
            en: "The same for what this receiver refuses", zh: "接收方拒收时的处理方式"),
        Field(
            Self.timeout, .integer(1...120, unit: "seconds"), default: "\(plain.timeout)",
            en: "For one attempt", zh: "单次请求超时"),
    ]
}
