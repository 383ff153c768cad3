import Yams

extension Configuration {
    /// A fault that shows only once the file is right as such, e.g. in a file that it names.
    ///
    /// - Parameters:
    ///   - message: one sentence, free of credentials.
    ///   - path: keys, and indices of lists, down to the value at fault, e.g. `["cameras", "0", "url"]`. Where the file does
    ///     not have it, the fault is at what is nearest above.
    ///   - file: how the file is called.
    public func fault(_ message: String, at path: [String], in file: String) -> ConfigurationFault {
        var position = Position()
        var next = SourceText.compose(text, FaultLog(file: file))
        for step in path {
            switch next {
            case .mapping(let mapping)?:
                guard let entry = mapping.first(where: { $0.key.scalar?.string == step }) else { break }
                position = Position(entry.value)
                next = entry.value
                continue
            case .sequence(let sequence)?:
                guard let index = Int(step), sequence.indices.contains(index) else { break }
                position = Position(sequence[index])
                next = sequence[index]
                continue
            default: break
            }
            break
        }
        return ConfigurationFault(file: file, line: position.line, column: position.column, message: message)
    }
}
