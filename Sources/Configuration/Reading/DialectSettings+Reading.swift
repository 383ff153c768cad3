import Yams

extension DialectSettings {
    enum Key: String, CaseIterable {
        case language
        case homeAssistant = "home_assistant"
        case onvif, frigate
    }

    /// - Parameter root: the native topics are below it, and nothing else.
    static func read(_ section: Section<Key>, site: String, root: String) -> DialectSettings {
        var dialects = DialectSettings(site: site)
        dialects.language = section.choice(.language) ?? dialects.language
        func place(_ key: Key) -> String { "\(section.place), \(key.rawValue)" }
        if let inner: Section<HomeAssistant.Key> = section.section(.homeAssistant, place: place(.homeAssistant)) {
            dialects.homeAssistant.isEnabled = inner.boolean(.enabled) ?? dialects.homeAssistant.isEnabled
            dialects.homeAssistant.discoveryPrefix =
                prefix(.discoveryPrefix, inner, root) ?? dialects.homeAssistant.discoveryPrefix
            dialects.homeAssistant.topicPrefix = prefix(.topicPrefix, inner, root) ?? dialects.homeAssistant.topicPrefix
        }
        if let inner: Section<ONVIF.Key> = section.section(.onvif, place: place(.onvif)) {
            dialects.onvif.isEnabled = inner.boolean(.enabled) ?? dialects.onvif.isEnabled
            dialects.onvif.topicPrefix = prefix(.topicPrefix, inner, root) ?? dialects.onvif.topicPrefix
        }
        if let inner: Section<Frigate.Key> = section.section(.frigate, place: place(.frigate)) {
            dialects.frigate.isEnabled = inner.boolean(.enabled) ?? dialects.frigate.isEnabled
            dialects.frigate.topicPrefix = prefix(.topicPrefix, inner, root) ?? dialects.frigate.topicPrefix
        }
        return dialects
    }

    static let form = "levels such as home/garden, without +, # and spaces"

    private static func prefix<Key>(_ key: Key, _ section: Section<Key>, _ root: String) -> String? {
        guard let prefix = section.text(key, form: form, BrokerSettings.isTopic) else { return nil }
        guard "\(prefix)/".hasPrefix("\(root)/") || "\(root)/".hasPrefix("\(prefix)/") else { return prefix }
        section.report("\(key.rawValue) must lie beside broker.topic_root (\(root)), neither below nor above it", key)
        return nil
    }
}

extension DialectSettings.HomeAssistant {
    enum Key: String, CaseIterable {
        case enabled
        case discoveryPrefix = "discovery_prefix"
        case topicPrefix = "topic_prefix"
    }
}

extension DialectSettings.ONVIF {
    enum Key: String, CaseIterable {
        case enabled
        case topicPrefix = "topic_prefix"
    }
}

extension DialectSettings.Frigate {
    enum Key: String, CaseIterable {
        case enabled
        case topicPrefix = "topic_prefix"
    }
}
