package import Contract
import Domain
import Foundation
package import Store

/// Simulated people at a centre: they accept, decline, send on, handle, check, send back and close cases, and write down what
/// came of it.
package actor SimulatedDesk {
    private let desk: CaseDesk
    private let queries: CentreQueries
    private let perSecond: Double
    private var random: SplitMix64
    private(set) var steps: [Truth.Step] = []
    private var count = 0

    package init(
        _ store: any SQLDatabase, _ rules: CaseRules, topics: AlertTopics, seed: UInt64, perSecond: Double
    ) {
        desk = CaseDesk(store, rules, topics: topics)
        queries = CentreQueries(store)
        self.perSecond = perSecond
        random = SplitMix64(seed: seed, part: 0, 16)
    }

    func work(until end: ContinuousClock.Instant) async {
        while ContinuousClock.now < end, !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1 / perSecond))
            // A database that is locked for a moment stops nobody.
            try? step()
        }
    }

    /// One step with one case, at random among those that fit; now and then the same one twice.
    private func step() throws {
        var filter = CentreQueries.Filter()
        filter.stages = Set(CaseStage.allCases.filter(\.isOpen))
        let cases = try queries.cases(filter, limit: 200)
        guard let item = cases.randomElement(using: &random) else { return }
        let fitting: [(action: CaseAction, role: CaseRole)] =
            switch item.stage {
            case .found: [(.accept, .dispatcher), (.accept, .dispatcher), (.decline, .dispatcher)]
            case .accepted: [(.dispatch, .dispatcher), (.dispatch, .dispatcher), (.decline, .dispatcher)]
            case .dispatched: [(.handled, .department), (.note, .department)]
            case .handled: [(.check, .worker), (.check, .worker), (.rework, .worker)]
            case .checked: [(.close, .dispatcher), (.rework, .dispatcher)]
            default: []
            }
        guard let choice = fitting.randomElement(using: &random) else { return }
        count += 1
        let verdicts = CaseStep.negatives.sorted { $0.rawValue < $1.rawValue }
        let step = CaseStep(
            request: "sim-\(count)", action: choice.action, actor: "sim-\(choice.role.rawValue)", role: choice.role,
            ofDepartment: item.department, note: choice.action == .note ? "on our way" : nil,
            verdict: choice.action == .decline ? verdicts.randomElement(using: &random) : nil,
            isConfirmed: Bool.random(using: &random))
        do {
            let after = try desk.take(step, case: item.id)
            if Int.random(in: 0..<10, using: &random) == 0 { _ = try desk.take(step, case: item.id) }
            steps.append(
                .init(request: step.request, caseID: item.id, action: step.action.rawValue, stage: after.stage.rawValue)
            )
        } catch is CaseRefusal {
            // The centre was faster.
        }
    }
}
