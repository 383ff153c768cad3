import Store

/// Why a connection did not do something.
enum PostgresError: Error {
    /// The connection is gone, or there is none: nothing more is known of what was under way.
    case lost(String)
    /// The server has said no.
    case refused(state: String, text: String)

    /// Whether the same may well be done a moment later, perhaps by another server.
    var passes: Bool {
        switch self {
        case .lost: true
        // Two transactions in each other's way; a lock that took too long; a server that is full, starts, or only reads.
        case .refused(let state, _): ["40001", "40P01", "55P03", "53300", "57P03", "25006"].contains(state)
        }
    }

    /// Whether the connection is of no more use.
    var endsConnection: Bool {
        switch self {
        case .lost: true
        case .refused(let state, _): state == "25006" || state.hasPrefix("57P") || state.hasPrefix("08")
        }
    }

    var text: String {
        switch self {
        case .lost(let text): text
        case .refused(let state, let text): "\(text) (\(state))"
        }
    }

    func fault(_ operation: String) -> SQLFault {
        var isAboutContent = false
        var remedy = "check that the server runs, can be reached, and takes this user with this password"
        if case .refused(let state, _) = self {
            switch state.prefix(2) {
            case "22", "23", "54", "P0":
                isAboutContent = true
                remedy = "this is a fault of the software, or of what was to be written"
            case "42" where state == "42501":
                remedy = "make the user the owner of the database, or let it create tables in its schema"
            case "42":
                isAboutContent = true
                remedy = "this is a fault of the software, or the tables were changed by others"
            case "53": remedy = "make room on the server: disk, memory, or connections"
            case "55": remedy = "check that nobody keeps the tables locked"
            default: remedy = "look into the server's log"
            }
        }
        return SQLFault(operation: operation, cause: text, remedy: remedy, isAboutContent: isAboutContent)
    }
}
