import Domain

extension SiteSettings {
    enum Key: String, CaseIterable {
        case id, area, grid, microgrid
        case timeZone = "time_zone"
        case stateDirectory = "state_directory"
        case modelsDirectory = "models_directory"
        case departments, kinds
    }

    /// `area` stands in for one at fault while the rest of the file is read.
    static func read(_ section: Section<Key>, area: AreaCode, catalogue: Catalogue) -> SiteSettings {
        let id = section.identifier(.id, example: "320583102-003-edge01")
        if section.node(.area) == nil { section.reportMissing(.area, example: "320583102201") }
        var site = SiteSettings(id: id ?? "", area: section.areaCode(.area) ?? area)
        site.grid = section.code(.grid) ?? site.grid
        site.microgrid = section.code(.microgrid) ?? site.microgrid
        site.timeZone = section.timeZone(.timeZone) ?? site.timeZone
        site.stateDirectory = section.text(.stateDirectory) ?? site.stateDirectory
        site.modelsDirectory = section.text(.modelsDirectory) ?? site.modelsDirectory
        site.kinds = KindOverride.read(section, catalogue: catalogue)
        site.departments = Routing.read(section, catalogue: catalogue)
        return site
    }
}
