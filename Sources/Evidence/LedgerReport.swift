/// The result of a check of a ledger and its files.
public struct LedgerReport: Codable, Sendable, Equatable {
    public struct Fault: Codable, Sendable, Equatable {
        /// A fault of the chain or of a file; the number that the record has or should have.
        public let record: Int
        public let file: String?
        public let what: String
    }

    /// Files deleted because the budget was exceeded.
    public struct Eviction: Codable, Sendable, Equatable {
        public let incident: String
        /// Of the newest record about it.
        public let record: Int
        /// When that was written.
        public let at: String
        public internal(set) var files = 0
    }

    /// Consecutive records signed by one key, or unsigned.
    public struct Section: Codable, Sendable, Equatable {
        /// Nil for records of versions without keys.
        public let key: String?
        public let first: Int
        public internal(set) var last: Int
        /// Whether it is one of the given keys; nil where none was given, or where it is unsigned.
        public let known: Bool?
    }

    /// A file in no record, as a daemon may leave when killed during a write.
    public struct Stray: Codable, Sendable, Equatable {
        public let file: String
        public let what: String
    }

    /// The given parameters; nothing in the folder affects them.
    public internal(set) var keys: [String] = []
    /// The single incident whose files were checked.
    public internal(set) var pack: String?

    public internal(set) var site: String?
    /// Consecutive records without a fault.
    public internal(set) var records = 0
    public internal(set) var messages = 0
    /// Files that are present and as recorded.
    public internal(set) var files = 0
    /// Files that had expired according to the ledger.
    public internal(set) var expired = 0
    /// Files that were already missing when their record was written.
    public internal(set) var absent = 0
    /// Early deletions according to the ledger, in the order of the records.
    public internal(set) var evictions: [Eviction] = []
    /// The signers of the records, in their order.
    public internal(set) var sections: [Section] = []
    /// Valid records after the one whose hash was given; nil where none was given, or where no record has it.
    public internal(set) var after: Int?
    /// The `hash` of the last valid record, to be kept elsewhere.
    public internal(set) var head = ""
    /// When the first and the last valid record were written.
    public internal(set) var from: String?
    public internal(set) var until: String?
    /// In the order of the records: the first one is the first broken link.
    public internal(set) var faults: [Fault] = []
    public internal(set) var strays: [Stray] = []
    /// Findings that are no proof of tampering but worth a look.
    public internal(set) var notes: [String] = []

    public var isIntact: Bool { faults.isEmpty }
}
