import Domain

/// People who come to a lingering person, stop there and leave again, one after another: typical of a stall, and not of
/// a bench, a café's table, a queue or two people who talk.
struct Customers: Sendable, Codable {
    private struct Customer: Sendable, Codable {
        let place: Box
        let tone: Tone
        let left: MediaTime
    }

    /// Least looks and seconds of a purchase; a person seen once walks past.
    private static let least = (looks: 3, seconds: 4.0)
    /// The longest purchase: a person who sits at a table or waits for a friend takes longer than one who is served.
    private static let longest = 120.0
    /// Distance between the feet of both, in heights of the seller: a stall of two metres between them.
    private static let reach = 1.2
    /// Customers who leave within so many seconds leave together: a party, or everyone who waited for one bus.
    private static let together = 5.0
    /// Least number of parties that makes a stall of things that others have too. By chance, with one person in ten
    /// minutes who stops beside somebody who waits, three come within five minutes once in seventy times, two once in
    /// eleven (Poisson).
    static let enough = 3

    private var gone: [Customer] = []

    /// How many came and left; those who left together count once.
    var parties: Int {
        let times = gone.map(\.left).sorted { $0 < $1 }
        return zip([nil] + times.map(Optional.some), times).count { before, time in
            before.map { time - $0 > Self.together } ?? true
        }
    }

    /// Processes one look.
    ///
    /// - Parameters:
    ///   - sellers: the people who linger at the place.
    ///   - aspect: the picture's width divided by its height.
    mutating func update(_ people: LingeringPeople, sellers: [LingeringPeople.Person], _ aspect: Double) {
        // A person who reappears in the same place had not left: the detector had missed them.
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
                // The seller was there before, and still is: in a queue the first to come is the first to leave.
                sellers.contains(where: {
                    $0.since < person.since && $0.lastSeen > person.lastSeen && !$0.tone.isLike(person.tone)
                        && person.box.step(from: $0.box, aspect) <= Self.reach * $0.box.height
                }),
                // A waiter who comes repeatedly counts once.
                !gone.contains(where: { $0.tone.isLike(person.tone) })
            else { continue }
            gone.append(Customer(place: person.box, tone: person.tone, left: person.lastSeen))
        }
    }
}
