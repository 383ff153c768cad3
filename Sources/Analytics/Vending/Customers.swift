import Domain

/// People who come to somebody who stays, stop there and leave again, one after another: what a stall has, and a bench, a
/// café's table, a queue and two who talk have not.
struct Customers: Sendable, Codable {
    private struct Customer: Sendable, Codable {
        let place: Box
        let tone: Tone
        let left: MediaTime
    }

    /// Looks and seconds that buying takes at least; who is seen once walks past.
    private static let least = (looks: 3, seconds: 4.0)
    /// And at most: who sits at a table or waits for a friend stays longer than it takes to be served.
    private static let longest = 120.0
    /// Between the feet of the two, in heights of the one who sells: a stall of two metres between them.
    private static let reach = 1.2
    /// Those who leave within so many seconds leave together: a party, or all who waited for one bus.
    private static let together = 5.0
    /// So many make a stall of what others have too. By chance, with one in ten minutes who stops beside somebody who
    /// waits, three come within five minutes once in seventy times, two once in eleven (Poisson).
    static let enough = 3

    private var gone: [Customer] = []

    /// How many came and left, those counted once who left together.
    var parties: Int {
        let times = gone.map(\.left).sorted { $0 < $1 }
        return zip([nil] + times.map(Optional.some), times).count { before, time in
            before.map { time - $0 > Self.together } ?? true
        }
    }

    /// Takes one look.
    ///
    /// - Parameters:
    ///   - sellers: those who stay at the place.
    ///   - aspect: the picture's width by its height.
    mutating func update(_ people: LingeringPeople, sellers: [LingeringPeople.Person], _ aspect: Double) {
        // Who is there again where they were has not left: the detector had missed them.
        gone.removeAll { customer in
            people.people.contains {
                $0.since > customer.left && $0.tone.isLike(customer.tone)
                    && $0.box.step(from: customer.place, aspect) <= LingeringPeople.step * customer.place.height
            }
        }
        for person in people.departed {
            let stayed = person.lastSeen - person.since
            guard person.looks >= Self.least.looks, stayed >= Self.least.seconds, stayed <= Self.longest,
                person.keptPlace(aspect),
                // The one who sells was there before, and still is: in a queue who came first leaves first.
                sellers.contains(where: {
                    $0.since < person.since && $0.lastSeen > person.lastSeen && !$0.tone.isLike(person.tone)
                        && person.box.step(from: $0.box, aspect) <= Self.reach * $0.box.height
                }),
                // A waiter who comes again and again is one.
                !gone.contains(where: { $0.tone.isLike(person.tone) })
            else { continue }
            gone.append(Customer(place: person.box, tone: person.tone, left: person.lastSeen))
        }
    }
}
