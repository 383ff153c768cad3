import Domain

extension LocalizedName {
    enum Key: String, CaseIterable { case zh, en }

    /// - Parameter example: shown where one of the two is missing.
    static func read(_ section: Section<Key>, example: LocalizedName) -> LocalizedName {
        LocalizedName(
            zh: section.required(.zh, example: example.zh), en: section.required(.en, example: example.en))
    }
}
