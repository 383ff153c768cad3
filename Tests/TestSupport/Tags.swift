public import Testing

/// Of suites that cannot share a machine or a process with all others: `make test` runs them apart. `swift test` chooses by
/// name only, so `Tests/tagged.py` finds the names of the suites that have a tag.
extension Tag {
    /// Measures time or memory, keeps all processors busy, or has limits that a neighbour could spoil.
    @Tag public static var alone: Self
    /// Counts what memory and descriptors its process has more than before: a process of its own.
    @Tag public static var memory: Self
    /// Runs whole programs, kills them, cuts them off or follows a clock, and waits for most of its time.
    @Tag public static var isolated: Self
    /// Means harm to the console: `make abuse` runs it, `make test` does not.
    @Tag public static var abuse: Self
}
