import TestSupport
import Testing

@testable import Centre

@Suite struct SequenceBookTests {
    /// What is known of each sequence, one by one.
    private struct Model {
        var there: Set<Int64> = []
        var lost: Set<Int64> = []
        var highest: Int64 = 0

        var contiguous: Int64 {
            var next: Int64 = 1
            while next <= highest, there.contains(next) || lost.contains(next) { next += 1 }
            return next - 1
        }
        var missing: Set<Int64> {
            guard highest > 0 else { return [] }
            return Set(1...highest).subtracting(there).subtracting(lost)
        }
    }

    private func sequences(_ spans: [ClosedRange<Int64>]) -> Set<Int64> { Set(spans.flatMap(Array.init)) }

    @Test(.heavy) func `it knows what each sequence is, in any order and over restarts`() {
        for seed in 0..<60 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var (book, model) = (SequenceBook(), Model())
            for step in 0..<120 {
                let now = Double(step)
                let sequence = Int64.random(in: 1...60, using: &random)
                switch Int.random(in: 0..<10, using: &random) {
                case 0:
                    book.tell(sequence, at: now)
                    model.highest = max(model.highest, sequence)
                case 1:
                    let span = sequence...(sequence + Int64.random(in: 0...9, using: &random))
                    let gone = sequences(book.lose(span))
                    #expect(gone == model.missing.intersection(Array(span)))
                    model.lost.formUnion(gone)
                case 2:
                    // As it is written and read again.
                    let present = model.there.filter { $0 > book.contiguous }.sorted()
                    let again = SequenceBook(
                        contiguous: book.contiguous, highest: book.highest, present: present, lost: book.lost,
                        noticed: now)
                    // Holes that touch, noticed one after the other, are one when they are read.
                    let (kept, read) = (sequences(book.holes.map(\.span)), sequences(again.holes.map(\.span)))
                    #expect(read == kept && again.highest == book.highest)
                    book = again
                default:
                    let arrival = book.arrive(sequence, at: now)
                    let wasKnown = model.there.contains(sequence)
                    let wasMissing = sequence <= model.highest && !wasKnown
                    #expect(arrival == (wasKnown ? .known : wasMissing ? .filled : .new))
                    model.there.insert(sequence)
                    model.lost.remove(sequence)
                    model.highest = max(model.highest, sequence)
                }
                #expect(book.highest == model.highest && book.contiguous == model.contiguous, "seed \(seed), \(step)")
                #expect(sequences(book.holes.map(\.span)) == model.missing && sequences(book.lost) == model.lost)
                #expect(book.missing == Int64(model.missing.count))
            }
        }
    }

    @Test func `a sequence that nobody can have written is no gap`() {
        var book = SequenceBook()
        _ = book.arrive(5, at: 0)
        #expect(book.isAbsurd(9_000_000_000_000) && !book.isAbsurd(1_000_000))
        #expect(!book.tell(9_000_000_000_000, at: 0) && book.highest == 5)
    }

    @Test func `holes without end are joined, and nothing is forgotten`() {
        var book = SequenceBook()
        for sequence in stride(from: Int64(2), to: 6000, by: 2) { _ = book.arrive(sequence, at: 0) }
        #expect(book.holes.count <= SequenceBook.mostHoles)
        let holes = sequences(book.holes.map(\.span))
        #expect(Set(stride(from: Int64(1), to: 5999, by: 2)).isSubset(of: holes))
    }

    @Test func `a gap is asked for after five seconds, then after 30, 300 and 3600`() {
        var (book, plan) = (SequenceBook(), ReplayPlan())
        _ = book.arrive(1, at: 0)
        _ = book.arrive(5, at: 0)
        #expect(plan.next(book, at: 4.9, most: 10_000) == nil)
        var now = 5.0
        for wait in [30.0, 300, 3600, 3600] {
            #expect(plan.next(book, at: now, most: 10_000) == 2...4)
            book.ask(for: 2...4, at: now)
            plan.asked("x", for: 2...4, at: now)
            #expect(plan.next(book, at: now + wait - 1, most: 10_000) == nil)
            now += wait
        }
        _ = book.arrive(2, at: now)
        _ = book.arrive(3, at: now)
        _ = book.arrive(4, at: now)
        #expect(plan.next(book, at: now + 5000, most: 10_000) == nil && book.contiguous == 5)
    }

    @Test func `what a replay brought only in part is asked for again as soon as it has ended`() {
        var (book, plan) = (SequenceBook(), ReplayPlan())
        for sequence in [1, 10, 12] as [Int64] { _ = book.arrive(sequence, at: 0) }
        func ask(at now: Double) -> ClosedRange<Int64>? {
            guard let span = plan.next(book, at: now, most: 10_000) else { return nil }
            book.ask(for: span, at: now)
            plan.asked("x", for: span, at: now)
            return span
        }
        #expect(ask(at: 5) == 2...11)
        for sequence in 2...6 as ClosedRange<Int64> { _ = book.arrive(sequence, at: 7) }
        #expect(ask(at: 16) == nil)
        #expect(ask(at: 17) == 7...11)
        // All of the first hole: the second one was asked for with it.
        for sequence in 7...9 as ClosedRange<Int64> { _ = book.arrive(sequence, at: 20) }
        #expect(ask(at: 29) == nil)
        #expect(ask(at: 30) == 11...11)
        // Nothing comes of it any more: as from the start.
        #expect(ask(at: 59) == nil)
        #expect(ask(at: 60) == 11...11)
        #expect(ask(at: 359) == nil)
        #expect(ask(at: 360) == 11...11)
        _ = book.arrive(11, at: 361)
        #expect(book.missing == 0 && ask(at: 5000) == nil)
    }

    @Test func `one request a site, of ten thousand messages at most, and near gaps as one`() {
        var (book, plan) = (SequenceBook(), ReplayPlan())
        book.tell(25_000, at: 0)
        #expect(plan.next(book, at: 10, most: 10_000) == 1...10_000)
        book.ask(for: 1...10_000, at: 10)
        plan.asked("x", for: 1...10_000, at: 10)
        // While it runs, nothing else is asked for.
        for sequence in 1...9_000 as ClosedRange<Int64> { _ = book.arrive(sequence, at: 45) }
        #expect(plan.next(book, at: 50, most: 10_000) == nil)
        for sequence in 9_001...10_000 as ClosedRange<Int64> { _ = book.arrive(sequence, at: 50) }
        _ = plan.next(book, at: 51, most: 10_000)
        #expect(plan.underWay == nil)

        var near = SequenceBook()
        for sequence in [1, 3, 5, 400, 402] as [Int64] { _ = near.arrive(sequence, at: 0) }
        var other = ReplayPlan()
        // The gap up to 399 lies beside the others; all three become one request.
        #expect(other.next(near, at: 10, most: 10_000) == 2...401)
    }

    @Test func `a site that refuses is left in peace`() {
        var (book, plan) = (SequenceBook(), ReplayPlan())
        book.tell(3, at: 0)
        #expect(plan.next(book, at: 10, most: 10) == 1...3)
        book.ask(for: 1...3, at: 10)
        plan.asked("x", for: 1...3, at: 10)
        plan.refused(at: 11, wait: 3600)
        #expect(plan.next(book, at: 3600, most: 10) == nil)
        #expect(plan.next(book, at: 3612, most: 10) == 1...3)
    }
}
