extension Camera.Settings {
    /// Looks that a fault of the camera takes until it is stated.
    private static let looks = 3.0
    /// Seconds in which it is, with looks in their usual number.
    private static let usual = 10.0

    /// What an operator should know although nothing of it is wrong.
    public var notes: [String] {
        var notes: [String] = []
        if url.isEncrypted {
            notes.append(
                "rtsps keeps others from listening, but nobody checks the camera's certificate: another device in its "
                    + "place is not noticed, and gets the password as it asks; let only the cameras into their network")
        }
        let rest = cadence.longestRest
        if rest * Self.looks > Self.usual {
            notes.append(
                "with up to \(Int(rest.rounded(.up))) s between looks a fault of the camera is stated within "
                    + "\(Int((rest * Self.looks).rounded(.up))) s, not \(Int(Self.usual)) s; lower promise or look_every "
                    + "where that is too late")
        }
        return notes
    }
}
