import Foundation
import Synchronization

/// How long a sign-in waits after wrong ones. A value; time is given to it.
struct SignInThrottle: Sendable {
    /// Failures before the first wait: of one account from one address, and of an address whatever the account.
    private static let (free, freeOfAddress) = (5, 30)
    private static let longest = 300.0
    /// So many are remembered; beyond it those whose wait ends first are forgotten.
    private static let most = 4096

    private struct Record {
        var failures = 0
        var until = Date.distantPast
        var last = Date.distantPast
    }

    private var records: [String: Record] = [:]

    /// Seconds until the next attempt may be made; 0 for at once.
    func wait(_ account: String, from address: String, at date: Date) -> Double {
        let ends = [pair(account, address), address].compactMap { records[$0]?.until }
        return max(0, ends.map { $0.timeIntervalSince(date) }.max() ?? 0)
    }

    mutating func fail(_ account: String, from address: String, at date: Date) {
        count(pair(account, address), beyond: Self.free, at: date)
        count(address, beyond: Self.freeOfAddress, at: date)
    }

    mutating func succeed(_ account: String, from address: String) { records[pair(account, address)] = nil }

    private mutating func count(_ key: String, beyond free: Int, at date: Date) {
        var record = records[key] ?? Record()
        // After a quiet day it begins anew.
        if date.timeIntervalSince(record.last) > 86_400 { record = Record() }
        record.failures += 1
        record.last = date
        let excess = record.failures - free
        if excess >= 0 { record.until = date.addingTimeInterval(min(Self.longest, pow(2, Double(min(excess, 12))))) }
        records[key] = record
        if records.count > Self.most {
            let oldest = records.sorted { $0.value.until < $1.value.until }.prefix(Self.most / 4)
            for (key, _) in oldest { records[key] = nil }
        }
    }

    /// An address holds no newline.
    private func pair(_ account: String, _ address: String) -> String { "\(address)\n\(account.prefix(128))" }
}
