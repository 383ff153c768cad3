/// A kind's code in one generation of the standard.
public struct KindCode: Sendable, Hashable, Codable {
    public enum System: String, Sendable, Codable, CaseIterable {
        case gbt2026 = "GB/T 47678.5-2026"
        case gbt2013 = "GB/T 30428.2-2013"
        case cjt2007 = "CJ/T 214-2007"
    }

    /// How far the code can be trusted.
    public enum Certainty: String, Sendable, Codable {
        /// Read in the text of the standard.
        case source
        /// Read in one third-party transcription.
        case transcription
        /// Computed by the rule between two generations; never sent unless a site asks for it.
        case derived
        /// Given by the site; always sent.
        case site
    }

    public let system: System
    public let code: String
    public let certainty: Certainty

    public init(system: System, code: String, certainty: Certainty) {
        self.system = system
        self.code = code
        self.certainty = certainty
    }
}
