/// A part of what a camera costs: a piece of the product's own work, and a reference with which it takes turns.
public struct Stage {
    /// How often a camera does the work.
    public enum Rhythm: Sendable, Equatable {
        /// All the time: one operation for so many seconds of its stream.
        case always(seconds: Double)
        /// One operation a look.
        case look
        /// One operation a look for which the detector runs.
        case detection
        /// Not at each look: in no sum.
        case aside
    }

    /// The clock by which work and reference are compared.
    public enum Clock: String, Sendable, Encodable {
        /// Of the process, user and system.
        case processor = "cpu"
        case wall
    }

    /// What one operation took, in seconds.
    public struct Taken: Sendable, Equatable {
        public var processor: Double
        /// Nil where only a part of what was done counts.
        public var wall: Double?

        public init(processor: Double, wall: Double?) { (self.processor, self.wall) = (processor, wall) }
    }

    public let name: String
    /// What one operation is; completes "one operation is …".
    public let operation: String
    /// What it is compared with.
    public let reference: String
    public let rhythm: Rhythm
    public let clock: Clock
    /// Returns what counts of it; nil: all that passes meanwhile.
    let work: () async throws -> Taken?
    let refer: () throws -> Void

    /// - Parameters:
    ///   - work: one operation.
    ///   - refer: the reference, once.
    public init(
        _ name: String, operation: String, reference: String, rhythm: Rhythm, clock: Clock = .processor,
        work: @escaping () throws -> Void, refer: @escaping () throws -> Void
    ) {
        self.init(
            name, operation: operation, reference: reference, rhythm: rhythm, clock: clock,
            counted: {
                try work()
                return nil
            }, refer: refer)
    }

    /// - Parameter counted: one operation, which itself says what counts of it.
    init(
        _ name: String, operation: String, reference: String, rhythm: Rhythm, clock: Clock = .processor,
        counted: @escaping () async throws -> Taken?, refer: @escaping () throws -> Void
    ) {
        (self.name, self.operation, self.reference) = (name, operation, reference)
        (self.rhythm, self.clock) = (rhythm, clock)
        (work, self.refer) = (counted, refer)
    }
}
