/// Collects the faults while reading goes on.
final class FaultLog {
    private let file: String
    private var entries: [(position: Position, message: String)] = []

    init(file: String) { self.file = file }

    var isEmpty: Bool { entries.isEmpty }

    func report(_ message: String, at position: Position) { entries.append((position, message)) }

    /// In the order of the file.
    var faults: ConfigurationFaults {
        let sorted = entries.enumerated().sorted { ($0.element.position, $0.offset) < ($1.element.position, $1.offset) }
        return ConfigurationFaults(
            faults: sorted.map(\.element).map {
                ConfigurationFault(
                    file: file, line: $0.position.line, column: $0.position.column, message: $0.message)
            })
    }
}
