import Domain
import TestSupport
import Testing

@testable import Video

@Suite struct DecodePlannerTests {
    /// Feeds a stream of 10 pictures a second with a key frame every `group` seconds; returns times that were looked at
    /// and the share of packets that were decoded.
    private func run(_ sampling: SamplingPolicy, group: Double, seconds: Double = 60) -> (
        looks: [Double], decoded: Double
    ) {
        var planner = DecodePlanner(sampling: sampling)
        var looks: [Double] = []
        var decoded = 0.0
        let perGroup = Int((group * 10).rounded())
        let count = Int(seconds * 10)
        for index in 0..<count {
            let time = Double(index) / 10
            let isKey = index % perGroup == 0
            guard planner.needs(isKey: isKey, at: time) else { continue }
            decoded += 1
            if planner.choose(isKey: isKey, at: time) == .look { looks.append(time) }
        }
        return (looks, decoded / Double(count))
    }

    @Test func `only key frames are decoded where they come often enough`() {
        let (looks, decoded) = run(.keyFrames(promise: 3), group: 2)
        #expect(looks == Array(stride(from: 0.0, to: 60, by: 2)))
        #expect(decoded < 0.1)
    }

    @Test(arguments: [4.0, 5.3, 7.5, 10.0, 20.0]) func `the promise holds where key frames are rare`(group: Double) {
        let (looks, decoded) = run(.keyFrames(promise: 3), group: group)
        let gaps = zip(looks.dropFirst(), looks).map { $0 - $1 }
        #expect(gaps.allSatisfy { $0 <= 3.11 }, "\(looks)")
        #expect(decoded < 1)
    }

    @Test func `key frames that come too often are left out`() {
        let (looks, decoded) = run(.keyFrames(promise: 3, interval: 2), group: 0.5)
        let gaps = zip(looks.dropFirst(), looks).map { $0 - $1 }
        #expect(gaps.dropFirst().allSatisfy { $0 >= 1.9 && $0 <= 3 }, "\(looks)")
        #expect(decoded < 0.1)
    }

    @Test(arguments: [0.5, 2.0, 4.0, 5.3])
    func `a camera in a burst gives burst frames between the same looks`(group: Double) {
        let sampling = SamplingPolicy.keyFrames(promise: 3, interval: 2)
        var planner = DecodePlanner(sampling: sampling)
        var (looks, between) = ([Double](), [Double]())
        let perGroup = Int((group * 10).rounded())
        for index in 0..<900 {
            let time = Double(index) / 10
            if time == 30.2 { planner.attention = .slowBurst }
            if time == 60.2 { planner.attention = .looks }
            guard planner.needs(isKey: index % perGroup == 0, at: time) else { continue }
            switch planner.choose(isKey: index % perGroup == 0, at: time) {
            case .nothing: continue
            case .look: looks.append(time)
            case .burstFrame: between.append(time)
            }
        }
        let (usual, _) = run(sampling, group: group, seconds: 90)
        #expect(looks == usual)
        #expect(between.allSatisfy { $0 > 30.2 && $0 < 60.2 + group })
        // From the key frame after the wish to the one after its end, nothing is more than half a second apart.
        let close = (looks + between).sorted().filter { $0 >= 30.2 + group && $0 <= 60.2 }
        #expect(zip(close.dropFirst(), close).allSatisfy { $0 - $1 <= 0.55 })
        #expect(close.count >= 2 * Int(30 - group) - 1)
    }

    @Test(arguments: [2.0, 8.0])
    func `a camera that starts decodes nothing before its second key frame but for the promise`(
        group: Double
    ) {
        var planner = DecodePlanner(sampling: .keyFrames(promise: 3, interval: 2), waitsAtFirst: true)
        var (looks, decoded) = ([Double](), [Double]())
        for index in 0..<160 {
            let time = Double(index) / 10
            let isKey = index % Int(group * 10) == 0
            guard planner.needs(isKey: isKey, at: time) else { continue }
            decoded.append(time)
            if planner.choose(isKey: isKey, at: time) == .look { looks.append(time) }
        }
        #expect(decoded.filter { $0 > 0 }.first == min(group, 3))
        #expect(zip(looks, looks.dropFirst()).allSatisfy { $1 - $0 <= 3.1 }, "\(looks)")
    }

    /// A key frame every two seconds, of 10 pictures a second; `rest` says how long no look is needed after one.
    private func looks(group: Double = 2, seconds: Double = 100, _ rest: (Double) -> Rest?) -> [Double] {
        var planner = DecodePlanner(sampling: .keyFrames(promise: 3, interval: 2))
        var looks: [Double] = []
        let perGroup = Int((group * 10).rounded())
        for index in 0..<Int(seconds * 10) {
            let time = Double(index) / 10
            let isKey = index % perGroup == 0
            guard planner.needs(isKey: isKey, at: time), planner.choose(isKey: isKey, at: time) == .look else {
                continue
            }
            looks.append(time)
            planner.rest = rest(time)
        }
        return looks
    }

    @Test(arguments: [0.5, 2.0, 3.0, 4.0, 10.0])
    func `a camera at rest is looked at in time, and as rarely as its key frames let it`(group: Double) {
        let looks = looks(group: group) { $0 >= 20 ? Rest(promise: 10) : nil }.filter { $0 >= 30 }
        let longest = (10 / group).rounded(.down) * group
        #expect(looks.count >= 6)
        #expect(zip(looks, looks.dropFirst()).allSatisfy { abs($1 - $0 - longest) < 0.01 }, "\(looks)")
    }

    @Test func `a moment at which something is to be decided is met by the first key frame after it`() {
        let looks = looks { $0 >= 20 ? Rest(promise: 10, moment: $0 < 47 ? 47 - $0 : nil) : nil }
        #expect(looks.filter { $0 >= 20 }.prefix(5) == [20, 30, 40, 48, 58], "\(looks)")
    }

    @Test func `a rest that ends gives the usual looks from the next key frame on`() {
        let looks = looks { 20..<40 ~= $0 ? Rest(promise: 10) : nil }
        #expect(looks.filter { 20...50 ~= $0 } == [20, 30, 40, 42, 44, 46, 48, 50], "\(looks)")
    }

    @Test func `groups that are longer than the rest are decoded as far as it needs`() {
        let looks = looks(group: 20) { $0 >= 20 ? Rest(promise: 10) : nil }.filter { $0 >= 40 }
        #expect(zip(looks, looks.dropFirst()).allSatisfy { $1 - $0 <= 10.1 }, "\(looks)")
        #expect(looks.count <= 7)
    }

    /// Times that are looked at, and of the packets that are decoded, of 10 a second.
    private func run(keysAt keys: [Double], seconds: Double) -> (looks: [Double], decoded: Set<Int>) {
        var planner = DecodePlanner(sampling: .keyFrames(promise: 3, interval: 2))
        let starts = Set(keys.map { Int($0 * 10) })
        var (looks, decoded, leftOut) = ([Double](), Set<Int>(), [Int]())
        for index in 0..<Int(seconds * 10) {
            let (time, isKey) = (Double(index) / 10, starts.contains(index))
            let isNeeded = planner.needs(isKey: isKey, at: time)
            if isKey { leftOut = [] }
            guard isNeeded else {
                leftOut.append(index)
                continue
            }
            decoded.formUnion(leftOut + [index])
            leftOut = []
            if planner.choose(isKey: isKey, at: time) == .look { looks.append(time) }
        }
        return (looks, decoded)
    }

    @Test func `the promise holds whatever the distances of key frames`() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<300 {
            var keys = [0.0]
            while let last = keys.last, last < 300 {
                let group: Double = ([2, 2.4, 3, 5, 9, 20, 60] as [Double]).randomElement(using: &random) ?? 2
                let count = Int.random(in: 1...6, using: &random)
                for index in 1...count { keys.append(last + group * Double(index)) }
            }
            let (looks, _) = run(keysAt: keys, seconds: 300)
            let gaps = zip(looks.dropFirst() + [300], looks).map { $0 - $1 }
            #expect(gaps.allSatisfy { $0 > 0 && $0 <= 3.11 }, "\(keys): \(looks)")
        }
    }

    @Test func `after a long group short ones are decoded sparsely again`() {
        let keys = [0.0, 2, 4, 30] + stride(from: 32.0, to: 90, by: 2)
        let (_, decoded) = run(keysAt: keys, seconds: 90)
        #expect(decoded.isSuperset(of: 40..<300))
        #expect(decoded.filter { $0 > 400 }.count == 24)
    }

    @Test func `a fixed interval is kept`() {
        let (looks, decoded) = run(.every(seconds: 1), group: 2)
        #expect(looks.count == 60)
        #expect(decoded == 1)
    }
}

@Suite struct TimelineTests {
    @Test func `a file keeps its own stamps`() {
        var timeline = Timeline(isLive: false, started: 100)
        let time1 = timeline.time(pts: 1.86, uptime: 50).seconds
        #expect(time1 == 1.86)
    }

    @Test func `time goes on across a reconnect`() {
        var timeline = Timeline(isLive: true, started: 1000)
        let time2 = timeline.time(pts: 500, uptime: 1).seconds
        #expect(time2 == 1001)
        let time3 = timeline.time(pts: 502, uptime: 3.2).seconds
        #expect(abs(time3 - 1003) < 0.01)
        timeline.interrupt()
        let time4 = timeline.time(pts: 0, uptime: 20).seconds
        #expect(time4 == 1020)
        let time5 = timeline.time(pts: 2, uptime: 22.1).seconds
        #expect(abs(time5 - 1022) < 0.01)
    }

    @Test(arguments: [-500.0, -50, 50, 500])
    func `a camera whose clock runs wrong never strays`(partsPerMillion: Double) {
        var timeline = Timeline(isLive: true, started: 0)
        var (last, worst) = (0.0, 0.0)
        for look in 0..<50_000 {
            let uptime = Double(look) * 2
            let time = timeline.time(pts: uptime * (1 + partsPerMillion / 1e6), uptime: uptime).seconds
            // A dwell is measured between looks: none of them may jump.
            if look > 0 { worst = max(worst, abs(time - last - 2)) }
            last = time
        }
        #expect(worst < 0.01)
        #expect(abs(last - 99_998) < 1)
    }

    @Test func `a picture that comes late has no later time`() {
        var timeline = Timeline(isLive: true, started: 0)
        for look in 0..<20 {
            let late = (8...10).contains(look) ? 7.0 : 0
            let time = timeline.time(pts: Double(look) * 2, uptime: Double(look) * 2 + late).seconds
            #expect(abs(time - Double(look) * 2) < 0.05)
        }
    }

    @Test func `stamps that jump begin anew`() {
        var timeline = Timeline(isLive: true, started: 0)
        _ = timeline.time(pts: 10, uptime: 0)
        let time6 = timeline.time(pts: 3610, uptime: 2).seconds
        #expect(time6 == 2)
        let time7 = timeline.time(pts: 5, uptime: 4).seconds
        #expect(time7 == 4)
        let time8 = timeline.time(pts: 7, uptime: 6).seconds
        #expect(time8 == 6)
    }

    @Test(arguments: [0, 1.0 / 90, 0.5, 0.9, 1.1, 2, 90])
    func `stamps that run wrong many times over are kept to the clock`(rate: Double) {
        var timeline = Timeline(isLive: true, started: 0)
        var (last, farthest, worst) = (0.0, 0.0, 0.0)
        for look in 0..<1000 {
            let clock = Double(look) * 2
            let time = timeline.time(pts: clock * rate, uptime: clock).seconds
            farthest = max(farthest, abs(time - clock))
            // In the end a dwell counts as fast as the clock does.
            if look > 200 { worst = max(worst, abs(time - last - 2)) }
            last = time
        }
        #expect(farthest < 10.001)
        #expect(worst < 0.01)
    }

    @Test func `time never runs backwards`() {
        var timeline = Timeline(isLive: true, started: 0)
        var generator = SystemRandomNumberGenerator()
        var last = -1.0
        for step in 0..<500 {
            let pts = Double(step) * 2 + Double.random(in: -30...30, using: &generator)
            let time = timeline.time(pts: pts, uptime: Double(step) * 2).seconds
            #expect(time >= last)
            last = time
        }
    }

    /// Key frames every two seconds, looked at where the test says so.
    private func due(at last: Double, _ rest: Rest?, looks: Set<Double>) -> DecodePlanner.Due {
        var planner = DecodePlanner(sampling: .keyFrames(promise: 3), waitsAtFirst: true)
        for time in stride(from: 0.0, through: last, by: 2) {
            planner.rest = rest
            _ = planner.needs(isKey: true, at: time)
            if looks.contains(time) { _ = planner.choose(isKey: true, at: time) }
        }
        return planner.due(at: last)
    }

    @Test func `the first look of a camera is pressing, whatever it may rest later`() {
        let rest = Rest(promise: 10, welcomesMore: true)
        #expect(due(at: 0, rest, looks: []) == .init(deadline: 3, limit: 3, isPressing: true))
        #expect(due(at: 4, rest, looks: []) == .init(deadline: -1, limit: 1, isPressing: true))
    }

    @Test func `a look is pressing where the next key frame comes after the promise, and welcome before that`() {
        #expect(due(at: 6, nil, looks: [0, 2, 4]) == .init(deadline: 1, limit: 3, isPressing: true))
        let learning = Rest(promise: 10, welcomesMore: true)
        #expect(due(at: 6, learning, looks: [0]) == .init(deadline: 4, limit: 6, isPressing: false))
        #expect(due(at: 10, learning, looks: [0]) == .init(deadline: 0, limit: 2, isPressing: true))
        let pending = Rest(promise: 10, moment: 5)
        #expect(due(at: 6, pending, looks: [0]) == .init(deadline: -1, limit: 1, isPressing: true))
    }
}
