/// What evidence of a kind may show.
public enum PrivacyProfile: String, Sendable, Codable, CaseIterable {
    /// Faces and plates are blurred.
    case maskAll = "mask_all"
    /// Faces are blurred; only the plate of the vehicle in question stays.
    case plate
}
