/// Why the pictures of an incident are those of the watched stream although its camera has a main stream.
///
/// The raw value is the label of the metric. The text goes into alerts: it names no address and repeats nobody's words.
enum DetailFault: String, Error, Sendable, CaseIterable, CustomStringConvertible {
    /// No picture within the time.
    case late
    /// Too many main streams were open for as long.
    case crowded
    case unreachable = "failed"
    /// Its picture cannot be compared or searched.
    case unusable
    case otherView = "other_view"
    /// Too little can be made out to compare the views.
    case unclear
    /// Its picture has fewer pixels than the look's.
    case smaller
    /// The object is hidden in it, or has left.
    case gone
    /// The views that wait take all of their memory.
    case noRoom = "no_room"
    case stopping

    var description: String { "pictures are of the watched stream: \(reason)" }

    private var reason: String {
        switch self {
        case .late: "the main stream gave none within \(DetailPictures.limit.components.seconds) s"
        case .crowded: "too many main streams were open"
        case .unreachable: "the main stream could not be opened or read"
        case .unusable: "the main stream's picture could not be used"
        case .otherView: "the main stream shows another view"
        case .unclear: "too little can be made out to compare the main stream's view with"
        case .smaller: "the main stream's pictures are smaller"
        case .gone: "it was hidden or gone when the main stream's picture was taken"
        case .noRoom: "too many pictures waited to be made"
        case .stopping: "the service was stopping"
        }
    }
}
