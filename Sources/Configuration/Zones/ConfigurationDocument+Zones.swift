import Analytics
import Domain

extension ZoneDraft {
    /// In the order of the rules.
    static func rank(_ kind: String) -> (Int, String) {
        (Rules.kinds.firstIndex { $0.rawValue == kind } ?? Rules.kinds.count, kind)
    }
}

/// The zones of a camera as a whole.
extension ConfigurationDocument {
    /// As many corners are changed each in its place; of more the whole polygon is written anew.
    private static let mostCorners = 8

    /// The zones of a camera, in the order of the file. Throws where there is no such camera, or one of them cannot be read.
    public func zones(of camera: String) throws(ConfigurationEditFault) -> [ZoneDraft] {
        var zones: [ZoneDraft] = []
        for (index, value) in try items(of: camera).enumerated() {
            zones.append(try ZoneDraft(value, at: index + 1))
        }
        return zones
    }

    private func items(of camera: String) throws(ConfigurationEditFault) -> [ConfigurationValue] {
        switch try value(at: Self.path(camera))["zones"] {
        case .list(let items)?: return items
        case .empty?, nil: return []
        default:
            throw ConfigurationEditFault(.malformed, "the zones of camera \(camera) are no list: mend the file by hand")
        }
    }

    /// Makes these the zones of a camera: known ones, by their ids, are changed in what they say otherwise, new ones come after
    /// them, and the others go. Whatever says the same already is not touched.
    public mutating func setZones(_ drafts: [ZoneDraft], of camera: String) throws(ConfigurationEditFault) {
        let present = try zones(of: camera)
        for draft in drafts {
            if let old = present.first(where: { $0.id == draft.id }) {
                try change(old, to: draft, camera)
            } else {
                try add(draft.value, to: Self.path(camera, "zones"))
            }
        }
        // At the end, so that the list never becomes empty in between.
        for old in present where !drafts.contains(where: { $0.id == old.id }) {
            try remove(Self.path(camera, "zones", old.id))
        }
    }

    /// - Parameter steps: keys and ids below the camera.
    private static func path(_ camera: String, _ steps: String...) throws(ConfigurationEditFault) -> ConfigurationPath {
        try ConfigurationPath("cameras" + ([camera] + steps).map { "[\"\($0)\"]" }.joined())
    }

    private mutating func change(
        _ old: ZoneDraft, to draft: ZoneDraft, _ camera: String
    ) throws(ConfigurationEditFault) {
        let texts = [
            ("name", old.name, draft.name), ("surface", old.surface, draft.surface),
            ("preset", old.preset, draft.preset),
        ]
        for (key, before, after) in texts {
            try change(
                before.map { .text($0) }, to: after.map { .text($0) }, at: Self.path(camera, "zones", old.id, key))
        }
        try change(old.promise, to: draft.promise, at: Self.path(camera, "zones", old.id, "promise"))
        try changePolygon(old, to: draft, camera)
        let kinds = draft.rules.sorted { ZoneDraft.rank($0.key) < ZoneDraft.rank($1.key) }
        for (kind, value) in kinds {
            let place = try Self.path(camera, "zones", old.id, "rules", kind)
            guard let before = old.rules[kind] else {
                try set(place, to: ZoneDraft.rule(value))
                continue
            }
            try change(before, to: value, camera, old.id, kind)
        }
        // After the others, so that the rules never become empty in between.
        for kind in old.rules.keys.sorted() where draft.rules[kind] == nil {
            try remove(Self.path(camera, "zones", old.id, "rules", kind))
        }
    }

    private mutating func change(
        _ old: ConfigurationValue, to new: ConfigurationValue, _ camera: String, _ zone: String, _ kind: String
    ) throws(ConfigurationEditFault) {
        func entries(_ value: ConfigurationValue) -> [ConfigurationValue.Entry]? {
            switch value {
            case .map(let entries): entries
            case .empty: []
            default: nil
            }
        }
        guard let before = entries(old), let after = entries(new) else {
            // A form that the reader refuses, before or after.
            return try change(old, to: new, at: Self.path(camera, "zones", zone, "rules", kind))
        }
        for entry in after {
            try change(old[entry.key], to: entry.value, at: Self.path(camera, "zones", zone, "rules", kind, entry.key))
        }
        for entry in before where new[entry.key] == nil {
            try remove(Self.path(camera, "zones", zone, "rules", kind, entry.key))
        }
    }

    private mutating func change(
        _ old: ConfigurationValue?, to new: ConfigurationValue?, at path: ConfigurationPath
    ) throws(ConfigurationEditFault) {
        let (old, new) = (old ?? .empty, new ?? .empty)
        guard !old.says(new) else { return }
        // What is empty says the same as what is missing.
        if new == .empty { try remove(path) } else { try set(path, to: new) }
    }

    private mutating func changePolygon(
        _ old: ZoneDraft, to draft: ZoneDraft, _ camera: String
    ) throws(ConfigurationEditFault) {
        guard old.polygon != draft.polygon else { return }
        let path = "cameras[\"\(camera)\"].zones[\"\(old.id)\"].polygon"
        let changed = draft.polygon.indices.filter { $0 >= old.polygon.count || old.polygon[$0] != draft.polygon[$0] }
        // Corner by corner, so that what stands beside the others stays as it is.
        if old.polygon.count == draft.polygon.count, changed.count <= Self.mostCorners {
            for index in changed {
                try set(ConfigurationPath("\(path)[\(index + 1)]"), to: ZoneDraft.corner(draft.polygon[index]))
            }
        } else {
            try set(ConfigurationPath(path), to: .list(draft.polygon.map(ZoneDraft.corner)))
        }
    }
}

extension ConfigurationValue {
    /// Whether both say the same: numbers by their value, maps in any order, nothing as what is missing.
    func says(_ other: ConfigurationValue) -> Bool {
        switch (self, other) {
        case (.empty, .empty): return true
        case (.text(let a), .text(let b)):
            guard a != b else { return true }
            guard let x = Form.number(a), let y = Form.number(b) else { return false }
            return x == y
        case (.list(let a), .list(let b)): return a.count == b.count && zip(a, b).allSatisfy { $0.says($1) }
        case (.map(let a), .map(let b)):
            return Set(a.map(\.key) + b.map(\.key)).allSatisfy { (self[$0] ?? .empty).says(other[$0] ?? .empty) }
        case (.map(let entries), .empty), (.empty, .map(let entries)): return entries.isEmpty
        default: return false
        }
    }
}
