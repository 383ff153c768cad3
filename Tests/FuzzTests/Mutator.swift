import TestSupport

/// Inputs that are nearly right, by a seed: flipped bits, cuts, splices, repetitions, and tokens that mean something.
struct Mutator {
    private static let tokens = [
        "{", "}", "[", "]", "\"", ":", ",", "\\u0000", "\\ud800", "null", "-1", "1e999", "9223372036854775808", "\n",
        "\t", "- ", "? ", "&a ", "*a", "!!binary ", "|", ">", "#", "---\n", "%YAML 1.2\n", "\u{0}", "\u{FEFF}",
        "\u{202E}", "moov", "mdat", "stts", "\u{0}\u{0}\u{0}\u{1}",
    ].map { Array($0.utf8) }

    private let inputs: [[UInt8]]
    private var random: SeededGenerator

    init(seed: UInt64, inputs: [[UInt8]]) {
        self.inputs = inputs
        random = SeededGenerator(seed: seed)
    }

    mutating func next() -> [UInt8] {
        var bytes = inputs.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 1...6, using: &random) { mutate(&bytes) }
        return bytes
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let at = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, at + Int.random(in: 1...64, using: &random))
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[at] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
        case 2: bytes.removeSubrange(at..<end)
        case 3: bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...bytes.count, using: &random))
        case 4: bytes.insert(contentsOf: Self.tokens.randomElement(using: &random) ?? [], at: at)
        case 5: bytes.removeSubrange(at...)
        default:
            let other = inputs.randomElement(using: &random) ?? []
            bytes = bytes[..<at] + other.suffix(Int.random(in: 0...other.count, using: &random))
        }
    }
}
