import Analytics
import Domain
import Yams

extension Configuration {
    enum Key: String, CaseIterable {
        case site, broker, detector, evidence, inbound, delivery, dialects, outbox, cameras, logging, metrics, console
    }

    /// Nil only where `log` has a fault.
    static func read(_ root: Node, text: String, _ log: FaultLog) -> Configuration? {
        guard let file = Section<Key>(root, place: "the file", at: Position(), log),
            let area = try? AreaCode("000000000000")
        else { return nil }
        let catalogue: Catalogue
        do { catalogue = try Catalogue.builtIn(covering: Rules.kinds) } catch {
            log.report("\(error); install gridwarden again", at: Position())
            return nil
        }
        if file.node(.site) == nil { file.reportMissing(.site, example: "{id: …, area: …}") }
        if file.node(.broker) == nil { file.reportMissing(.broker, example: "{host: …}") }
        if file.node(.cameras) == nil { file.reportMissing(.cameras, example: "[{id: …, url: …, …}]") }
        let site =
            file.section(.site).map { SiteSettings.read($0, area: area, catalogue: catalogue) }
            ?? SiteSettings(id: "", area: area)
        let broker = file.section(.broker).map { BrokerSettings.read($0, site: site) }
        let detector = file.section(.detector).map(DetectorSettings.read) ?? DetectorSettings()
        let evidence = EvidenceSettings.read(file.section(.evidence), site: site)
        let inbound = file.section(.inbound).map(InboundSettings.read) ?? InboundSettings()
        let delivery =
            file.section(.delivery).map { DeliverySettings.read($0, catalogue: catalogue) } ?? DeliverySettings()
        let dialects =
            file.section(.dialects).map {
                DialectSettings.read($0, site: site.id, root: broker?.topicRoot ?? BrokerSettings.usualRoot)
            } ?? DialectSettings(site: site.id)
        let outbox = file.section(.outbox).map(OutboxSettings.read) ?? OutboxSettings()
        let logging = file.section(.logging).map(LoggingSettings.read) ?? LoggingSettings()
        let metrics = file.section(.metrics).map(MetricsSettings.read) ?? MetricsSettings()
        let console = file.section(.console).map(ConsoleSettings.read) ?? ConsoleSettings()
        if let listen = console.listen, listen == metrics.listen {
            file.report(
                "metrics.listen is the address of the console, which answers /metrics and /status itself to whoever has an "
                    + "account: take metrics out, or give it an address of its own", .metrics)
        }
        let cameras = cameras(
            file, mayBeNone: console.listen != nil, site: site, catalogue: catalogue.overridden(by: site.kinds))
        guard let broker else { return nil }
        return Configuration(
            site: site, broker: broker, detector: detector, evidence: evidence, inbound: inbound,
            delivery: delivery, dialects: dialects, outbox: outbox, cameras: cameras, logging: logging,
            metrics: metrics, console: console, text: text)
    }

    private static func cameras(
        _ file: Section<Key>, mayBeNone: Bool, site: SiteSettings, catalogue: Catalogue
    ) -> [CameraSettings] {
        guard let nodes = file.list(.cameras, of: "cameras") else { return [] }
        if nodes.isEmpty, !mayBeNone {
            file.report(
                "cameras is empty: add at least one camera, or set console.listen and add it by the page", .cameras)
        }
        var ids = UniqueIDs("camera")
        return nodes.enumerated().compactMap { index, node in
            let place = ids.place(of: node, index: index)
            ids.take(node, place: place, file.log)
            return Section(node, place: place, at: Position(node), file.log).map {
                CameraSettings.read($0, site: site, catalogue: catalogue)
            }
        }
    }
}
