import Yams

extension ConfigurationDocument {
    /// The path of what a fault at this place is about, e.g. `cameras.cam-01.zones.np1.polygon`; nil where nothing begins there.
    ///
    /// - Parameters:
    ///   - line: from 1.
    ///   - column: from 1, in Unicode scalars.
    public func path(line: Int, column: Int) -> String? {
        guard let node = SourceText.compose(text, FaultLog(file: file)) else { return nil }
        let steps = Self.steps(to: Position(line: line, column: column), in: node)
        return steps.map { steps in
            steps.enumerated().map { index, step in
                if step.hasPrefix("[") { return step }
                let name = step.contains(".") ? "[\"\(step)\"]" : step
                return index == 0 || name.hasPrefix("[") ? name : "." + name
            }.joined()
        }
    }

    private static func steps(to place: Position, in node: Node) -> [String]? {
        func found(_ step: String, _ value: Node) -> [String]? {
            if Position(value) == place, !isNothing(value) { return [step] }
            return steps(to: place, in: value).map { [step] + $0 }
        }
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                let name = key.scalar?.string ?? ""
                if let steps = found(name, value) { return steps }
                if Position(key) == place { return [name] }
            }
        case .sequence(let sequence):
            for (index, value) in sequence.enumerated() {
                if let steps = found(value.mapping?["id"]?.scalar?.string ?? "[\(index + 1)]", value) { return steps }
            }
        case .scalar, .alias: break
        }
        return nil
    }

    /// libyaml gives it the position of what comes next.
    private static func isNothing(_ node: Node) -> Bool {
        node.scalar.map { $0.string.isEmpty && $0.style == .plain } ?? false
    }
}
