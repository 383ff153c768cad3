import Hashing
import Store
import Synchronization
import Threading

/// Makes and checks keys of passwords, one at a time on a thread of its own: each takes memory and time on purpose, and
/// cameras go first.
actor PasswordDesk {
    private nonisolated let executor = DedicatedThread(name: "passwords", yieldsToOthers: true)
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private static let mostWaiting = 8
    private static let saltBytes = 16
    static let shortest = 12
    static let longest = 256

    private let cost: Int
    private let waiting = Atomic(0)
    /// Checked where there is no such account, so that it takes as long.
    private let nobody: PasswordKey

    /// - Parameter cost: scrypt's N is two to this power.
    init(cost: Int = 15) {
        self.cost = cost
        nobody = PasswordKey(salt: Secrets.bytes(Self.saltBytes), key: Secrets.bytes(32), cost: cost)
    }

    /// Throws `Fault.busy` where too many wait.
    nonisolated func key(of password: String) async throws -> PasswordKey {
        try await inTurn { try await $0.made(password) }
    }

    /// Whether it is the account's password; false where there is no account, after the same time.
    nonisolated func isRight(_ password: String, for key: PasswordKey?) async throws -> Bool {
        try await inTurn { try await $0.checked(password, key) }
    }

    private nonisolated func inTurn<Result: Sendable>(
        _ body: @Sendable (PasswordDesk) async throws -> Result
    ) async throws -> Result {
        defer { waiting.subtract(1, ordering: .relaxed) }
        guard waiting.add(1, ordering: .relaxed).newValue <= Self.mostWaiting else { throw Fault.busy }
        return try await body(self)
    }

    private func made(_ password: String) throws -> PasswordKey {
        let salt = Secrets.bytes(Self.saltBytes)
        return PasswordKey(
            salt: salt, key: try Scrypt.key(password: Array(password.utf8), salt: salt, cost: cost), cost: cost)
    }

    private func checked(_ password: String, _ key: PasswordKey?) throws -> Bool {
        let kept = key ?? nobody
        let made = try Scrypt.key(password: Array(password.utf8), salt: kept.salt, cost: kept.cost)
        return Scrypt.isEqual(made, kept.key) && key != nil
    }
}

/// What nobody may guess.
enum Secrets {
    private static let letters = Array("abcdefghjkmnpqrstuvwxyz")

    /// From the system's generator, which is made for this.
    static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// Letters that nobody mistakes for each other.
    static func code(_ count: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return String((0..<count).map { _ in letters[Int.random(in: letters.indices, using: &generator)] })
    }

    /// 64 hexadecimal digits.
    static func token() -> String { Hexadecimal.text(bytes(32)) }
}
