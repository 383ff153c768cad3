import Analytics
import Foundation
import Inference
import TestSupport
import Testing

@testable import Bench

@Suite struct PoissonRateTests {
    /// Garwood's table: none is 0 to 3.689, three are 0.619 to 8.767, ten are 4.795 to 18.390.
    @Test(arguments: [(0, 0.0, 3.689), (1, 0.0253, 5.572), (3, 0.6187, 8.767), (10, 4.795, 18.390)])
    func `the interval is the exact one`(count: Int, low: Double, high: Double) {
        let rate = PoissonRate(count: count, exposure: 1)
        #expect(abs(rate.low - low) < 0.001 && abs(rate.high - high) < 0.001)
        let half = PoissonRate(count: count, exposure: 2)
        #expect(abs(half.high - high / 2) < 0.001 && half.rate == Double(count) / 2)
    }

    @Test func `thousands of events are no trouble`() {
        let rate = PoissonRate(count: 5000, exposure: 1)
        // The normal approximation: 1.96 times the root.
        #expect(abs(rate.low - (5000 - 138)) < 5 && abs(rate.high - (5000 + 140)) < 5)
    }
}

@Suite(.heavy) struct DayAndWeatherTests {
    @Test func `one seed is one day, another seed another one`() {
        func day(_ seed: UInt64) -> [String] {
            stride(from: 0.0, to: 86_400, by: 600).map { "\(DayAndWeather(seed: seed).moment(at: $0))" }
        }
        #expect(day(1) == day(1))
        #expect(day(1) != day(2))
    }

    @Test func `a day has a night, every weather and no jump of the light`() {
        let day = DayAndWeather(seed: 3)
        let moments = stride(from: 0.0, to: 86_400, by: 2).map { day.moment(at: $0) }
        #expect(Set(moments.map { "\($0.weather)" }).count == DayAndWeather.Weather.allCases.count)
        #expect(moments.contains { $0.daylight == 0 } && moments.contains { $0.daylight == 1 })
        for (before, after) in zip(moments, moments.dropFirst()) {
            // A step of the exposure of at most 0.3 takes four seconds.
            #expect(abs(log(after.gain / before.gain)) < 0.16)
            // Haze is nothing where the weather changes, and takes minutes to come.
            #expect(before.weather == after.weather || after.share < 0.01)
            #expect(abs(after.share - before.share) < 0.01)
            #expect(abs(after.daylight - before.daylight) < 0.001)
        }
    }

    @Test func `the codec leaves a plain picture alone and blurs what is fine`() {
        var plain = [UInt8](repeating: 128, count: 64 * 64)
        BlockCodec(quality: 30).compress(&plain, width: 64, height: 64)
        #expect(plain.allSatisfy { $0 == 128 })
        var random = SeededGenerator(seed: 1)
        let noisy = (0..<64 * 64).map { _ in UInt8.random(in: 100...156, using: &random) }
        func error(_ quality: Int) -> Double {
            var coded = noisy
            BlockCodec(quality: quality).compress(&coded, width: 64, height: 64)
            return meanDifference(coded, noisy)
        }
        #expect(error(100) < 1)
        #expect(error(90) > error(100) && error(30) > 2 * error(90))
    }

    @Test func `a shadow darkens a part of the picture, with a soft edge`() {
        let (width, height) = (64, 16)
        let grey = [UInt8](repeating: 120, count: width * height)
        var planes = LoopedClip.Planes(values: [grey, grey, grey])
        let moment = DayAndWeather.Moment(
            weather: .broken, daylight: 1, gain: 1, colour: 0, share: 1, noise: 0, quality: 100,
            shadow: (-2, 0.5), shift: (0, 0))
        Weathering(width: width, height: height, seed: 1).apply(moment, to: &planes, look: 0)
        let row = planes.values[0][0..<width]
        #expect(row.first.map { abs(Int($0) - 72) <= 2 } == true)
        #expect(row.last.map { abs(Int($0) - 120) <= 2 } == true)
        let steps = zip(row, row.dropFirst()).map { Int($1) - Int($0) }
        #expect(steps.allSatisfy { abs($0) < 12 })
    }
}

@Suite(
    .enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"),
    .heavy(minutes: 10))
struct LongRunTests {
    @Test func `hours of a street where nothing happens are counted, with a day's weather`() async throws {
        let path = try #require(Footage.clip("real/footpath.mp4"))
        let run = LongRun(
            detector: try Prepared.detector(), options: .init(hours: 0.05, seed: 7),
            watch: .init(dwell: 10, kinds: [.illegalParking, .exposedGarbage]))
        let report = await run.run([path, "no/such.mp4"])
        #expect(!report.isComplete)
        let clip = try #require(report.clips.first)
        #expect(clip.fault == nil && abs(clip.hours - 0.025) < 0.001)
        #expect(report.clips.last?.fault != nil && report.clips.last?.hours == 0)
        for rate in report.rates {
            #expect(rate.hours <= 0.025 && rate.rate.low <= rate.rate.rate && rate.rate.rate <= rate.rate.high)
        }
    }

    @Test func `a clip in which something happens is refused by name`() async throws {
        let path = try #require(Footage.clip("composed/parking.mp4"))
        let run = LongRun(
            detector: try Prepared.detector(), options: .init(hours: 0.02, seed: 7), watch: .init(dwell: 10))
        let report = await run.run([path])
        #expect(report.clips.first?.fault?.contains("parking.motor") == true)
    }
}
