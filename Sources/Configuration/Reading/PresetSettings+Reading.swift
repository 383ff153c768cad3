import Yams

extension PresetSettings {
    enum Key: String, CaseIterable { case id, picture }

    static func read(_ section: Section<Key>) -> PresetSettings {
        PresetSettings(
            id: section.identifier(.id, example: "gate") ?? "",
            picture: section.required(.picture, example: "/etc/gridwarden/presets/gate.jpg"))
    }
}
