/// What a check of a ledger and the files beside it has found.
public struct LedgerReport: Codable, Sendable, Equatable {
    public struct Fault: Codable, Sendable, Equatable {
        /// Where the chain or a file of it is broken; the number that the record has or should have.
        public let record: Int
        public let file: String?
        public let what: String
    }

    /// Files that went because the budget was spent.
    public struct Eviction: Codable, Sendable, Equatable {
        public let incident: String
        /// Of the newest record about it.
        public let record: Int
        /// When that was written.
        public let at: String
        public internal(set) var files = 0
    }

    /// Records that follow on one another and are signed by one key, or not signed.
    public struct Section: Codable, Sendable, Equatable {
        /// Nil for records of versions without keys.
        public let key: String?
        public let first: Int
        public internal(set) var last: Int
        /// Whether it is one of the keys that were given; nil where none was, or where it is not signed.
        public let known: Bool?
    }

    /// A file that no record names and that a daemon may leave that was killed while it wrote.
    public struct Stray: Codable, Sendable, Equatable {
        public let file: String
        public let what: String
    }

    /// What was given to check with; nothing in the folder has a say in it.
    public internal(set) var keys: [String] = []
    /// The one incident of which files were looked for.
    public internal(set) var pack: String?

    public internal(set) var site: String?
    /// Records that follow on one another without a fault.
    public internal(set) var records = 0
    public internal(set) var messages = 0
    /// Files that are there and are what the ledger says.
    public internal(set) var files = 0
    /// Files whose time was over, as the ledger says.
    public internal(set) var expired = 0
    /// Files that were gone already when their record was written.
    public internal(set) var absent = 0
    /// What the ledger says went before its time, in the order of the records.
    public internal(set) var evictions: [Eviction] = []
    /// Who signed which records, in their order.
    public internal(set) var sections: [Section] = []
    /// Good records after the one whose hash was given; nil where none was, or where it is in none.
    public internal(set) var after: Int?
    /// The `hash` of the last good record, to be kept elsewhere.
    public internal(set) var head = ""
    /// When the first and the last good record were written.
    public internal(set) var from: String?
    public internal(set) var until: String?
    /// In the order of the records: the first one is the first broken link.
    public internal(set) var faults: [Fault] = []
    public internal(set) var strays: [Stray] = []
    /// What is no proof of tampering and worth a look.
    public internal(set) var notes: [String] = []

    public var isIntact: Bool { faults.isEmpty }
}
