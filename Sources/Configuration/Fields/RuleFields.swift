import Analytics
import Domain

/// The rules that a zone can have: the one place where their fields come in.
enum RuleFields {
    static let all: [Field] = Rules.all.flatMap { rule in
        rule.kinds.map { kind in
            Field(kind.rawValue, .section(rule.fields(of: kind)), en: "A rule, with its settings or nothing", zh: "规则")
        }
    }
}
