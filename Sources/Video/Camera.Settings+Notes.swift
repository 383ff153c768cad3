extension Camera.Settings {
    /// What an operator should know although nothing of it is wrong.
    public var notes: [String] {
        var notes: [String] = []
        if url.isEncrypted, authority == nil {
            notes.append(
                "rtsps keeps others from listening, but nobody checks the camera's certificate: another device in its "
                    + "place is not noticed, and gets the password as it asks; give ca_file, or let only the cameras into "
                    + "their network")
        }
        if !url.isEncrypted, authority != nil {
            notes.append("ca_file does nothing: its address does not begin with rtsps://")
        }
        let rest = sampling.longestRest
        if sampling.longestFault > SamplingPolicy.every(seconds: 0).longestFault {
            notes.append(
                "with up to \(Int(rest.rounded(.up))) s between looks a fault of the camera is stated within "
                    + "\(Int(sampling.longestFault.rounded(.up))) s, not \(Int(SamplingPolicy.every(seconds: 0).longestFault)) s; "
                    + "lower promise or look_every where that is too late")
        }
        if let aspect {
            notes.append("its pictures are shown as \(aspect), whatever the stream says of their shape")
        }
        return notes
    }
}
