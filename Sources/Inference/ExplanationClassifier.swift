import Analytics
public import Domain
public import Video

/// Says what the place of an incident looks like, by heads on crop features. It explains; it decides nothing.
public struct ExplanationClassifier: Sendable {
    private let features: CropFeatures
    private let heads: [AlertKind: LinearClassifier]

    /// - Parameter folder: of the prepared models, with the heads beside them.
    /// - Throws: where the features' network or a head is missing or not what the manifest says.
    public init(folder: String) throws {
        let model = try ModelManifest.load(folder: folder).entry("efficientnet-lite0-features").model(in: folder)
        features = try CropFeatures(model: model)
        var heads: [AlertKind: LinearClassifier] = [:]
        for rule in Rules.all {
            guard let name = rule.looks else { continue }
            let head = try LinearClassifier.load(name, folder: folder, features: model)
            for kind in rule.kinds { heads[kind] = head }
        }
        self.heads = heads
    }

    /// A line for the explanation; nil for kinds that no head knows, and where the network fails.
    public func reason(for incident: Incident, in frame: Frame) async -> Incident.Reason? {
        guard let head = heads[incident.kind],
            let row = try? await features.features(of: [incident.object.box], in: frame).first,
            let probability = try? head.probability(of: row)
        else { return nil }
        return .init(
            at: incident.confirmed, what: "by its looks alone: \(head.looksLike)", score: probability)
    }
}
