import Console
import Discovery
import Domain
import Foundation
import Inference
import Threading

/// Commissioning, made of the parts of a site.
enum EdgeCommissioning {
    /// Seconds in which cameras may answer a search.
    private static let searchTime = 4.0

    static func parts(
        _ settings: DaemonSettings, _ state: EdgeState, detector: ObjectDetector, registry: CameraRegistry,
        desk: ReloadDesk
    ) -> Commissioning {
        let tester = StreamTester(
            detector: detector, maker: state.archive?.maker, registry: registry, secrets: settings.secrets,
            timeZone: settings.site.timeZone)
        let adding = CameraAdding(settings, registry: registry, desk: desk)
        let catalogue = state.catalogue
        let interfaces = settings.discoveryInterfaces
        var search: (@Sendable () async -> Commissioning.Search)?
        if !interfaces.isEmpty { search = { await Self.search(interfaces) } }
        return Commissioning(
            test: { address, stage in await tester.test(address, stage) },
            offer: { adding.offer(catalogue) },
            add: { camera, address, author, isTrial in
                try await adding.add(camera, address, by: author, isTrial: isTrial)
            },
            search: search)
    }

    private static func search(_ interfaces: [String]) async -> Commissioning.Search {
        let found = try? await onOwnThread(named: "camera search") {
            CameraSearch(interfaces: interfaces).run(for: searchTime)
        }
        let cameras = found?.cameras ?? []
        return Commissioning.Search(
            items: cameras.map {
                .init(address: $0.address, name: $0.name, hardware: $0.hardware, location: $0.location)
            }, deaf: (found?.deaf ?? [:]).keys.sorted(), isCut: found?.isCut ?? false)
    }
}
