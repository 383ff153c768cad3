import Analytics
import Domain
import Foundation
import Inference
import Logging
import TestSupport
import Testing

@testable import Pipeline

@Suite struct SharedClassifierTests {
    private static let models = Footage.packageRoot.appending(path: "models/prepared").path
    private static let isReady = FileManager.default.fileExists(atPath: models + "/manifest.json")

    private func zones(_ rules: ZoneRules) -> [WatchedZone] {
        let corners = [Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 1, y: 1)]
        return [WatchedZone(zone: Zone(id: "z", name: "", polygon: Polygon(corners)), rules: rules)]
    }

    @Test(.enabled(if: isReady, "needs 'make models'"))
    func `a rule that a reload adds has a classifier, and the others need none`() {
        let shared = SharedClassifier(folder: Self.models, logger: Logger(label: "test"))
        #expect(shared.classifier(for: zones([.illegalParking: ParkingSettings(dwell: 60)])) == nil)
        #expect(shared.classifier(for: zones([.burning: SmokeSettings(dwell: 10)])) != nil)
        #expect(shared.classifier(for: zones([.exposedGarbage: LeftObjectSettings(dwell: 60)])) != nil)
    }

    @Test func `where its models are missing a rule goes without the classifier`() throws {
        let folder = try TemporaryFolder()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let shared = SharedClassifier(folder: folder.file("none").path, logger: logger)
        for _ in 1...2 { #expect(shared.classifier(for: zones([.burning: SmokeSettings(dwell: 10)])) == nil) }
    }
}
