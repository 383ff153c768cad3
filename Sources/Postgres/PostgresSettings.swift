import CPostgres
package import Runtime

/// Where a database of PostgreSQL is, and how it is spoken with.
package struct PostgresSettings: Sendable, Hashable {
    /// `postgresql://user@host:5432/database?sslmode=verify-full`; several hosts with commas between them. Without a password.
    package let address: String
    package var password: Secret?
    /// By which the server lists our connections.
    package var application = "gridwarden"
    /// Seconds for which a transaction is tried again while the server cannot be had.
    package var patience = 10.0
    /// Seconds after which the server ends a connection that says nothing, and gives back what it holds. Nil for never.
    package var idleLimit: Int?
    /// Seconds for which the server may take for one answer.
    package var answerLimit = 30.0
    /// For errors: the database, host and port.
    package let place: String

    /// What is wrong with an address; the address itself is not repeated, since it may hold a password.
    package struct Invalid: Error, CustomStringConvertible {
        package let description: String
    }

    package init(address: String, password: Secret? = nil) throws(Invalid) {
        let options = try Self.options(of: address)
        guard ["password", "sslpassword"].allSatisfy({ options[$0]?.isEmpty ?? true }) else {
            throw Invalid(
                description:
                    "an address must not hold a password: write it into a file of its own, which only we may read")
        }
        self.address = address
        self.password = password
        let host = options["host"] ?? options["hostaddr"] ?? "this machine"
        let port = options["port"].map { ":\($0)" } ?? ""
        place = "\(options["dbname"] ?? options["user"] ?? "") on PostgreSQL at \(host)\(port)"
    }

    /// The values that an address names.
    private static func options(of address: String) throws(Invalid) -> [String: String] {
        let isAddress = ["postgresql://", "postgres://"].contains { address.hasPrefix($0) }
        guard isAddress, !address.utf8.contains(0), let list = PQconninfoParse(address, nil) else {
            throw Invalid(
                description:
                    "it is no address such as postgresql://user@host:5432/database?sslmode=verify-full, or has a "
                    + "parameter that libpq does not know")
        }
        defer { PQconninfoFree(list) }
        var options: [String: String] = [:]
        var next = list
        while let keyword = next.pointee.keyword {
            if let value = next.pointee.val { options[String(cString: keyword)] = String(cString: value) }
            next += 1
        }
        return options
    }
}
