import Domain
import Foundation

/// The background of one camera, pixel by pixel, without the objects that come and go, and the pixels that have
/// permanently changed.
///
/// The background is stored in the light of its first pictures; each look is compared through an `IlluminationMap`. A
/// pixel counts as changed only if no neighbouring background pixel explains it, so that a shaking camera changes
/// nothing.
struct BackgroundModel: Sendable {
    /// Number of looks whose median is the first background; nothing is detected before.
    private static let firstLooks = 5
    /// Least difference in luma and in colour that counts, beyond what noise explains.
    private static let lumaStep: Float = 7
    private static let colourStep: Float = 6
    /// The change of light between two looks that moves a middle grey by `lumaStep`, as a natural logarithm; and how
    /// many such changes are stored.
    private static let lightStep = log(1 + Double(lumaStep) / 128)
    private static let lightLooks = 16
    /// How many mean deviations of its own noise a pixel must change by: for a normal distribution 3.5 of them are 2.8
    /// σ.
    private static let noiseFactor: Float = 3.5
    /// The share of those limits that suffices beside pixels that exceed them, so that an object's faint parts belong
    /// to it, and the reach of this in pixels.
    private static let faintShare: Float = 0.55
    private static let faintReach = 5
    /// Largest evidence that a changed pixel can gather, in looks: small, so that a clean background is soon accepted
    /// again.
    private static let mostEvidence: UInt8 = 6
    /// Number of hidden looks after which the evidence of a changed pixel is out of date.
    private static let longestHidden: UInt8 = 15
    /// Levels by which the background follows the picture in one look.
    private static let step = 3
    /// A pixel that changes in more than this share of the looks (of 255) is restless: a clock, a tree, a screen.
    private static let habit: UInt8 = 100
    private(set) var ground: ColourPicture
    /// 1 where a pixel has been changed for at least two looks.
    private(set) var changed: Plane
    /// 1 where a pixel differs from the background now; hidden pixels keep their last value.
    private(set) var foreground: Plane
    /// 1 where a pixel differs from the background now, even slightly.
    private(set) var faint: Plane
    /// 1 where a pixel differs from the previous look.
    private(set) var stirred: Plane
    /// 1 where the background is hidden by an occluder now.
    private(set) var hidden: Plane
    /// Mean absolute deviation of luma from the background, in eighths of a level.
    private(set) var noise: Plane
    /// The current look, adjusted to the light and position of the background.
    private(set) var view: ColourPicture
    /// When each changed pixel took on its present value, in tenths of a second after `began`: a live camera's times
    /// are too large for 32 bits.
    private var since: [UInt32]
    private var began: MediaTime?
    private(set) var isReady = false

    private var last: ColourPicture
    /// The newest look, without the adjustment to the light of the background.
    private(set) var lastSeen: ColourPicture?
    /// Times of recent changes of light.
    private var lightChanges: [MediaTime] = []
    private var evidence: Plane
    private var faintEvidence: Plane
    private var hiddenLooks: Plane
    private(set) var unknown: Plane
    private(set) var restless: Plane
    private(set) var text: BurntInText
    private var first: [(picture: ColourPicture, hidden: Plane)] = []

    init(_ picture: ColourPicture) {
        let empty = Plane(width: picture.width, height: picture.height)
        ground = picture
        view = picture
        last = picture
        changed = empty
        foreground = empty
        faint = empty
        stirred = empty
        hidden = empty
        evidence = empty
        faintEvidence = empty
        hiddenLooks = empty
        unknown = empty
        restless = empty
        text = BurntInText(width: picture.width, height: picture.height)
        noise = Plane(width: picture.width, height: picture.height, repeating: 20)
        since = [UInt32](repeating: 0, count: empty.count)
    }

    /// Creates a model from a known background.
    ///
    /// - Parameter last: the current picture, adjusted to its light.
    init(known: ColourPicture, noise: Plane, restless: Plane, unknown: Plane, last: ColourPicture) {
        self.init(known)
        self.noise = noise
        self.restless = restless
        self.unknown = unknown
        self.last = last
        view = last
        isReady = true
    }

    var width: Int { ground.width }
    var height: Int { ground.height }

    /// Processes one look.
    ///
    /// - Parameters:
    ///   - covers: boxes of the occluders.
    ///   - keep: 1 where the background must not be updated, because an object there is being tracked.
    ///   - time: of the look.
    mutating func update(with picture: ColourPicture, covers: [Box], keep: Plane, at time: MediaTime) {
        let start = began ?? time
        began = start
        hidden = Plane(width: width, height: height)
        for box in covers { mark(box, in: &hidden) }
        guard isReady else { return begin(with: picture) }
        let shift = Displacement(of: picture.luma, against: ground.luma, hidden: hidden)
        let seen = picture.shifted(x: shift.x, y: shift.y)
        hideBorder()
        noteLight(of: seen, at: time)
        compare(seen, keep: keep, at: UInt32(min(4e9, max(0, (time - start) * 10).rounded())))
        cleanUp()
    }

    /// Forgets the background inside `box`: the next look that shows it is accepted as the background.
    ///
    /// - Parameter keep: 1 where an object is being tracked; the background there is retained.
    mutating func forget(_ box: Box, except keep: Plane) {
        var forgotten = Plane(width: width, height: height)
        mark(box, in: &forgotten)
        for pixel in 0..<forgotten.count where forgotten.values[pixel] != 0 && keep.values[pixel] == 0 {
            unknown.values[pixel] = 1
        }
    }

    /// Whether the light has changed unevenly after `time`, by enough to produce changed pixels: anything new since
    /// then is more likely light than an object.
    func lightChanged(after time: MediaTime) -> Bool { lightChanges.contains { $0 >= time } }

    private mutating func noteLight(of seen: ColourPicture, at time: MediaTime) {
        if let lastSeen {
            let change = LightChange(from: lastSeen, to: seen, hidden: hidden)
            if change.luma > Self.lightStep || change.colour > Double(2 * Self.colourStep) { lightChanges.append(time) }
            if lightChanges.count > Self.lightLooks { lightChanges.removeFirst() }
        }
        lastSeen = seen
    }

    /// The time at which most of these changed pixels took on their present value; nil before the first look.
    ///
    /// Faintly changed pixels have no time of their own.
    func since(_ pixels: [Int]) -> MediaTime? {
        let times = pixels.filter { foreground.values[$0] != 0 }.map { since[$0] }.sorted()
        guard let began, !times.isEmpty else { return nil }
        return began + Double(times[times.count / 2]) / 10
    }

    /// Takes the present values of these pixels over into the background.
    mutating func absorb(_ pixels: [Int]) {
        for pixel in pixels {
            ground.luma.values[pixel] = view.luma.values[pixel]
            ground.blue.values[pixel] = view.blue.values[pixel]
            ground.red.values[pixel] = view.red.values[pixel]
            evidence.values[pixel] = 0
            faintEvidence.values[pixel] = 0
            changed.values[pixel] = 0
            foreground.values[pixel] = 0
        }
    }

    /// At the border a shaking camera shows what the background model has never seen.
    private mutating func hideBorder() {
        for y in 0..<height {
            let isEdge = y < Displacement.reach || y >= height - Displacement.reach
            for x in 0..<width where isEdge || x < Displacement.reach || x >= width - Displacement.reach {
                hidden.values[y * width + x] = 1
            }
        }
    }

    func mark(_ box: Box, in plane: inout Plane) {
        let left = max(0, Int((box.x * Double(width)).rounded(.down)))
        let right = min(width, Int((box.maxX * Double(width)).rounded(.up)))
        let top = max(0, Int((box.y * Double(height)).rounded(.down)))
        let bottom = min(height, Int((box.maxY * Double(height)).rounded(.up)))
        guard left < right, top < bottom else { return }
        for y in top..<bottom {
            for x in left..<right { plane.values[y * width + x] = 1 }
        }
    }

    /// Sets the background to the median of the first looks in which a pixel was not hidden; a pixel that was always
    /// hidden stays unknown.
    private mutating func begin(with picture: ColourPicture) {
        view = picture
        if let before = first.last { text.update(now: picture.luma, before: before.picture.luma) }
        first.append((picture, hidden))
        guard first.count >= Self.firstLooks else { return }
        var values: [(UInt8, Int)] = []
        for pixel in 0..<ground.luma.count {
            values.removeAll(keepingCapacity: true)
            for (index, look) in first.enumerated() where look.hidden.values[pixel] == 0 {
                values.append((look.picture.luma.values[pixel], index))
            }
            unknown.values[pixel] = values.isEmpty ? 1 : 0
            guard !values.isEmpty else { continue }
            values.sort { $0.0 < $1.0 }
            let middle = values[values.count / 2]
            ground.luma.values[pixel] = middle.0
            ground.blue.values[pixel] = first[middle.1].picture.blue.values[pixel]
            ground.red.values[pixel] = first[middle.1].picture.red.values[pixel]
        }
        learnNoise()
        last = picture
        first = []
        isReady = true
    }

    /// Learns each pixel's noise from the first looks, each adjusted to the light of the background: while the exposure
    /// settles every pixel changes, and none of them is restless for it.
    private mutating func learnNoise() {
        let lights = first.map { IlluminationMap(of: $0.picture, over: ground, mask: $0.hidden) }
        var lit = [IlluminationMap.Row](repeating: .init(width: width), count: first.count)
        var deviations: [Float] = []
        for y in 0..<height {
            for (index, light) in lights.enumerated() {
                light.fill(row: y, width: width, into: &lit[index])
            }
            for x in 0..<width where unknown.values[y * width + x] == 0 {
                let pixel = y * width + x
                deviations.removeAll(keepingCapacity: true)
                for (index, look) in first.enumerated() where look.hidden.values[pixel] == 0 {
                    let luma = min(255, Float(look.picture.luma.values[pixel]) / lit[index].gain[x])
                    deviations.append(abs(luma - Float(ground.luma.values[pixel])))
                }
                deviations.sort()
                // A pixel that differs in several of the first looks shows constant traffic.
                restless.values[pixel] = UInt8(min(255, deviations.count { $0 > 16 } * 55))
                // The median deviation, which a single passing car does not affect: 0.67 σ, where the mean deviation is
                // 0.8 σ.
                noise.values[pixel] = UInt8(min(40, max(12, deviations[deviations.count / 2] * 10)))
            }
        }
    }

    private mutating func compare(_ seen: ColourPicture, keep: Plane, at now: UInt32) {
        var blind = hidden
        for pixel in 0..<blind.count
        where unknown.values[pixel] != 0 || restless.values[pixel] >= Self.habit || text.mask.values[pixel] != 0 {
            blind.values[pixel] = 1
        }
        let light = IlluminationMap(of: seen, over: ground, mask: blind)
        let (low, high) = (ground.luma.least(), ground.luma.greatest())
        let before = last.luma
        let (lastLow, lastHigh) = (before.least(), before.greatest())
        var row = IlluminationMap.Row(width: width)
        for y in 0..<height {
            light.fill(row: y, width: width, into: &row)
            for x in 0..<width {
                let pixel = y * width + x
                if hidden.values[pixel] != 0 {
                    self.faint.values[pixel] = 0
                    hide(pixel)
                    continue
                }
                hiddenLooks.values[pixel] = 0
                let value = Float(seen.luma.values[pixel])
                // Adjusted to the light of the background. A clipped value could have been anything brighter.
                let luma = UInt8(min(255, max(0, value / row.gain[x] + 0.5)))
                let blueNow = row.blue(seen.blue.values[pixel], over: ground.blue.values[pixel], at: x)
                let redNow = row.red(seen.red.values[pixel], over: ground.red.values[pixel], at: x)
                view.luma.values[pixel] = luma
                view.blue.values[pixel] = blueNow
                view.red.values[pixel] = redNow
                if unknown.values[pixel] != 0 {
                    unknown.values[pixel] = 0
                    absorb([pixel])
                    last.luma.values[pixel] = luma
                    continue
                }
                let deviation = Float(noise.values[pixel]) / 8
                let clipped: Float = value >= 250 || ground.luma.values[pixel] >= 250 ? 40 : 0
                let limit = Self.lumaStep + Self.noiseFactor * deviation + clipped
                let beyond = max(
                    Float(low.values[pixel]) - Float(luma), Float(luma) - Float(high.values[pixel]))
                let colour =
                    abs(Int(blueNow) - Int(ground.blue.values[pixel]))
                    + abs(Int(redNow) - Int(ground.red.values[pixel]))
                let (light, tint) = (
                    max(0, beyond) / limit, Float(colour) / (Self.colourStep + Self.noiseFactor * deviation)
                )
                let excess = light * light + tint * tint
                let isText = text.mask.values[pixel] != 0
                let isForeground = excess > 1 && !isText
                let isStirred = abs(Int(luma) - Int(last.luma.values[pixel])) > Int(3 + 2 * deviation)
                let isFaint = excess > Self.faintShare * Self.faintShare && !isText
                let steady =
                    Int(luma) >= Int(lastLow.values[pixel]) - Int(limit)
                    && Int(luma) <= Int(lastHigh.values[pixel]) + Int(limit)
                    && abs(Int(blueNow) - Int(last.blue.values[pixel])) + abs(Int(redNow) - Int(last.red.values[pixel]))
                        < Int(Self.colourStep + 8)
                self.faint.values[pixel] = isFaint ? 1 : 0
                stirred.values[pixel] = isStirred ? 1 : 0
                rest(pixel, steady)
                judge(pixel, isForeground, steady, now)
                let faint = faintEvidence.values[pixel]
                faintEvidence.values[pixel] =
                    isFaint && steady ? min(Self.mostEvidence, faint + 1) : faint > 2 ? faint - 2 : 0
                last.luma.values[pixel] = luma
                last.blue.values[pixel] = blueNow
                last.red.values[pixel] = redNow
                follow(pixel, isForeground, keep.values[pixel] != 0 || isText, max(0, beyond))
            }
        }
        text.update(now: view.luma, before: before)
    }

    private mutating func hide(_ pixel: Int) {
        let looks = hiddenLooks.values[pixel]
        if looks < 255 { hiddenLooks.values[pixel] = looks + 1 }
        if looks == Self.longestHidden { evidence.values[pixel] = 0 }
    }

    private mutating func rest(_ pixel: Int, _ steady: Bool) {
        let value = Int(restless.values[pixel])
        restless.values[pixel] = UInt8(steady ? value - value / 20 - (value > 0 ? 1 : 0) : value + (255 - value) / 16)
    }

    private mutating func judge(_ pixel: Int, _ isForeground: Bool, _ steady: Bool, _ now: UInt32) {
        let before = evidence.values[pixel]
        if !isForeground {
            evidence.values[pixel] = before > 2 ? before - 2 : 0
            foreground.values[pixel] = 0
            return
        }
        if foreground.values[pixel] == 0, before == 0 || !steady { since[pixel] = now }
        foreground.values[pixel] = 1
        if steady, restless.values[pixel] < Self.habit {
            evidence.values[pixel] = min(Self.mostEvidence, before + 1)
        } else {
            evidence.values[pixel] = before > 0 ? before - 1 : 0
            since[pixel] = now
        }
    }

    /// Updates the background slowly; the noise is learnt where nothing has changed.
    private mutating func follow(_ pixel: Int, _ isForeground: Bool, _ isKept: Bool, _ beyond: Float) {
        guard !isKept else { return }
        let most = isForeground ? 1 : Self.step
        Self.approach(&ground.luma.values[pixel], view.luma.values[pixel], most)
        Self.approach(&ground.blue.values[pixel], view.blue.values[pixel], most)
        Self.approach(&ground.red.values[pixel], view.red.values[pixel], most)
        guard !isForeground else { return }
        let deviation = min(20, abs(Int(view.luma.values[pixel]) - Int(ground.luma.values[pixel]))) * 8
        let before = Int(noise.values[pixel])
        noise.values[pixel] = UInt8(min(240, max(12, before + (deviation - before) / 16)))
    }

    private static func approach(_ value: inout UInt8, _ target: UInt8, _ most: Int) {
        let difference = Int(target) - Int(value)
        guard abs(difference) >= 2 else { return }
        let step = max(1, min(most, abs(difference) / 4))
        value = UInt8(Int(value) + (difference > 0 ? step : -step))
    }

    /// Cleans up the changed pixels: two looks of evidence, specks removed, faint neighbours added, small gaps closed.
    private mutating func cleanUp() {
        var mask = Plane(width: width, height: height)
        for pixel in 0..<mask.count where evidence.values[pixel] >= 2 { mask.values[pixel] = 1 }
        mask = mask.least().greatest()
        for _ in 0..<Self.faintReach {
            var grown = mask.greatest()
            for pixel in 0..<mask.count
            where grown.values[pixel] != 0 && mask.values[pixel] == 0 && faintEvidence.values[pixel] < 2 {
                grown.values[pixel] = 0
            }
            mask = grown
        }
        changed = mask.greatest().greatest().least().least()
    }
}
