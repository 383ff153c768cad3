package import Console
package import Contract
package import Domain
package import Foundation
package import MQTT
package import Postgres
package import Store

/// What a centre is made of; from its configuration, with all that it names.
package struct CentreSettings: Sendable {
    /// By which it speaks to sites and departments.
    package var id: String
    package var area: AreaCode
    package var topics: AlertTopics
    /// At least one.
    package var brokers: [MQTTSettings]
    /// The database, where it is a file; pictures and the socket stand beside it in any case.
    package var store: URL
    /// The database, where it is one of PostgreSQL, which several centres may share.
    package var postgres: PostgresSettings?
    /// Which one of several centres this is.
    package var instance: String?
    package var rules: CaseRules
    package var webhooks: [CaseWebhook] = []
    /// Days.
    package var keepMessages = 184
    package var keepCases = 1825
    package var keepEvidence = 30
    /// Where the page is; nil for none.
    package var page: ConsoleServer.Settings?
    /// Name and version.
    package var software: String

    package init(
        id: String, area: AreaCode, topics: AlertTopics, brokers: [MQTTSettings], store: URL, rules: CaseRules,
        software: String
    ) {
        self.id = id
        self.area = area
        self.topics = topics
        self.brokers = brokers
        self.store = store
        self.rules = rules
        self.software = software
    }

    /// The database for people, pages and commands; a file is made where there is none.
    package func database() throws(SQLFault) -> any SQLDatabase {
        if let postgres { return PostgresDatabase(postgres) }
        return try SQLiteDatabase(file: store)
    }

    /// The database for the thread that writes messages, with what is ours of the sites; nil where the database is a file, and
    /// all is ours.
    func writer() -> (database: any SQLDatabase, leases: Leases)? {
        guard var postgres else { return nil }
        // It says something each second: who is silent hangs, and holds the sites up.
        postgres.idleLimit = 8
        // It tries again by itself, and may be told to stop.
        postgres.patience = 2
        let database = PostgresDatabase(postgres, most: 1)
        return (database, Leases(PostgresLocks(database)))
    }

    /// Where the pictures are that sites have sent.
    package var pictures: URL { store.deletingLastPathComponent().appending(path: "evidence") }
    /// On which the centre answers for its status.
    package var socket: URL { store.deletingLastPathComponent().appending(path: Self.socketName) }
    package static let socketName = "centre.sock"
}
