import Postgres
import Synchronization

/// Which sites this centre takes in, and which of the common duties it does, where several share a database.
///
/// Sites fall into shares by their names. Shares and duties are locks of one session of the database, the one that writes: a centre
/// whose session is lost can write nothing more for them, and another one takes them. Without a database that is shared, all
/// is ours.
final class Leases: Sendable {
    /// Into which sites fall. Never to be changed while centres of two versions run.
    static let shares = 64
    /// What one centre does for all.
    enum Duty: Int, CaseIterable, Sendable {
        /// Cases that go on by themselves.
        case cases = 65
        /// Notices to departments.
        case deliveries = 66
        /// Old things.
        case retention = 67
    }

    private static let numbers = 1...Duty.retention.rawValue
    /// Seconds for which what was seen last is held for true by those who do not write.
    private static let trust = 5.0

    /// What is ours.
    struct Held: Sendable, Hashable {
        /// Whose it is; what was another session's is not any more.
        var session = 0
        var shares: Set<Int> = []
        var duties: Set<Duty> = []
    }

    private struct State {
        var held = Held()
        var confirmed: ContinuousClock.Instant?
        var holders: [PostgresLocks.Holder] = []
    }

    private let locks: PostgresLocks?
    private let state: Mutex<State>

    /// - Parameter locks: of the session that writes; nil where nobody else uses the database.
    init(_ locks: PostgresLocks?) {
        self.locks = locks
        var state = State()
        if locks == nil {
            state.held = Held(session: 0, shares: Set(1...Self.shares), duties: Set(Duty.allCases))
        }
        self.state = Mutex(state)
    }

    /// FNV-1a of its name: the same in every process.
    static func share(of site: String) -> Int {
        let hash = site.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return Int((hash ^ hash >> 32) % UInt64(shares)) + 1
    }

    var isShared: Bool { locks != nil }
    var held: Held { state.withLock(\.held) }

    /// Whether this centre does a duty. Of one that did, and has heard nothing of its session for a while, that is not known.
    func does(_ duty: Duty) -> Bool {
        state.withLock { state in
            guard isShared else { return true }
            guard let confirmed = state.confirmed, ContinuousClock.now - confirmed < .seconds(Self.trust) else {
                return false
            }
            return state.held.duties.contains(duty)
        }
    }

    /// Takes and gives back, so that all have about as much. Returns what is ours now. Blocks.
    func renew() throws -> Held {
        guard let locks else { return held }
        let standing: PostgresLocks.Standing
        do { standing = try locks.share(Self.numbers) } catch {
            state.withLock { $0.confirmed = nil }
            throw error
        }
        return state.withLock { state in
            state.held = Held(
                session: standing.session, shares: standing.held.filter { $0 <= Self.shares },
                duties: Set(standing.held.compactMap(Duty.init)))
            state.confirmed = .now
            state.holders = standing.holders
            return state.held
        }
    }

    /// Gives everything back, so that nobody has to wait for it.
    func release() {
        try? locks?.release()
        guard isShared else { return }
        state.withLock { ($0.held, $0.confirmed, $0.holders) = (Held(), nil, []) }
    }

    /// Centres that have no business here: those of another id.
    var strangers: [String] {
        let names = holders.map { (isOurs: $0.isOurs, id: $0.name.prefix { $0 != "/" }) }
        guard let own = names.first(where: \.isOurs)?.id else { return [] }
        return names.map(\.id).filter { $0 != own }.map(String.init)
    }

    /// Who holds how much, for people; empty where nobody shares.
    var holders: [LeaseHolder] {
        state.withLock { state in
            state.holders.map { holder in
                LeaseHolder(
                    name: String(holder.name.trimmingPrefix(LeaseHolder.prefix)), isOurs: holder.isOurs,
                    shares: holder.held.count { $0 <= Self.shares },
                    duties: holder.held.sorted().compactMap(Duty.init).map { "\($0)" })
            }
        }
    }
}

/// A centre that shares a database, and what it does.
package struct LeaseHolder: Codable, Sendable, Hashable {
    package var name: String
    /// Whether it is the one that says so.
    package var isOurs: Bool
    /// Of the sites, in shares of 64.
    package var shares: Int
    package var duties: [String]

    private enum CodingKeys: String, CodingKey {
        case name, shares, duties
        case isOurs = "this"
    }

    /// What the name of a connection begins with.
    static let prefix = "gridwarden "
}

/// The session that held the leases is gone, or they were not taken yet.
struct LeasesLost: Error, CustomStringConvertible {
    var description: String { "the session that held the leases is gone" }
}
