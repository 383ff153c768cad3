import Domain

extension CameraSettings {
    enum Key: String, CaseIterable {
        case id, name, url
        case credentialsFile = "credentials_file"
        case caFile = "ca_file"
        case transport, purpose
        case signageConfirmed = "signage_confirmed"
        case gb28181, longitude, latitude, area, grid, microgrid, decode, aspect
        case largestPicture = "largest_picture"
        case lookEvery = "look_every"
        case openTimeout = "open_timeout"
        case readTimeout = "read_timeout"
        case presets, zones
    }

    static func read(_ section: Section<Key>, site: SiteSettings, catalogue: Catalogue) -> CameraSettings {
        var camera = CameraSettings(
            id: section.identifier(.id, example: "cam-01") ?? "", url: url(section),
            purpose: section.required(.purpose, example: "illegal parking at the market gate"), site: site, zones: [])
        camera.name = section.text(.name) ?? camera.id
        camera.credentialsFile = section.text(.credentialsFile)
        camera.caFile = section.text(.caFile)
        camera.transport = section.choice(.transport) ?? camera.transport
        camera.gb28181 = section.text(.gb28181, form: "a GB/T 28181 id of 20 digits") { Form.isDigits($0, count: 20) }
        camera.area = section.areaCode(.area) ?? camera.area
        camera.grid = section.code(.grid) ?? camera.grid
        camera.microgrid = section.code(.microgrid) ?? camera.microgrid
        camera.decode = section.choice(.decode) ?? camera.decode
        camera.aspect = section.text(.aspect, form: "the width by the height of its picture, e.g. 16:9") {
            Aspect($0) != nil
        }.flatMap { Aspect($0) }
        camera.largestPicture = section.number(.largestPicture) ?? camera.largestPicture
        camera.lookEvery = section.number(.lookEvery) ?? camera.lookEvery
        camera.openTimeout = section.number(.openTimeout) ?? camera.openTimeout
        camera.readTimeout = section.number(.readTimeout) ?? camera.readTimeout
        requireSignage(section)
        readLocation(section, into: &camera)
        camera.presets = presets(section)
        camera.zones = zones(section, camera: camera, site: site, catalogue: catalogue)
        return camera
    }

    /// No fault quotes the address: it may hold a password.
    private static func url(_ section: Section<Key>) -> String {
        if section.node(.url) == nil { section.reportMissing(.url, example: "rtsp://192.168.1.64/stream1") }
        guard let url = section.raw(.url) else { return "" }
        if let fault = Form.streamFault(url) { section.report("url \(fault)", .url) }
        return url
    }

    private static func requireSignage(_ section: Section<Key>) {
        guard section.node(.signageConfirmed) == nil || section.boolean(.signageConfirmed) == false else { return }
        section.report("confirm that signage stands (signage_confirmed: true), or remove it", .signageConfirmed)
    }

    private static func readLocation(_ section: Section<Key>, into camera: inout CameraSettings) {
        camera.longitude = section.number(.longitude)
        camera.latitude = section.number(.latitude)
        switch (section.node(.longitude) == nil, section.node(.latitude) == nil) {
        case (true, false): section.report("latitude needs a longitude: add it, or remove latitude", .latitude)
        case (false, true): section.report("longitude needs a latitude: add it, or remove longitude", .longitude)
        default: break
        }
    }

    private static func presets(_ section: Section<Key>) -> [PresetSettings] {
        guard let nodes = section.list(.presets, of: "presets") else { return [] }
        var ids = UniqueIDs("preset")
        return nodes.enumerated().compactMap { index, node in
            let place = "\(section.place), \(ids.place(of: node, index: index))"
            ids.take(node, place: place, section.log)
            return Section(node, place: place, at: Position(node), section.log).map(PresetSettings.read)
        }
    }

    private static func zones(
        _ section: Section<Key>, camera: CameraSettings, site: SiteSettings, catalogue: Catalogue
    ) -> [ZoneSettings] {
        if section.node(.zones) == nil { section.reportMissing(.zones, example: "[{id: …, polygon: …, rules: …}]") }
        guard let nodes = section.list(.zones, of: "zones") else { return [] }
        if nodes.isEmpty { section.report("zones is empty: add at least one zone, or remove the camera", .zones) }
        var ids = UniqueIDs("zone")
        return nodes.enumerated().compactMap { index, node in
            let place = "\(section.place), \(ids.place(of: node, index: index))"
            ids.take(node, place: place, section.log)
            return Section(node, place: place, at: Position(node), section.log).map {
                ZoneSettings.read($0, camera: camera, site: site, catalogue: catalogue)
            }
        }
    }
}
