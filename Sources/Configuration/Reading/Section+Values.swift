import Domain
import Foundation
import Yams

/// Values of a section. Each is nil where the key is missing or its value is faulty, which is then reported.
extension Section {
    /// Any scalar in the spelling of the file: `007` and `19:30` remain unchanged.
    func raw(_ key: Key, as what: String = "one text") -> String? {
        guard let value = node(key) else { return nil }
        guard let scalar = value.scalar else {
            report("\(key.rawValue) must be \(what), not a list or a map", key)
            return nil
        }
        return scalar.string
    }

    /// One line for people.
    func text(_ key: Key) -> String? {
        guard let text = raw(key) else { return nil }
        guard !text.isEmpty, text.count <= 256, !text.contains(where: \.isNewline) else {
            report("\(key.rawValue) must be one line of 1 to 256 characters", key)
            return nil
        }
        return text
    }

    func required(_ key: Key, example: String) -> String {
        if node(key) == nil { reportMissing(key, example: example) }
        return text(key) ?? ""
    }

    /// A text for which `isValid` is true; `form` describes those.
    func text(_ key: Key, form: String, _ isValid: (String) -> Bool) -> String? {
        guard let text = raw(key) else { return nil }
        if isValid(text) { return text }
        report("\(key.rawValue) must be \(form), not \(Wording.quoted(text))", key)
        return nil
    }

    func identifier(_ key: Key, example: String) -> String? {
        if node(key) == nil { reportMissing(key, example: example) }
        return text(key, form: "1 to 64 lower-case letters, digits and hyphens", Form.isIdentifier)
    }

    func code(_ key: Key) -> String? {
        text(key, form: "1 to 32 letters, digits and hyphens", Form.isCode)
    }

    func areaCode(_ key: Key) -> AreaCode? {
        let form = "a 12-digit area code, e.g. 320583102201"
        guard let code = text(key, form: form, { Form.isDigits($0, count: 12) }).flatMap({ try? AreaCode($0) }) else {
            return nil
        }
        if !code.hasKnownProvince {
            report(
                "\(key.rawValue) begins with \(code.province), which no province of GB/T 2260 has: check its digits",
                key)
        }
        return code
    }

    func number(_ key: Key, _ range: ClosedRange<Double>, _ unit: String) -> Double? {
        let bounds = "\(Wording.number(range.lowerBound)) to \(Wording.number(range.upperBound))"
        let form = "a number\(unit.isEmpty ? "" : " of \(unit)") from \(bounds)"
        return text(key, form: form) { Form.number($0).map(range.contains) ?? false }.flatMap(Form.number)
    }

    func integer(_ key: Key, _ range: ClosedRange<Int>, _ unit: String = "") -> Int? {
        let form = "a whole number\(unit.isEmpty ? "" : " of \(unit)") from \(range.lowerBound) to \(range.upperBound)"
        return text(key, form: form) { Int($0).map(range.contains) ?? false }.flatMap { Int($0) }
    }

    func boolean(_ key: Key) -> Bool? {
        text(key, form: "true or false") { $0 == "true" || $0 == "false" }.map { $0 == "true" }
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: Key, _ type: Choice.Type = Choice.self
    ) -> Choice? where Choice.RawValue == String {
        let names = Wording.list(Choice.allCases.map(\.rawValue))
        return text(key, form: "one of \(names)") { Choice(rawValue: $0) != nil }.flatMap(Choice.init(rawValue:))
    }

    func timeZone(_ key: Key) -> TimeZone? {
        let form = "the IANA name of a time zone (China: Asia/Shanghai)"
        return text(key, form: form) { Form.timeZone($0) != nil }.flatMap(Form.timeZone)
    }
}
