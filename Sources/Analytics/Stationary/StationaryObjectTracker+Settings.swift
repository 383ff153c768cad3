extension StationaryObjectTracker {
    /// How alike pictures and boxes must be to show the same object, a hidden one, or none.
    public struct Settings: Sendable {
        /// A detection of at least this score may start a stationary object; a weaker one only continues it.
        public var birthScore: Double = 0.35
        /// Least overlap (IoU) between an object's box and a detection of the same object: with equal sizes, a drift of
        /// about a quarter of the box's own width.
        public var overlap: Double = 0.55
        /// Least likeness of pictures that show the same object.
        public var likeness: Double = 0.7
        /// The same with a detection of the same size there: a hard shadow across a vehicle lowers the likeness about
        /// as far, another vehicle in the same slot lowers it further.
        public var detectedLikeness: Double = 0.45
        /// Least overlap (IoU) of two boxes around one standing object, whatever its appearance.
        var sameBox: Double = 0.8
        /// Likeness of an unchanged appearance, and the number of looks after which a new one becomes the usual one.
        var steady = (likeness: 0.85, looks: 5)
        /// Below both, the place holds another object after an outage, or none. Of eight real vehicles in one another's
        /// places 89 % were recognised so, of the same ones in seven lights none.
        var another = (likeness: 0.6, structure: 0.45)
        /// How many times farther from the appearance with the object (1 − likeness) than from the appearance before it
        /// a place must be to count as empty again. For one object in two looks both distances are noise.
        var asBefore: Double = 3
        /// Least structure of the whole picture before and after an outage for its places to be comparable: another
        /// hour or hard light leave 0.7 and more, infra-red after daylight less than 0.6.
        var comparable: Double = 0.65
        /// The share of a place that must be covered for it to be hidden.
        public var cover: Double = 0.2
        /// The share from which nearly all of a place is hidden: its appearance is then that of the occluder.
        var fullCover: Double = 0.8
        /// Share of an object's texture that shows that it is partly hidden, not gone.
        var remainder: Double = 0.5
        /// Up to this share of its uncovered parts an object is gone: one part in eight matches by chance.
        var leastRemains: Double = 0.125
        /// Least overlap (IoU) of a differently drawn box around an object that the picture still shows.
        var looseOverlap: Double = 0.35
        /// Share of the whole picture that differs when lamps, infra-red or headlights change it at once.
        var otherView: Double = 0.6
        /// Consecutive looks that must agree that a place is empty; the larger number for an object that stood for
        /// long.
        public var emptyLooks = (first: 2, long: 3)

        public init() {}
    }
}
