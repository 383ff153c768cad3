public import Domain

extension AlertKind {
    public static let fireLane = AlertKind(rawValue: "parking.fire_lane")
}

extension RuleDescriptor {
    /// A motor vehicle that stands in a fire lane. Forbidden at any hour, so there are no windows; and traffic does not
    /// wait there, so no queue is presumed unless a zone says so. More serious than parking: a vehicle in a zone with
    /// both is reported as this only.
    static let fireLane = RuleDescriptor(
        [.fireLane], fields: [.dwell, .classes, .occlusion, .queueVehicles, .queuePatience], needs: .vehicles,
        outranks: [.illegalParking], isPatient: true, replay: .standing
    ) { _ in
        ParkingSettings(dwell: 60, queueVehicles: 0)
    } make: {
        IllegalParking(kind: $0, zone: $2.zone, settings: $1, minimumScore: $2.minimumScore)
    }
}
