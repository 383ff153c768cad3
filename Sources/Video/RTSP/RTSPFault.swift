/// Why a session with a camera could not begin or go on. Holds no credentials, and no text of the camera's own.
struct RTSPFault: Error, Equatable {
    let cause: String
    /// Nil where the usual one fits.
    var remedy: String?
    /// The camera has hung up.
    var isEnd = false
    /// Seconds for which another attempt would do harm; nil where none would.
    var rest: Double?

    init(_ cause: String, remedy: String? = nil, isEnd: Bool = false, rest: Double? = nil) {
        self.cause = cause
        self.remedy = remedy
        self.isEnd = isEnd
        self.rest = rest
    }

    static let hungUp = RTSPFault("the camera closed the connection", isEnd: true)
}
