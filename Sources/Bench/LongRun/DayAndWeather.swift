import Domain
import Foundation

/// Light, weather, exposure, the sensor's noise and the codec over a day, for one camera: a state for each moment,
/// determined by a seed.
struct DayAndWeather {
    enum Weather: CaseIterable { case clear, broken, overcast, rain, haze, wind }

    struct Moment {
        let weather: Weather
        /// 0 at night to 1 at noon.
        let daylight: Double
        /// Factor of all luma: the change of light that the exposure has not compensated, and its steps.
        let gain: Double
        /// Levels by which blue is raised and red lowered.
        let colour: Double
        /// The strength of haze or of an overcast sky: 0 to 1. Neither begins from one look to the next.
        let share: Double
        /// Standard deviation of the sensor's noise, in levels.
        let noise: Double
        /// 0…100, as JPEG counts.
        let quality: Int
        /// A cloud's shadow: its start and end, in widths; nil where there is none.
        let shadow: (from: Double, to: Double)?
        /// Displacement of the camera by wind, in pixels.
        let shift: (x: Int, y: Int)
    }

    /// Seconds after midnight at which a run begins: the light is even at first, so that the background can be learnt.
    private static let morning = 8.0 * 3600
    /// Seconds of one weather, between two steps of the exposure, and from one cloud to the next.
    private static let weatherLasts = 1800.0
    /// Seconds in which haze or an overcast sky fades in and out.
    private static let weatherFades = 300.0
    private static let exposureLasts = 180.0
    private static let cloudEvery = 300.0

    let seed: UInt64

    func moment(at seconds: Double) -> Moment {
        let day = (seconds + Self.morning).truncatingRemainder(dividingBy: 86_400) / 86_400
        // The sine of the sun's height at an equinox, with twilight; noon at half a day.
        let daylight = max(0, min(1, 0.15 - cos(day * 2 * .pi)))
        let part = Int(seconds / Self.weatherLasts)
        var random = SplitMix64(seed: seed, part: part, 1)
        let weather = part == 0 ? .clear : Weather.allCases.randomElement(using: &random) ?? .clear
        let into = seconds - Double(part) * Self.weatherLasts
        let share = min(1, into / Self.weatherFades, (Self.weatherLasts - into) / Self.weatherFades)
        let overcast = weather == .overcast ? share : 0
        return Moment(
            weather: weather, daylight: daylight, gain: gain(at: seconds, daylight) * (1 - 0.08 * overcast),
            // Low sun is red, an overcast sky is blue.
            colour: 3 * overcast - 6 * max(0, 1 - abs(daylight - 0.3) / 0.3),
            share: share,
            noise: 1 + 4 * (1 - daylight),
            quality: 35 + Int.random(in: 0..<50, using: &random),
            shadow: weather == .broken ? shadow(at: seconds) : nil,
            shift: weather == .wind ? shift(at: seconds) : (0, 0))
    }

    /// The exposure follows the daylight except for a tenth of it, in steps that take four seconds, each of up to a
    /// seventh.
    private func gain(at seconds: Double, _ daylight: Double) -> Double {
        func step(_ part: Int) -> Double {
            var random = SplitMix64(seed: seed, part: part, 2)
            return Double.random(in: -0.15...0.15, using: &random)
        }
        let part = Int(seconds / Self.exposureLasts)
        let share = min(1, (seconds - Double(part) * Self.exposureLasts) / 4)
        let exposure = part == 0 ? step(0) : step(part - 1) + (step(part) - step(part - 1)) * share
        return exp(exposure) * (0.9 + 0.1 * daylight)
    }

    /// It takes 20 s to a minute to cover the picture, lasts as long and leaves the same way.
    private func shadow(at seconds: Double) -> (from: Double, to: Double)? {
        let part = Int(seconds / Self.cloudEvery)
        var random = SplitMix64(seed: seed, part: part, 3)
        let crossing = Double.random(in: 20...60, using: &random)
        let start = Double.random(in: 20...100, using: &random)
        let into = seconds - Double(part) * Self.cloudEvery - start
        guard (0...3 * crossing).contains(into) else { return nil }
        return (into / crossing - 2, into / crossing)
    }

    private func shift(at seconds: Double) -> (x: Int, y: Int) {
        var random = SplitMix64(seed: seed, part: Int(seconds), 4)
        return (Int.random(in: -1...1, using: &random), Int.random(in: -1...1, using: &random))
    }
}
