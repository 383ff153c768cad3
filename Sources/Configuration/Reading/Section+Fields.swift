import Domain
import Foundation
import Yams

/// The key of a `Field`.
struct FieldName: RawRepresentable, Hashable {
    let rawValue: String

    init(rawValue: String) { self.rawValue = rawValue }
    init(_ field: Field) { rawValue = field.key }
}

/// Reading by fields: each key's form is defined by its `Field`.
extension Section<FieldName> {
    /// Nil where `node` is no map.
    init?(_ node: Node, fields: [Field], place: String, at position: Position, _ log: FaultLog) {
        self.init(node, keys: fields.map { FieldName($0) }, place: place, at: position, log)
    }

    /// The values of these fields in the file, by key. Missing and faulty ones are left out; faults are reported.
    func values(of fields: [Field]) -> [String: FieldValue] {
        var values: [String: FieldValue] = [:]
        for field in fields { values[field.key] = value(of: field) }
        return values
    }

    /// Nil where the key is missing or its value is faulty, which is then reported.
    func value(of field: Field) -> FieldValue? {
        let key = FieldName(field)
        guard node(key) != nil else {
            if field.isRequired { reportMissing(key, example: field.example ?? "…") }
            return nil
        }
        switch field.form {
        case .number(let range, let unit): return number(key, range, unit).map(FieldValue.number)
        case .integer(let range, let unit): return integer(key, range, unit).map(FieldValue.integer)
        case .boolean: return boolean(key).map(FieldValue.boolean)
        case .choice(let names):
            return text(key, form: "one of \(Wording.list(names))", names.contains).map(FieldValue.text)
        case .choices(let names): return choices(field, names).map(FieldValue.choices)
        case .text: return text(key).map(FieldValue.text)
        case .windows: return .windows(TimeWindows.Window.list(self, key))
        case .date:
            return text(key, form: "a date YYYY-MM-DD, \(field.what.en)") { Form.day($0) != nil }.flatMap(Form.day)
                .map(FieldValue.date)
        case .dates: return dates(key).map(FieldValue.dates)
        case .timeZone: return timeZone(key).map(FieldValue.timeZone)
        case .polygon: return .polygon(PolygonReader(self, key).polygon)
        case .section(let fields):
            let inner = node(key).flatMap {
                Section(
                    $0, fields: fields, place: "\(place), \(field.key)", at: position(of: key) ?? position, log)
            }
            return (inner?.values(of: fields)).map(FieldValue.section)
        case .sections(let fields): return sections(field, fields).map(FieldValue.sections)
        case .other: return nil
        }
    }

    private func choices(_ field: Field, _ names: [String]) -> [String]? {
        let (noun, all) = (field.noun ?? field.key, Wording.list(names))
        guard let nodes = list(FieldName(field), of: Wording.plural(noun)) else { return nil }
        if nodes.isEmpty { report("\(field.key) is empty: name at least one of \(all)", FieldName(field)) }
        return nodes.compactMap { node in
            if let name = node.scalar?.string, names.contains(name) { return name }
            let given = Wording.quoted(node.scalar?.string ?? "")
            log.report("\(place): there is no \(noun) \(given): use \(all)", at: Position(node))
            return nil
        }
    }

    private func dates(_ key: FieldName) -> Set<TimeWindows.Day>? {
        guard let nodes = list(key, of: "dates, e.g. [2026-10-01]") else { return nil }
        return Set(
            nodes.compactMap { node in
                if let day = node.scalar.flatMap({ Form.day($0.string) }) { return day }
                log.report(
                    "\(place): there is no date \(Wording.quoted(node.scalar?.string ?? "")): "
                        + "write dates as YYYY-MM-DD", at: Position(node))
                return nil
            })
    }

    private func sections(_ field: Field, _ fields: [Field]) -> [[String: FieldValue]]? {
        let noun = field.noun ?? field.key
        let what = "\(Wording.plural(noun)) {\(Wording.list(fields.map(\.key)))}"
        return list(FieldName(field), of: what)?.enumerated().compactMap { index, node in
            let place = "\(self.place), \(noun) no. \(index + 1)"
            return Section(node, fields: fields, place: place, at: Position(node), log)?.values(of: fields)
        }
    }
}
