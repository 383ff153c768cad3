/// Which messages of one site and epoch are there, which are missing, and which are lost for ever.
///
/// A value: the caller tells it what has been stored, and keeps it only where the transaction has been.
struct SequenceBook: Sendable, Hashable {
    /// A span that is not there.
    struct Hole: Sendable, Hashable {
        var span: ClosedRange<Int64>
        /// When it was first known, in seconds since 1970.
        let noticed: Double
        /// How often it was asked for since the site's last answer.
        var asks = 0
        /// When it was last asked for, or when a part of it came.
        var stirred: Double?
    }

    enum Arrival: Sendable, Hashable {
        /// The next one, or a later one: what lies between is missing.
        case new
        /// One that was missing, or held for lost.
        case filled
        /// It has been counted before.
        case known
    }

    /// Beyond this many in one step a sequence is no sequence.
    static let farthest: Int64 = 50_000_000
    /// Holes beyond this number are joined: what lies between two is asked for again.
    static let mostHoles = 1000

    /// The highest sequence that is known to have been written: it came, or the site has named it.
    private(set) var highest: Int64 = 0
    /// Disjoint, in their order.
    private(set) var holes: [Hole] = []
    /// When something that was asked for came last.
    private var answered: Double?
    /// What the site holds no more; disjoint, in their order.
    private(set) var lost: [ClosedRange<Int64>] = []

    init() {}

    /// As it was kept.
    ///
    /// - Parameters:
    ///   - contiguous: up to here everything is accounted for.
    ///   - present: what is there beyond that, in order.
    init(
        contiguous: Int64, highest: Int64, present: some Sequence<Int64>, lost: [ClosedRange<Int64>], noticed: Double
    ) {
        self.lost = lost
        var next = contiguous + 1
        func miss(_ span: ClosedRange<Int64>) {
            for part in Self.parts(of: span, without: lost) { holes.append(Hole(span: part, noticed: noticed)) }
        }
        for sequence in present where sequence >= next {
            if sequence > next { miss(next...(sequence - 1)) }
            next = sequence + 1
        }
        self.highest = max(highest, next - 1)
        if next <= self.highest { miss(next...self.highest) }
    }

    /// Up to here everything has come or is known to be lost.
    var contiguous: Int64 { holes.first.map { $0.span.lowerBound - 1 } ?? highest }
    /// How many are missing and not given up.
    var missing: Int64 { holes.reduce(0) { $0 + Int64($1.span.count) } }

    /// When something that was asked for came last, if that was not before this time.
    func answer(since time: Double) -> Double? { answered.flatMap { $0 >= time ? $0 : nil } }

    /// Whether nobody can have written as much.
    func isAbsurd(_ sequence: Int64) -> Bool { sequence > highest && sequence - highest > Self.farthest }

    /// A message is there, whose sequence is not absurd.
    mutating func arrive(_ sequence: Int64, at now: Double) -> Arrival {
        guard sequence <= highest else {
            if sequence > highest + 1 { add(Hole(span: (highest + 1)...(sequence - 1), noticed: now)) }
            highest = sequence
            return .new
        }
        if let index = index(of: sequence) {
            fill(sequence, in: index, at: now)
            return .filled
        }
        guard let index = lost.firstIndex(where: { $0.contains(sequence) }) else { return .known }
        let span = lost.remove(at: index)
        lost.insert(contentsOf: Self.parts(of: span, without: [sequence...sequence]), at: index)
        return .filled
    }

    /// The site has written up to here. Returns false for what no site can have written.
    @discardableResult
    mutating func tell(_ last: Int64, at now: Double) -> Bool {
        guard last > highest else { return true }
        guard !isAbsurd(last) else { return false }
        add(Hole(span: (highest + 1)...last, noticed: now))
        highest = last
        return true
    }

    /// The site holds these no more; returns those of them that were missing.
    mutating func lose(_ span: ClosedRange<Int64>) -> [ClosedRange<Int64>] {
        var gone: [ClosedRange<Int64>] = []
        holes = holes.flatMap { hole -> [Hole] in
            guard hole.span.overlaps(span) else { return [hole] }
            gone.append(hole.span.clamped(to: span))
            return Self.parts(of: hole.span, without: [span]).map { part in
                var rest = hole
                rest.span = part
                return rest
            }
        }
        lost = Self.joined(lost + gone)
        return gone
    }

    /// A hole was asked for.
    mutating func ask(for span: ClosedRange<Int64>, at now: Double) {
        for index in holes.indices where holes[index].span.overlaps(span) {
            let isAnswered = holes[index].stirred.flatMap { answer(since: $0) } != nil
            holes[index].asks = isAnswered ? 1 : holes[index].asks + 1
            holes[index].stirred = now
        }
    }

    // MARK: Spans

    /// The hole with this sequence; by halves, for a site that was away for long may have many.
    private func index(of sequence: Int64) -> Int? {
        var (low, high) = (0, holes.count)
        while low < high {
            let middle = (low + high) / 2
            if holes[middle].span.upperBound < sequence { low = middle + 1 } else { high = middle }
        }
        return low < holes.count && holes[low].span.contains(sequence) ? low : nil
    }

    private mutating func fill(_ sequence: Int64, in index: Int, at now: Double) {
        var hole = holes[index]
        if hole.asks > 0 { (hole.stirred, answered) = (now, now) }
        let (low, high) = (hole.span.lowerBound, hole.span.upperBound)
        switch (sequence == low, sequence == high) {
        case (true, true): holes.remove(at: index)
        case (true, false):
            hole.span = (low + 1)...high
            holes[index] = hole
        case (false, true):
            hole.span = low...(high - 1)
            holes[index] = hole
        case (false, false):
            var after = hole
            hole.span = low...(sequence - 1)
            after.span = (sequence + 1)...high
            holes.replaceSubrange(index...index, with: [hole, after])
            bound()
        }
    }

    private mutating func add(_ hole: Hole) {
        holes.append(hole)
        bound()
    }

    /// Joins the two holes that lie nearest to each other.
    private mutating func bound() {
        guard holes.count > Self.mostHoles else { return }
        let distances = zip(holes, holes.dropFirst()).map { $1.span.lowerBound - $0.span.upperBound }
        guard let nearest = distances.indices.min(by: { distances[$0] < distances[$1] }) else { return }
        holes[nearest].span = holes[nearest].span.lowerBound...holes[nearest + 1].span.upperBound
        holes.remove(at: nearest + 1)
    }

    /// What is left of a span.
    static func parts(of span: ClosedRange<Int64>, without others: [ClosedRange<Int64>]) -> [ClosedRange<Int64>] {
        others.reduce([span]) { parts, other in
            parts.flatMap { part -> [ClosedRange<Int64>] in
                guard part.overlaps(other) else { return [part] }
                var rest: [ClosedRange<Int64>] = []
                if part.lowerBound < other.lowerBound { rest.append(part.lowerBound...(other.lowerBound - 1)) }
                if part.upperBound > other.upperBound { rest.append((other.upperBound + 1)...part.upperBound) }
                return rest
            }
        }
    }

    /// In their order; what touches is one.
    static func joined(_ spans: [ClosedRange<Int64>]) -> [ClosedRange<Int64>] {
        spans.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { joined, span in
            guard let last = joined.last, span.lowerBound <= last.upperBound + 1 else { return joined.append(span) }
            joined[joined.count - 1] = last.lowerBound...max(last.upperBound, span.upperBound)
        }
    }
}
