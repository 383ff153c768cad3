import Contract
import Domain
import Foundation

/// How many requests are taken in an hour, so that a flood fills no disk and keeps nobody else out.
///
/// A broker does not tell who published. What stands in for that is the place that the topic names, which the broker's
/// access list guards, and within it the name that the request gives, which is its sender's own word. Each of these
/// senders has a guaranteed share that no other can use up, and may take more from a surplus that all of a class share.
struct RequestBudget: Sendable {
    struct Sender: Sendable, Hashable {
        let `class`: Reply.Class
        /// The levels of the topic.
        let place: String
        /// Empty where none is given; nil for all at this place whose names found no room or are not on the site's list.
        let name: String?
    }

    enum Verdict: Sendable, Equatable {
        case taken
        /// - Parameter isFirst: no other of this sender was beyond it in this hour.
        case beyond(isFirst: Bool)
    }

    /// Requests in an hour that each sender can count on, and more that all of a class share; of both, half may be
    /// refusals that are answered.
    static let share = 100
    static let surplus = 900
    /// Maximum number of distinct sender names tracked.
    static let mostNames = 64
    /// A longer one counts as none.
    private static let longestName = 128

    private struct Account {
        var requests = 0
        var refusals = 0
        var hasAccepted = false
        var isBeyond = false
    }

    private let listed: [Reply.Class: Set<String>]
    private var hour = Int.min
    private var accounts: [Sender: Account] = [:]
    private var requests: [Reply.Class: Int] = [:]
    private var refusals: [Reply.Class: Int] = [:]

    init(_ policy: AccessPolicy) {
        listed = [.review: Set(policy.reviewers.map(\.by)), .command: Set(policy.commanders.map(\.by))]
    }

    /// How many senders are remembered.
    var senders: Int { accounts.count }

    /// The sender whose quota the request uses.
    mutating func sender(_ class: Reply.Class, at place: String, by name: String?, on date: Date) -> Sender {
        turn(to: date)
        let name = name.flatMap { $0.utf8.count <= Self.longestName ? $0 : nil } ?? ""
        let sender = Sender(class: `class`, place: place, name: name)
        let others = Sender(class: `class`, place: place, name: nil)
        let listed = listed[`class`] ?? []
        guard listed.isEmpty else { return listed.contains(name) ? sender : others }
        if accounts[sender] != nil { return sender }
        let names = accounts.keys.count { $0.class == `class` && $0.name != nil }
        return names < Self.mostNames ? sender : others
    }

    mutating func take(_ sender: Sender) -> Verdict {
        var account = accounts[sender] ?? Account()
        defer { accounts[sender] = account }
        if account.requests >= Self.share {
            guard requests[sender.class, default: 0] < Self.surplus else {
                defer { account.isBeyond = true }
                return .beyond(isFirst: !account.isBeyond)
            }
            requests[sender.class, default: 0] += 1
        }
        account.requests += 1
        return .taken
    }

    /// Whether a refusal is answered.
    mutating func mayAnswerRefusal(_ sender: Sender) -> Bool {
        let count = accounts[sender]?.refusals ?? 0
        if count >= Self.share / 2 {
            guard refusals[sender.class, default: 0] < Self.surplus / 2 else { return false }
            refusals[sender.class, default: 0] += 1
        }
        accounts[sender, default: Account()].refusals += 1
        return true
    }

    /// A request of it was carried out: its name keeps its room in the next hour, so that invented ones cannot take it.
    mutating func accept(_ sender: Sender) { accounts[sender, default: Account()].hasAccepted = true }

    private mutating func turn(to date: Date) {
        let now = Int(date.timeIntervalSince1970 / 3600)
        guard now != hour else { return }
        hour = now
        accounts = accounts.filter { $0.value.hasAccepted }.mapValues { _ in Account() }
        (requests, refusals) = ([:], [:])
    }
}
