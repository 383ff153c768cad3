import Domain
import Logging

/// What the log says of trouble with the broker: at most one line in a minute, of each matter the newest word, and nothing
/// that no longer holds when its turn comes; at the end one line with all that waits.
///
/// Pure: who asks for the lines also keeps the time.
struct TroubleLog {
    static let interval = Duration.seconds(60)

    /// What goes first where several wait.
    enum Matter: Int, CaseIterable {
        case connection, alerts, leftOut, unheard, retained, farewell
    }

    struct Line {
        let level: Logger.Level
        let message: Logger.Message
        let metadata: Logger.Metadata
        /// What makes it news.
        let cause: String
    }

    /// Between two lines.
    private let interval: Duration
    private var waiting: [Matter: Line] = [:]
    /// The cause of each line that was written and still holds.
    private var said: [Matter: String] = [:]
    private var last: ContinuousClock.Instant?

    init(interval: Duration = Self.interval) { self.interval = interval }

    /// When the next line may be written; nil where none waits.
    var due: ContinuousClock.Instant? { waiting.isEmpty ? nil : last.map { $0 + interval } }

    /// Takes the place of an older line on the same matter. What has been said and still holds is not said again.
    mutating func add(_ matter: Matter, _ line: Line) {
        waiting[matter] = said[matter] == line.cause ? nil : line
    }

    /// It holds no longer. Returns whether the log had said it.
    @discardableResult
    mutating func withdraw(_ matter: Matter) -> Bool {
        waiting[matter] = nil
        return said.removeValue(forKey: matter) != nil
    }

    /// The line to be written now.
    mutating func next(at now: ContinuousClock.Instant) -> Line? {
        guard due.map({ $0 <= now }) ?? true else { return nil }
        return take(at: now)
    }

    /// All that waits in one line, for a log that ends.
    mutating func rest(at now: ContinuousClock.Instant) -> Line? {
        var lines: [Line] = []
        while let line = take(at: now) { lines.append(line) }
        guard lines.count > 1, let level = lines.map(\.level).max() else { return lines.first }
        let texts = lines.map { line in
            ([line.message.description] + line.metadata.sorted { $0.key < $1.key }.map { "\($0.value)" })
                .joined(separator: ": ")
        }
        let text = texts.joined(separator: "; ")
        return Line(
            level: level, message: "trouble with the broker that was not told yet",
            metadata: ["reasons": "\(text)"], cause: text)
    }

    private mutating func take(at now: ContinuousClock.Instant) -> Line? {
        guard let matter = Matter.allCases.first(where: { waiting[$0] != nil }),
            let line = waiting.removeValue(forKey: matter)
        else { return nil }
        said[matter] = line.cause
        last = now
        return line
    }
}
