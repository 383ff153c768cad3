import Analytics
import Domain

/// A picture of the main stream beside that of the look: whether it may stand in for it.
///
/// Zones and boxes are shares of the picture. Whether the shares are those of the same places, the pictures themselves
/// tell: a picture that is squeezed into another shape still fits, one that is cut to it does not.
struct DetailComparison {
    /// A small picture, and the shape of the one that it was made of, as shown.
    struct Side: Sendable {
        let small: GreyImage
        let width: Int
        let height: Int

        var ratio: Double { Double(width) / Double(max(1, height)) }
    }

    /// Share by which shapes may differ unsaid.
    static let tolerance = 0.02
    /// Least likeness of an object's place, as where it is tracked.
    private static let samePlace = StationaryObjectTracker.Settings().likeness

    private let look: Side
    private let detail: Side
    /// Why the picture may not be used; nil where it shows the same view.
    let fault: DetailFault?

    init(look: Side, detail: Side) {
        (self.look, self.detail) = (look, detail)
        fault =
            switch SameView.isSame(look.small, detail.small) {
            case true?: detail.width * detail.height < look.width * look.height ? .smaller : nil
            case false?: .otherView
            case nil: .unclear
            }
    }

    /// What an operator should know; nil where there is nothing.
    var remark: String? {
        var parts: [String] = []
        if abs(detail.ratio / look.ratio - 1) > Self.tolerance {
            parts.append(
                "its main stream (detail_url) has pictures of another shape, \(detail.width)x\(detail.height) beside "
                    + "\(look.width)x\(look.height) of url: set the same shape at the camera, or aspect")
        }
        switch fault {
        case .otherView:
            parts.append(
                "its main stream (detail_url) does not show what url shows, and gives no evidence: check that both are "
                    + "of the same camera, and cut alike")
        case .smaller:
            parts.append(
                "its main stream (detail_url) has smaller pictures than url, and gives no evidence: check which is which"
            )
        default: break
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    /// Whether it still stands where it stood at the look; true for what has no constant look.
    func shows(_ object: Incident.Object) -> Bool {
        switch object.objectClass {
        case .person, .stall, .smoke, .fire, .water, .crowd: return true
        default:
            let place = look.small.patch(in: object.box)
            return detail.small.likeness(of: object.box, to: place, atLeast: Self.samePlace).value >= Self.samePlace
        }
    }
}
