import Domain
import Foundation

extension SiteSettings.Key: FieldKey {
    private static let plain = (try? AreaCode("000000000000")).map { SiteSettings(id: "", area: $0) }

    static let fields: [Field] = [
        Field(
            Self.id, .identifier, isRequired: true, needsRestart: true,
            en: "The daemon's id: part of topics and of the source of every message; one daemon, one id",
            zh: "站点编号，不可重复"),
        Field(
            Self.area, .text(form: "an area code of 12 digits"), isRequired: true, needsRestart: true,
            en: "The statistical area code, quoted; the first two digits are those of a province in GB/T 2260",
            zh: "12 位统计用区划代码"),
        Field(
            Self.grid, .code, default: plain?.grid, needsRestart: true,
            en: "The grid within the area; 000 where it is not cut into grids", zh: "网格编号"),
        Field(
            Self.microgrid, .code, default: plain?.microgrid, needsRestart: true,
            en: "The micro-grid; 00 where there is none", zh: "微网格编号"),
        Field(
            Self.timeZone, .text(form: "the IANA name of a time zone"), default: plain?.timeZone.identifier,
            needsRestart: true, en: "The zone of the hours in the rules and of the times in the messages", zh: "时区"),
        Field(
            Self.stateDirectory, .text(form: "the path of a folder"), default: plain?.stateDirectory,
            needsRestart: true,
            en:
                "The database, which outlives every restart, and the socket of gridwarden status, whose path has at most "
                + "107 bytes; one daemon a folder", zh: "数据目录"),
        Field(
            Self.modelsDirectory, .text(form: "the path of a folder"), default: plain?.modelsDirectory,
            needsRestart: true, en: "The networks; in a checkout of the source models/prepared", zh: "模型目录"),
        Field(
            Self.departments, .sections(Routing.Route.Key.fields), default: "[]",
            en: "Who handles what, where it is not the catalogue's department or the department has a number; the most "
                + "specific item wins", zh: "主管部门及其编号"),
        Field(
            Self.kinds, .section(kindFields), default: "{}",
            en: "What else the site has otherwise than the catalogue, by kind", zh: "本地对事项名称、编码、等级、时限的调整"),
    ]

    /// One for each kind of the catalogue.
    private static var kindFields: [Field] {
        ((try? Catalogue.builtIn())?.kinds ?? []).map {
            Field($0.rawValue, .section(KindOverride.Key.fields), en: "What is different of this kind", zh: "该类事项的本地设置")
        }
    }
}

extension Routing.Route.Key: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.kind, .text(form: "a kind, a family such as vending.*, or *"), isRequired: true,
            en: "Of which alerts; a kind goes before a family, and a longer family before a shorter one", zh: "事项类别"),
        Field(
            Self.surface, .choice(Zone.Surface.self),
            en:
                "Only on this; of equals the item with a surface wins. Give one where a kind's department depends on it, as "
                + "with parking.motor", zh: "仅限该地面类型"),
        Field(
            Self.role, .text(form: "a slug such as traffic-police"),
            en: "The department's role, if not the catalogue's",
            zh: "部门角色"),
        Field(
            Self.name, .section(LocalizedName.Key.fields),
            en: "Its name; required where the catalogue does not know the role", zh: "部门名称"),
        Field(Self.id, .text, en: "The department's own number", zh: "部门编号"),
    ]
}

extension LocalizedName.Key: FieldKey {
    static let fields: [Field] = [
        Field(Self.zh, .text, isRequired: true, en: "In Chinese", zh: "中文"),
        Field(Self.en, .text, isRequired: true, en: "In English", zh: "英文"),
    ]
}

extension KindOverride.Key: FieldKey {
    static let fields: [Field] = [
        Field(Self.name, .section(LocalizedName.Key.fields), en: "The kind's name, in both languages", zh: "事项名称"),
        Field(
            Self.codes, .sections(KindOverride.CodeKey.fields),
            en: "In place of the catalogue's; [] sends none. The catalogue's codes of 2026 rest on one third-party "
                + "transcription: check yours", zh: "事项编码"),
        Field(Self.severity, .integer(1...5, unit: ""), en: "1 is the highest", zh: "等级，1 为最高"),
        Field(
            Self.suggestedLimit, .section(LocalizedName.Key.fields),
            en: "Until when it should be handled, in both languages",
            zh: "建议处置时限"),
        Field(
            Self.dwell, .number(1...86400, unit: "seconds"), en: "For the rules that name none", zh: "规则未指定时的默认停留时限"),
        Field(
            Self.privacyProfile, .choice(PrivacyProfile.self),
            en: "With plate the plate of the vehicle in question stays readable", zh: "隐私遮挡方式"),
    ]
}

extension KindOverride.CodeKey: FieldKey {
    static let fields: [Field] = [
        Field(Self.system, .choice(KindCode.System.self), isRequired: true, en: "Whose code it is", zh: "所依据的标准"),
        Field(Self.code, .code, isRequired: true, en: "The code, quoted", zh: "编码"),
    ]
}
