public import Domain

/// What the detector says about an object on the ground: verifications, and whether it is a vehicle or a person after all.
extension LeftObjectDetector {
    /// Least scores, coverage and size ratio with which a detection identifies an object. Bags are easily taken for
    /// people, but people are taller than wide, both in the picture and in the detection; a part of a bag that is seen
    /// first may be tall too.
    private static let claimScore = (tall: 0.45, person: Occluders.certainWideScore, other: 0.45)
    private static let claimCover = 0.5
    private static let claimSize = 6.0
    /// The upper part of a vehicle's box, as a share of its height: below it the box of a vehicle at an angle may show
    /// the ground at its corners.
    private static let bodyShare = 0.6

    /// The object that is due for a verification by the detector: once it has been established, and again whenever its
    /// age has doubled.
    public func due(at time: MediaTime) -> LeftObject? {
        candidates.first {
            $0.object.isThing && $0.object.isVisible && time - $0.object.since >= 2 * ($0.lookedAt ?? 0)
        }?.object
    }

    /// Takes the detections of a verification.
    public mutating func identify(_ id: Int, by detections: [Detection], at time: MediaTime) {
        guard let index = candidates.firstIndex(where: { $0.object.id == id }) else { return }
        candidates[index].lookedAt = max(1, time - candidates[index].object.since)
        if candidates[index].object.identity == .unknown { candidates[index].object.identity = .thing }
        claim(&candidates[index], detections)
    }

    /// The same objects, updated with the result of a verification.
    public func refreshed(_ objects: [LeftObject]) -> [LeftObject] {
        objects.map { object in
            var object = object
            object.identity = candidates.first { $0.object.id == object.id }?.object.identity ?? object.identity
            return object
        }
    }

    /// An object that the detector takes for a vehicle or a person is discarded, even if only one look says so.
    func claim(_ candidate: inout Candidate, _ detections: [Detection]) {
        let box = candidate.object.box
        func isTall(_ box: Box) -> Bool { box.height * aspect >= Occluders.tall * box.width }
        func least(_ detection: Detection) -> Double {
            guard detection.objectClass == .person else { return Self.claimScore.other }
            return isTall(box) && isTall(detection.box) ? Self.claimScore.tall : Self.claimScore.person
        }
        let claim = detections.first {
            $0.score >= least($0)
                && $0.objectClass.standsAndLeaves
                && box.covered(by: $0.box) >= Self.claimCover
                && ($0.box.area <= box.area * Self.claimSize || Self.isOnBody(box, of: $0))
        }
        if let claim { candidate.object.identity = .known(claim.objectClass) }
    }

    /// Whether the box ends so far above the wheels of a vehicle that it is a part of the vehicle or a reflection in
    /// it: an object on the ground before a vehicle reaches further down the picture, and one behind it is hidden.
    private static func isOnBody(_ box: Box, of detection: Detection) -> Bool {
        detection.objectClass.isMotorVehicle && box.maxY < detection.box.y + detection.box.height * bodyShare
    }
}
