public import Domain
import Foundation

extension CentreConfiguration.RootKey: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.centre, .section(CentreConfiguration.Key.fields), isRequired: true,
            en: "One level of government, and what it has decided", zh: "一级中心"),
        Field(
            Self.logging, .section(LoggingSettings.Key.fields), en: "What the centre writes to its log", zh: "日志"),
    ]
}

extension CentreConfiguration {
    /// The possible content of the file, section by section.
    public static var fields: [Field] { RootKey.fields }
}

extension CentreConfiguration.Key: FieldKey {
    private static let plain = (try? AreaCode("000000000000")).map {
        CentreConfiguration(id: "", area: $0, text: "")
    }

    static let fields: [Field] = [
        Field(
            Self.id, .identifier, isRequired: true,
            en: "The centre's name towards sites (by) and departments (source)", zh: "中心编号"),
        Field(
            Self.area, .text(form: CentreConfiguration.areaForm), isRequired: true,
            en: "The level: everything below these digits, quoted", zh: "本级区划代码"),
        Field(
            Self.timeZone, .text(form: "the IANA name of a time zone"), default: plain?.timeZone.identifier,
            en: "The zone of the calendar, of the numbers of cases and of the times in messages", zh: "时区"),
        Field(
            Self.instance, .identifier,
            en: "Which one of several centres this is, that share a database of PostgreSQL; each needs another one",
            zh: "多个中心共用数据库时，本实例的名称，不可重复"),
        Field(
            Self.brokers, .sections(BrokerSettings.Key.fields), isRequired: true,
            en:
                "The brokers at which the sites of the area are heard; with the keys of broker in the configuration of a site",
            zh: "消息服务器，可有多个"),
        Field(
            Self.store, .text(form: CentreConfiguration.storeForm), default: plain?.store,
            en: "The database; pictures that sites send and the socket of gridwarden centre status stand beside a file",
            zh: "数据库：文件路径，或 PostgreSQL 地址"),
        Field(
            Self.storePasswordFile, .path, en: "Its first line is the password of a database of PostgreSQL",
            zh: "PostgreSQL 密码文件"),
        Field(
            Self.folder, .path, default: plain?.folder,
            en: "Where pictures and the socket stand, with a database of PostgreSQL",
            zh: "使用 PostgreSQL 时，图片和状态接口所在目录"),
        Field(
            Self.keep, .section(CentreConfiguration.Keep.Key.fields), en: "How long things are kept", zh: "保存期限"),
        Field(
            Self.numberPrefix, .text(form: "1 to 16 letters and digits"), default: plain?.numberPrefix,
            en: "What the number of a case begins with, as QX in QX-261127-0143", zh: "案件编号前缀"),
        Field(
            Self.kinds, .other(form: "a list of kinds and families such as vending.*"), default: "[]",
            en: "Whose incidents become cases by themselves; [] is all", zh: "自动立案的事项类别，留空为全部"),
        Field(
            Self.calendar, .section(CentreConfiguration.WorkCalendar.fields),
            en: "When people work, by which limits in wh and wd are counted", zh: "工作日历"),
        Field(
            Self.limits, .sections(CentreConfiguration.Limit.Key.fields), default: "[]",
            en:
                "How long a stage may take; the item of the kind itself goes before those of families, and a longer family before "
                + "a shorter one", zh: "各环节时限"),
        Field(
            Self.places, .sections(CentreConfiguration.Place.Key.fields), default: "[]",
            en:
                "Zones that look at one place: incidents of one kind there at one time are one case. Nothing else is merged",
            zh: "多个区域看同一地点时，在此声明，同类事件合并为一件"),
        Field(
            Self.routes, .sections(CentreConfiguration.Route.Key.fields), default: "[]",
            en:
                "Which department gets which cases, and how it hears of them; the item of the kind itself goes before those of "
                + "families, and a smaller area before a larger one", zh: "派遣去向"),
        Field(
            Self.auto, .section(CentreConfiguration.Auto.Key.fields), en: "What the centre does by itself", zh: "自动办理"),
        Field(
            Self.console, .section(CentreConfiguration.Page.Key.fields), en: "The page of the centre, and its API",
            zh: "中心页面"),
    ]
}

extension CentreConfiguration.Keep.Key: FieldKey {
    private static let plain = CentreConfiguration.Keep()

    static let fields: [Field] = [
        Field(
            Self.messagesDays, .integer(1...3650, unit: "days"), default: "\(plain.messageDays)",
            en: "Messages of the sites, word for word; one goes only once all before it are accounted for", zh: "原始消息"),
        Field(
            Self.casesDays, .integer(30...36500, unit: "days"), default: "\(plain.caseDays)",
            en: "Cases that are over, with their incidents and history", zh: "已结案件"),
        Field(
            Self.evidenceDays, .integer(1...3650, unit: "days"), default: "\(plain.evidenceDays)",
            en: "Pictures that sites have sent", zh: "证据图片"),
    ]
}

extension CentreConfiguration.WorkCalendar {
    static let fields: [Field] = [
        Field(
            "hours", .windows, default: "<Monday to Friday, 09:00–12:00 and 13:30–17:30>", en: "Of the weekdays",
            zh: "工作时间"),
        Field("holidays", .dates, default: "[]", en: "On which nobody works", zh: "节假日"),
        Field(
            "workdays", .dates, default: "[]", en: "That are worked in their place, with the hours of Monday",
            zh: "调休上班日"),
    ]
}

extension CentreConfiguration.Limit.Key: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.kind, .text(form: "a kind, or a family such as vending.*"), isRequired: true, en: "Of which cases",
            zh: "事项类别"),
        Field(
            Self.accept, .text(form: CentreConfiguration.Limit.form), default: "2 wh",
            en: "Until a case is accepted, and then until it is sent on", zh: "受理、派遣时限"),
        Field(
            Self.handle, .text(form: CentreConfiguration.Limit.form), default: "1 wd",
            en: "Until the department has handled it", zh: "处置时限"),
        Field(
            Self.check, .text(form: CentreConfiguration.Limit.form), default: "1 wd",
            en: "Until somebody has looked whether it is done", zh: "核查时限"),
    ]
}

extension CentreConfiguration.Place.Key: FieldKey {
    static let fields: [Field] = [
        Field(Self.id, .identifier, isRequired: true, en: "Of the place", zh: "地点编号"),
        Field(
            Self.zones, .other(form: "a list of site/camera/zone"), isRequired: true, en: "That look at it",
            zh: "看向该地点的区域"),
    ]
}

extension CentreConfiguration.Route.Key: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.id, .identifier, isRequired: true, en: "By which deliveries name it", zh: "去向编号"),
        Field(
            Self.kind, .text(form: "a kind, or a family such as vending.*"), isRequired: true, en: "Which cases",
            zh: "事项类别"),
        Field(
            Self.area, .text(form: CentreConfiguration.areaForm),
            en: "Where, with everything below; without it everywhere",
            zh: "区划范围，留空为全部"),
        Field(
            Self.department, .text(form: "a slug such as traffic-police"), isRequired: true, en: "Whose they are",
            zh: "主管部门"),
        Field(
            Self.topic, .boolean, default: "false", en: "Whether the department is told by MQTT, on mg/v1/dept/…",
            zh: "是否经 MQTT 推送"),
        Field(
            Self.webhook, .section(CentreConfiguration.Route.Webhook.Key.fields), en: "Where it is told over HTTP",
            zh: "HTTP 推送"),
        Field(
            Self.record, .boolean, default: "false",
            en: "Whether what it is told has a record with the fields of GB/T 47678, as far as they are known",
            zh: "是否附 GB/T 47678 字段"),
        Field(
            Self.departmentCode, .text(form: "1 to 32 letters, digits and hyphens"),
            en: "The department's number at the platform of the city, for the record", zh: "主管部门代码"),
        Field(
            Self.departmentName, .text,
            en: "The department's name there; without it the catalogue's, where it has one", zh: "主管部门名称"),
    ]
}

extension CentreConfiguration.Route.Webhook.Key: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.url, .text(form: "an address that begins with https:// or http://, without user and password"),
            isRequired: true, en: "Where cases are posted to; no redirect is followed", zh: "接收地址"),
        Field(
            Self.secretFile, .path,
            en: "Its first line is the secret by which each post is signed; without it posts are not signed",
            zh: "签名密钥文件"),
        Field(
            Self.caFile, .path, en: "PEM with the certificates that are trusted; the system's without it", zh: "受信任的证书"),
    ]
}

extension CentreConfiguration.Auto.Key: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.acceptConfirmed, .boolean, default: "false",
            en: "A review confirmed at the site accepts the case", zh: "现场核实属实即自动受理"),
        Field(
            Self.closeSelfResolvedAfter, .text(form: CentreConfiguration.Auto.form), default: "10 min",
            en: "After which a case is over whose incidents have gone by themselves before it was sent on",
            zh: "自行消除后多久销案"),
        Field(
            Self.closeCheckedAfter, .text(form: CentreConfiguration.Auto.form), default: "24 h",
            en: "After which a checked case is closed", zh: "核查通过后多久自动结案"),
    ]
}

extension CentreConfiguration.Page.Key: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.listen, .text(form: ConsoleSettings.endpointForm),
            en:
                "Where the page is; off without it. Beyond the loopback only with trusted_proxies, for it speaks no TLS itself",
            zh: "页面的监听地址，不写则关闭"),
        Field(
            Self.hosts, .other(form: "a list of at most 16 host names, with or without :port"),
            en: "Names under which browsers ask for it, besides localhost and the address of listen",
            zh: "允许访问的主机名"),
        Field(
            Self.trustedProxies, .other(form: "a list of at most 16 addresses"),
            en: "Proxies in front of it, whose X-Forwarded-For and X-Forwarded-Proto are believed",
            zh: "受信任的反向代理地址"),
        Field(
            Self.insecure, .boolean, default: "false",
            en:
                "Whether it may listen beyond the loopback without a proxy: passwords then cross the network in the clear",
            zh: "允许无加密监听（不建议）"),
    ]
}
