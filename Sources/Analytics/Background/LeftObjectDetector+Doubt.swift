import Domain

/// What speaks against a thing although it looks like one: how it came, and that it moves.
extension LeftObjectDetector {
    /// What happened when something new was first seen.
    struct Arrival: Sendable {
        var lightChanged = false
        var somebodyCame = false
    }

    /// Seconds before it was first seen, within which a change of light explains it: a look, at the slowest; and within
    /// which whoever brought it was there: three looks, and what they hid meanwhile.
    private static let lightLead = 3.0
    private static let visitLead = 10.0

    func arrival(of box: Box, since: MediaTime, in model: BackgroundModel) -> Arrival {
        Arrival(
            lightChanged: model.lightChanged(after: since + -Self.lightLead),
            somebodyCame: visits.reached(box, since: since + -Self.visitLead, aspect: aspect))
    }

    /// The likeness to itself that a thing keeps where it only lies there, and the share of its pixels that may differ from
    /// the look before, beyond that of what is around it (a camera that shakes, rain).
    private static let stillLikeness = 0.85
    private static let mostStirred = 0.25
    /// Looks of the last five that may give cause for doubt.
    static let mostDoubtfulLooks = 1

    /// Height to width from which something may be somebody who stands, whom the detector misses in rain or by night, and
    /// the seconds for which nobody stands so still that they keep looking the same.
    private static let upright = 2.5
    private static let longestStill = 60.0

    /// Whether it is as upright as somebody who stands, and has not lain there for longer than anybody stands still.
    func mayStand(_ candidate: Candidate, at time: MediaTime) -> Bool {
        let box = candidate.object.box
        return box.height * aspect >= Self.upright * box.width && time - candidate.object.since < Self.longestStill
    }

    func stirs(_ candidate: Candidate, in model: BackgroundModel) -> Bool {
        guard
            GreyImage(model.view.luma).patch(in: candidate.object.box).likeness(candidate.appearance)
                < Self.stillLikeness
        else { return false }
        var own = Plane(width: model.width, height: model.height)
        model.mark(candidate.object.box.grown(by: 0.5), in: &own)
        for pixel in candidate.pixels { own.values[pixel] = 2 }
        var (inside, around) = ((stirred: 0, all: 0), (stirred: 0, all: 0))
        for pixel in own.values.indices where own.values[pixel] != 0 && model.hidden.values[pixel] == 0 {
            let isStirred = Int(model.stirred.values[pixel])
            if own.values[pixel] == 2 {
                inside = (inside.stirred + isStirred, inside.all + 1)
            } else {
                around = (around.stirred + isStirred, around.all + 1)
            }
        }
        return Double(inside.stirred) / Double(max(1, inside.all))
            > Double(around.stirred) / Double(max(1, around.all)) + Self.mostStirred
    }
}
