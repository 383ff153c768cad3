import Analytics
import Delivery
import Domain
import Pipeline
import SiteConfiguration

extension BrokerDialects {
    /// - Parameter catalogue: has the names of kinds.
    init(_ settings: DaemonSettings, catalogue: Catalogue) {
        let cameras = settings.cameras.map { camera in
            DialectSite.Camera(
                identity: camera.identity,
                zones: camera.zones.map { watched in
                    let kinds = watched.rules.kinds.sorted { $0.rawValue < $1.rawValue }
                    return DialectSite.Zone(
                        id: watched.zone.id, name: watched.zone.name,
                        kinds: kinds.map { kind in
                            let name = catalogue[kind]?.name ?? LocalizedName(zh: kind.rawValue, en: kind.rawValue)
                            return DialectSite.Kind(kind, name: name)
                        })
                })
        }
        var site = DialectSite(
            site: settings.site, topics: settings.topics, cameras: cameras, language: settings.language)
        if settings.publishesEvidence, let folder = settings.evidenceFolder {
            site.pictures = DialectSite.Pictures(folder: folder, age: settings.evidenceDays * 86_400)
        }
        self.init(settings.dialects, site: site)
    }
}

extension DialectSettings {
    /// What speaks those that are switched on.
    var made: [any BrokerDialect] {
        var made: [any BrokerDialect] = []
        if homeAssistant.isEnabled {
            made.append(
                HomeAssistantDiscovery(
                    discoveryPrefix: homeAssistant.discoveryPrefix, topicPrefix: homeAssistant.topicPrefix))
        }
        if onvif.isEnabled { made.append(ONVIFDialect(topicPrefix: onvif.topicPrefix)) }
        if frigate.isEnabled { made.append(FrigateDialect(topicPrefix: frigate.topicPrefix)) }
        return made
    }
}

extension DialectSettings.Language {
    var made: DialectSite.Language {
        switch self {
        case .zh: .zh
        case .en: .en
        }
    }
}
