import Analytics
public import Domain

/// What is wrong with a zone that somebody draws, in both languages. What it does not know the reader of the file tells.
public struct ZoneFault: Sendable, Hashable {
    /// Its id.
    public let zone: String
    /// `polygon`, `name`, `rules`, or a kind and its key with a dot between them.
    public let key: String
    /// For programs, e.g. `zone_crosses`.
    public let name: String
    public let words: LocalizedName
}

extension ZoneFault {
    /// The least area of a zone that is drawn, as a share of the picture: a square of 2 % of its sides. The file may have less.
    public static let leastArea = 0.0005
    private static let mostCorners = 100

    /// The faults of those zones that say something else than in the file; the file itself may say what an editor does not offer.
    public static func all(in drafts: [ZoneDraft], of present: [ZoneDraft]) -> [ZoneFault] {
        guard !drafts.isEmpty else {
            return [
                ZoneFault(
                    zone: "", key: "zones", name: "zones_empty",
                    words: .init(
                        zh: "摄像机至少要有一个区域；不再需要时请移除摄像机。",
                        en: "A camera has at least one zone: remove the camera where it needs none."))
            ]
        }
        var faults: [ZoneFault] = []
        for (index, draft) in drafts.enumerated() {
            if drafts[..<index].contains(where: { $0.id == draft.id }) {
                faults.append(
                    ZoneFault(
                        zone: draft.id, key: "id", name: "zone_twice",
                        words: .init(zh: "有两个区域的编号都是“\(draft.id)”。", en: "Two zones have the id “\(draft.id)”.")))
            }
            let old = present.first { $0.id == draft.id }
            guard old != draft else { continue }
            let maker = Maker(zone: draft.id)
            if old?.polygon != draft.polygon { faults += maker.polygon(draft) }
            if old?.name != draft.name { faults += maker.name(draft) }
            faults += maker.rules(draft, since: old)
        }
        return faults
    }

    private struct Maker {
        let zone: String

        func fault(_ key: String, _ name: String, zh: String, en: String) -> ZoneFault {
            ZoneFault(zone: zone, key: key, name: name, words: .init(zh: zh, en: en))
        }

        func polygon(_ draft: ZoneDraft) -> [ZoneFault] {
            let corners = draft.polygon
            guard (3...ZoneFault.mostCorners).contains(corners.count) else {
                return corners.count < 3
                    ? [fault("polygon", "zone_few", zh: "区域至少要三个角点。", en: "A zone needs at least three corners.")]
                    : [
                        fault(
                            "polygon", "zone_many", zh: "区域最多 \(ZoneFault.mostCorners) 个角点。",
                            en: "A zone has at most \(ZoneFault.mostCorners) corners.")
                    ]
            }
            guard let outline = draft.outline, corners.allSatisfy({ $0.allSatisfy((0...1).contains) }) else {
                return [
                    fault(
                        "polygon", "zone_outside", zh: "角点必须在画面之内。", en: "All corners must lie within the picture.")
                ]
            }
            for (index, corner) in corners.enumerated() where corner == corners[(index + 1) % corners.count] {
                let next = (index + 1) % corners.count + 1
                return [
                    fault(
                        "polygon", "zone_repeats", zh: "角点 \(index + 1) 与角点 \(next) 重合；请移开或删去一个。",
                        en: "Corner \(index + 1) lies on corner \(next): move or remove one.")
                ]
            }
            if let (first, second) = outline.crossing {
                return [
                    fault(
                        "polygon", "zone_crosses", zh: "第 \(first + 1) 条边与第 \(second + 1) 条边相交；请把角点按顺序排列。",
                        en: "Side \(first + 1) crosses side \(second + 1): put the corners in their order.")
                ]
            }
            guard outline.area < ZoneFault.leastArea else { return [] }
            return [
                fault(
                    "polygon", "zone_tiny", zh: "区域太小，看不清的地方不作判断。",
                    en: "The zone is too small: what is seen badly is not judged.")
            ]
        }

        func name(_ draft: ZoneDraft) -> [ZoneFault] {
            guard let name = draft.name, !name.allSatisfy(\.isWhitespace) else {
                return [fault("name", "zone_name", zh: "请填写名称。", en: "Give the zone a name.")]
            }
            guard name.count > 256 || name.contains(where: \.isNewline) else { return [] }
            return [
                fault("name", "zone_name", zh: "名称为一行，最多 256 个字符。", en: "A name is one line of at most 256 characters.")
            ]
        }

        func rules(_ draft: ZoneDraft, since old: ZoneDraft?) -> [ZoneFault] {
            guard !draft.rules.isEmpty else {
                return [fault("rules", "zone_rules", zh: "请至少选择一条规则。", en: "Choose at least one rule.")]
            }
            return draft.rules.keys.sorted().flatMap { kind -> [ZoneFault] in
                let kindName = AlertKind(rawValue: kind)
                guard let rule = Rules[kindName] else {
                    return [fault("rules", "zone_kind", zh: "没有“\(kind)”这种规则。", en: "There is no rule “\(kind)”.")]
                }
                let isNew = old?.rules[kind] == nil || old?.surface != draft.surface
                if isNew, let needed = rule.surface, draft.surface != needed.rawValue {
                    return [
                        fault(
                            "surface", "zone_surface", zh: "此规则只用于“\(needed.rawValue)”地面。",
                            en: "This rule is for the ground “\(needed.rawValue)” only.")
                    ]
                }
                return rule.fields(of: kindName).compactMap { field in
                    guard let value = draft.rules[kind]?[field.key], value != .empty,
                        !(old?.rules[kind]?[field.key] ?? .empty).says(value)
                    else { return nil }
                    return fault(of: value, field, kind)
                }
            }
        }

        private func fault(of value: ConfigurationValue, _ field: Field, _ kind: String) -> ZoneFault? {
            let key = "\(kind).\(field.key)"
            switch field.form {
            case .number(let range, let unit):
                if case .text(let text) = value, let number = Form.number(text), range.contains(number) { return nil }
                return outOfRange(
                    field, key, "\(Field.spelled(range.lowerBound))", "\(Field.spelled(range.upperBound))", unit)
            case .integer(let range, let unit):
                if case .text(let text) = value, let number = Int(text), range.contains(number) { return nil }
                return outOfRange(field, key, "\(range.lowerBound)", "\(range.upperBound)", unit)
            case .choices:
                guard value == .list([]) else { return nil }
                return fault(
                    key, "zone_choice", zh: "“\(field.what.zh)”至少选一项。", en: "“\(field.key)”: choose at least one.")
            case .windows: return windows(value, key)
            default: return nil
            }
        }

        private func outOfRange(_ field: Field, _ key: String, _ least: String, _ most: String, _ unit: String)
            -> ZoneFault
        {
            let seconds = unit == "seconds"
            return fault(
                key, "zone_range", zh: "“\(field.what.zh)”应为 \(least) 到 \(most)\(seconds ? " 秒" : "")。",
                en: "“\(field.key)” is \(least) to \(most)\(unit.isEmpty ? "" : " \(unit)").")
        }

        private func windows(_ value: ConfigurationValue, _ key: String) -> ZoneFault? {
            guard case .list(let items) = value else { return nil }
            for item in items {
                func minutes(_ key: String) -> Int? {
                    if case .text(let text)? = item[key] { Form.minutes(text) } else { nil }
                }
                guard let from = minutes("from"), let to = minutes("to"), from != to, from < 1440 else {
                    return fault(
                        key, "zone_window", zh: "时段的起止时间不完整或相同；全天为 00:00 至 24:00。",
                        en: "A time window lacks its hours, or they are equal: the whole day is 00:00 to 24:00.")
                }
                if item["days"] == .list([]) {
                    return fault(key, "zone_window", zh: "时段至少要有一天。", en: "A time window has at least one day.")
                }
            }
            return nil
        }
    }
}
