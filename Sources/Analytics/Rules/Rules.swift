public import Domain

/// All rules. A new one is a file with its descriptor, a line here, and a row in the catalogue.
public enum Rules {
    /// In the order in which they judge a look.
    public static let all: [RuleDescriptor] = [
        .illegalParking,
        .fireLane,
        .leftObject,
        .suspectedVending,
        .smoke,
        .waterColour,
        .crowd,
    ]

    /// All kinds that can be watched for.
    public static let kinds = all.flatMap(\.kinds)

    private static let byKind = Dictionary(
        all.flatMap { rule in rule.kinds.map { ($0, rule) } }, uniquingKeysWith: { first, _ in first })

    /// Nil for a kind that no rule finds.
    public static subscript(kind: AlertKind) -> RuleDescriptor? { byKind[kind] }
}
