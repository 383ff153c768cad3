package import Domain

extension WorkingCalendar {
    /// When a step is due that may take so long from `date` on.
    package func due(_ limit: TimeLimit, after date: Double) -> Double {
        switch limit {
        case .plain(let seconds): date + seconds
        case .working(let seconds): due(seconds, after: date)
        case .workingDays(let count): due(days: count, after: date)
        }
    }
}
