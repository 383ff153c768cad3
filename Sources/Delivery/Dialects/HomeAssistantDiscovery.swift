import Contract
import Domain
import Foundation

/// Home Assistant's MQTT discovery: each camera is a device with its connectivity, its problem and its newest masked picture, and
/// each kind in each of its zones is a binary sensor and a counter. States of cameras, and what is available, are read from the
/// native topics by template; of the rules this publishes states of its own.
/// https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
///
/// Written for Home Assistant 2024.3.3. `default_entity_id` is what 2025.10 and later read in place of `object_id`.
public struct HomeAssistantDiscovery: BrokerDialect {
    public static let discoveryPrefix = "homeassistant"
    public static let topicPrefix = "gridwarden"

    /// Below which Home Assistant looks for entities.
    public var discoveryPrefix: String
    /// Below which the states of rules and the pictures are.
    public var topicPrefix: String

    public init(discoveryPrefix: String = Self.discoveryPrefix, topicPrefix: String = Self.topicPrefix) {
        self.discoveryPrefix = discoveryPrefix
        self.topicPrefix = topicPrefix
    }

    public var name: String { "home_assistant" }

    public func standing(_ site: DialectSite, _ book: DialectBook) -> [DialectMessage] {
        let all = [connectivity(of: site)] + site.cameras.flatMap { entities(of: $0, site) }
        let states = site.rules.map { state(book.state(of: $0), site) }
        return all.map { entity in
            DialectMessage(topic: entity.topic(below: discoveryPrefix, site), json: entity, isRetained: true)
        } + states
    }

    public func messages(_ change: IncidentChange, _ site: DialectSite) -> [DialectMessage] {
        let picture = change.event.newestPicture.map { picture in
            DialectMessage(
                topic: pictureTopic(change.rule.rule.camera, site), .picture(picture), isRetained: true)
        }
        return [state(change.rule, site)] + [picture].compactMap(\.self)
    }

    public func keeps(_ topic: String, _ site: DialectSite) -> Bool {
        site.pictures != nil && site.cameras.contains { pictureTopic($0.identity.id, site) == topic }
    }

    // MARK: States

    private func stateTopic(_ rule: DialectBook.Rule, _ site: DialectSite) -> String {
        "\(topicPrefix)/\(site.site.id)/\(rule.camera)/\(rule.zone)/\(rule.kindLevel)"
    }

    private func pictureTopic(_ camera: String, _ site: DialectSite) -> String {
        "\(topicPrefix)/\(site.site.id)/\(camera)/picture"
    }

    /// Wire keys: more may come, none goes. All of them are attributes of the binary sensor.
    private struct State: Encodable {
        let kind: String
        /// How many incidents are open, and their ids, the oldest first.
        let open: Int
        let incidents: [String]
        /// How many there have been since the dialect was switched on.
        let opened: Int
        /// Of the one that is open for the longest.
        let since: String?
        /// 1 is the highest; the highest of those that are open.
        let severity: Int?
        /// Of the one that began last.
        let review: String?
        let object: String?
        let changed: String?
    }

    private func state(_ rule: RuleState, _ site: DialectSite) -> DialectMessage {
        DialectMessage(
            topic: stateTopic(rule.rule, site),
            json: State(
                kind: rule.rule.kind, open: rule.open.count, incidents: rule.open.map(\.subject), opened: rule.opened,
                since: rule.open.first?.data.observed.firstSeen, severity: rule.open.map(\.data.severity).min(),
                review: rule.open.last?.data.incident.review, object: rule.open.last?.data.object.class,
                changed: rule.changed), isRetained: true)
    }

    // MARK: Entities

    /// A value that is not JSON, as an emptied topic has it, says nothing.
    private static func template(_ condition: String, _ yes: String, _ no: String) -> String {
        "{{ '\(yes)' if value_json is defined and \(condition) else '\(no)' }}"
    }

    private static func whenSite(_ site: DialectSite) -> HomeAssistantEntity.Availability {
        .init(
            topic: site.topics.site(site.site.place, id: site.site.id),
            valueTemplate: template("value_json.state == 'online'", "online", "offline"))
    }

    /// - Parameter isSeeing: also its pictures must be usable: otherwise no rule is judged.
    private static func whenCamera(
        _ camera: DialectSite.Camera, _ site: DialectSite, isSeeing: Bool
    ) -> HomeAssistantEntity.Availability {
        .init(
            topic: site.topics.camera(camera.identity.place, id: camera.identity.id),
            valueTemplate: template(
                isSeeing ? "not value_json.zones_resting" : "value_json.state != 'offline'", "online", "offline"))
    }

    private func device(of site: DialectSite) -> HomeAssistantEntity.Device {
        .init(
            identifiers: ["gridwarden_\(site.site.id)"], name: "Gridwarden \(site.site.id)",
            model: site.text(zh: "站点", en: "Site"), softwareVersion: site.site.software, viaDevice: nil)
    }

    private func connectivity(of site: DialectSite) -> HomeAssistantEntity {
        let topic = site.topics.site(site.site.place, id: site.site.id)
        var entity = HomeAssistantEntity(
            .binarySensor, "connectivity", name: site.text(zh: "连接", en: "Connectivity"), device: device(of: site),
            site)
        entity.deviceClass = "connectivity"
        entity.category = "diagnostic"
        entity.stateTopic = topic
        entity.valueTemplate = Self.template("value_json.state == 'online'", "ON", "OFF")
        // A site whose reports stop is lost, whatever its last one says.
        entity.expiresAfter = Int(SiteReport.period + SiteReport.grace)
        return entity
    }

    private func entities(of camera: DialectSite.Camera, _ site: DialectSite) -> [HomeAssistantEntity] {
        let id = camera.identity.id
        let topic = site.topics.camera(camera.identity.place, id: id)
        let device = HomeAssistantEntity.Device(
            identifiers: ["gridwarden_\(site.site.id)_\(id)"], name: camera.name,
            model: site.text(zh: "摄像机", en: "Camera"), softwareVersion: nil,
            viaDevice: "gridwarden_\(site.site.id)")
        let attributes = """
            {{ dict(value_json | default({}) | items | selectattr(0, 'in', \
            ['state', 'fault', 'since', 'reason', 'warning', 'preset'])) | tojson }}
            """

        var connectivity = HomeAssistantEntity(
            .binarySensor, "\(id)_connectivity", name: site.text(zh: "连接", en: "Connectivity"), device: device, site)
        connectivity.deviceClass = "connectivity"
        connectivity.category = "diagnostic"
        connectivity.availability = [Self.whenSite(site)]
        connectivity.stateTopic = topic
        connectivity.valueTemplate = Self.template("value_json.state != 'offline'", "ON", "OFF")
        connectivity.attributesTopic = topic
        connectivity.attributesTemplate = attributes

        var problem = HomeAssistantEntity(
            .binarySensor, "\(id)_problem", name: site.text(zh: "画面异常", en: "Picture"), device: device, site)
        problem.deviceClass = "problem"
        problem.category = "diagnostic"
        problem.availability = [Self.whenSite(site), Self.whenCamera(camera, site, isSeeing: false)]
        problem.stateTopic = topic
        problem.valueTemplate = Self.template("value_json.state in ['frozen', 'blind', 'moved']", "ON", "OFF")
        problem.attributesTopic = topic
        problem.attributesTemplate = attributes

        var picture = HomeAssistantEntity(
            .image, "\(id)_picture", name: site.text(zh: "最新证据图片", en: "Newest evidence"), device: device, site)
        picture.availability = [Self.whenSite(site)]
        picture.imageTopic = pictureTopic(id, site)
        picture.contentType = "image/jpeg"

        let rules = camera.zones.flatMap { zone in
            zone.kinds.flatMap { kind -> [HomeAssistantEntity] in
                let rule = DialectBook.Rule(camera: id, zone: zone.id, kind: kind.kind.rawValue)
                let name = "\(zone.shown) \(site.text(kind.name))"
                let key = "\(id)_\(zone.id)_\(rule.kindLevel)"
                let availability = [Self.whenSite(site), Self.whenCamera(camera, site, isSeeing: true)]

                var present = HomeAssistantEntity(.binarySensor, key, name: name, device: device, site)
                present.deviceClass = "problem"
                present.availability = availability
                present.stateTopic = stateTopic(rule, site)
                present.valueTemplate = Self.template("value_json.open > 0", "ON", "OFF")
                present.attributesTopic = present.stateTopic
                // The state goes before the entity does, and Home Assistant warns of attributes that are no JSON.
                present.attributesTemplate = "{{ value_json | default({}) | tojson }}"

                var counter = HomeAssistantEntity(
                    .sensor, key + "_opened", name: name + site.text(zh: " 次数", en: " count"), device: device, site)
                counter.stateClass = "total_increasing"
                counter.availability = availability
                counter.stateTopic = stateTopic(rule, site)
                counter.valueTemplate = "{{ value_json.opened if value_json is defined else none }}"
                counter.icon = "mdi:counter"
                return [present, counter]
            }
        }
        return [connectivity, problem] + (site.pictures == nil ? [] : [picture]) + rules
    }
}

/// The configuration of one entity. Wire keys are Home Assistant's; those that are nil are left out.
struct HomeAssistantEntity: Encodable {
    enum Component: String {
        case sensor, image
        case binarySensor = "binary_sensor"
    }

    struct Availability: Encodable {
        let topic: String
        let valueTemplate: String
        let payloadAvailable = "online"
        let payloadNotAvailable = "offline"

        private enum CodingKeys: String, CodingKey {
            case topic
            case valueTemplate = "value_template"
            case payloadAvailable = "payload_available"
            case payloadNotAvailable = "payload_not_available"
        }
    }

    struct Device: Encodable {
        let identifiers: [String]
        let name: String
        let manufacturer = "Gridwarden"
        let model: String
        let softwareVersion: String?
        let viaDevice: String?

        private enum CodingKeys: String, CodingKey {
            case identifiers, name, manufacturer, model
            case softwareVersion = "sw_version"
            case viaDevice = "via_device"
        }
    }

    private struct Origin: Encodable {
        let name = "Gridwarden"
        let softwareVersion: String

        private enum CodingKeys: String, CodingKey {
            case name
            case softwareVersion = "sw_version"
        }
    }

    private let component: Component
    /// Among those of its component and site.
    private let key: String

    private let name: String
    private let uniqueID: String
    private let objectID: String
    private let defaultEntityID: String
    private let device: Device
    private let origin: Origin
    private let qos = 1
    var availability: [Availability]?
    private var availabilityMode: String? { availability == nil ? nil : "all" }
    var category: String?
    var deviceClass: String?
    var stateClass: String?
    var icon: String?
    var stateTopic: String?
    var valueTemplate: String?
    var attributesTopic: String?
    var attributesTemplate: String?
    /// Seconds.
    var expiresAfter: Int?
    var imageTopic: String?
    var contentType: String?

    /// - Parameter key: of letters, digits, hyphens and underscores; differs from all others of the site and the component.
    init(_ component: Component, _ key: String, name: String, device: Device, _ site: DialectSite) {
        self.component = component
        self.key = key
        self.name = name
        self.device = device
        origin = Origin(softwareVersion: site.site.software)
        uniqueID = "gridwarden_\(site.site.id)_\(key)"
        objectID = uniqueID.replacing("-", with: "_")
        defaultEntityID = "\(component.rawValue).\(objectID)"
    }

    /// A level may hold letters, digits, hyphens and underscores only.
    func topic(below prefix: String, _ site: DialectSite) -> String {
        "\(prefix)/\(component.rawValue)/gridwarden_\(site.site.id)/\(key)/config"
    }

    private enum CodingKeys: String, CodingKey {
        case name, device, origin, qos, availability, icon
        case uniqueID = "unique_id"
        case objectID = "object_id"
        case defaultEntityID = "default_entity_id"
        case availabilityMode = "availability_mode"
        case category = "entity_category"
        case deviceClass = "device_class"
        case stateClass = "state_class"
        case stateTopic = "state_topic"
        case valueTemplate = "value_template"
        case attributesTopic = "json_attributes_topic"
        case attributesTemplate = "json_attributes_template"
        case expiresAfter = "expire_after"
        case imageTopic = "image_topic"
        case contentType = "content_type"
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(name, forKey: .name)
        try values.encode(uniqueID, forKey: .uniqueID)
        try values.encode(objectID, forKey: .objectID)
        try values.encode(defaultEntityID, forKey: .defaultEntityID)
        try values.encode(device, forKey: .device)
        try values.encode(origin, forKey: .origin)
        try values.encode(qos, forKey: .qos)
        try values.encodeIfPresent(availability, forKey: .availability)
        try values.encodeIfPresent(availabilityMode, forKey: .availabilityMode)
        try values.encodeIfPresent(category, forKey: .category)
        try values.encodeIfPresent(deviceClass, forKey: .deviceClass)
        try values.encodeIfPresent(stateClass, forKey: .stateClass)
        try values.encodeIfPresent(icon, forKey: .icon)
        try values.encodeIfPresent(stateTopic, forKey: .stateTopic)
        try values.encodeIfPresent(valueTemplate, forKey: .valueTemplate)
        try values.encodeIfPresent(attributesTopic, forKey: .attributesTopic)
        try values.encodeIfPresent(attributesTemplate, forKey: .attributesTemplate)
        try values.encodeIfPresent(expiresAfter, forKey: .expiresAfter)
        try values.encodeIfPresent(imageTopic, forKey: .imageTopic)
        try values.encodeIfPresent(contentType, forKey: .contentType)
    }
}
