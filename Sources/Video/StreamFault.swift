/// What is wrong with a stream, for whoever says it in words of his own. The texts of a `VideoError` say more, in English.
package enum StreamFault: String, Sendable, CaseIterable {
    /// The address is none that can be asked.
    case address
    /// Nobody knows the host's name.
    case noName = "no_name"
    /// The host is there, and nothing listens at the port.
    case refused
    /// There is no way to the host.
    case unreachable
    /// No answer in time.
    case silent
    /// What answers does not speak RTSP.
    case notRTSP = "not_rtsp"
    case hungUp = "hung_up"
    /// It asks for user and password, and there are none.
    case needsLogin = "needs_login"
    /// It refuses user and password.
    case wrongLogin = "wrong_login"
    /// It asks for them in a way that is not known.
    case loginMethod = "login_method"
    /// Its user may not see this stream.
    case forbidden
    /// It has no stream at this path.
    case noStream = "no_stream"
    /// It serves no more viewers.
    case busy
    /// It refuses for another reason.
    case declined
    /// It sends its caller to another host.
    case elsewhere
    /// It sends over another transport than it was asked for.
    case transport
    /// It agrees to play and sends nothing.
    case noPackets = "no_packets"
    /// Nothing at this address is a video that is taken.
    case noVideo = "no_video"
    /// Its pictures are too large.
    case tooLarge = "too_large"
    /// It sends no key frames.
    case noKeyFrames = "no_key_frames"
    /// It sends pictures, and none of them is whole.
    case noPicture = "no_picture"
    /// Its certificate is not vouched for, or the encryption fails.
    case encryption
    /// The stream has ended.
    case ended
    /// The caller has ended it.
    case stopped
    case other
}
