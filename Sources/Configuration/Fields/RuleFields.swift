import Analytics

/// The rules that a zone can have: the one place where their fields come in.
enum RuleFields {
    static let all: [Field] = ZoneRules.Key.allCases.map {
        Field(
            $0.rawValue, .other(form: "a map of the rule's settings, or nothing"), en: "A rule; its keys are below",
            zh: "规则")
    }
}
