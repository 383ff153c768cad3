import Analytics
import Contract
import Domain
import Foundation
import Inference
import Video

/// The published state of one camera: whether its stream arrives, whether it can see, and whether its clock is right.
///
/// Updated by the stream and by the looks; returns a report at each change.
actor CameraStatus {
    /// The period over which `looks_per_second` is averaged, in seconds.
    private static let window = 60.0
    /// Seconds for which a warning remains in the state after its cause.
    private static let warningLasts = 600.0
    /// The reason of a camera that is a file and was read to its end.
    static let fileEnded = "the file has ended"
    /// Change of the camera's clock against ours, in seconds, that is reported.
    private static let offsetMoves = 1.0

    /// Of a picture, in pixels.
    struct Size: Equatable, CustomStringConvertible {
        let width: Int
        let height: Int

        var description: String { "\(width)x\(height)" }
    }

    private let camera: CameraIdentity
    private let site: SiteIdentity
    private var stream: CameraState?
    private var fault: CameraFault?
    private var clock = ClockWatch()
    private var warned: (text: String, at: MediaTime)?
    private var size: Size?
    private var picture: CameraReport.Picture?
    /// Remarks that hold as long as the stream is unchanged.
    private var remarks: [String] = []
    private var preset: String?
    private var looks: [Double] = []
    private var blind = BlindTime()
    private var dates: (time: MediaTime, date: Date)?
    private var published: CameraReport?

    init(camera: CameraIdentity, site: SiteIdentity) {
        self.camera = camera
        self.site = site
    }

    /// The stream has changed its state; returns the report to publish, nil where nothing has changed for a subscriber.
    func stream(_ state: CameraState, at date: Date) -> CameraReport? {
        // A further attempt changes nothing; the first one cannot be told from it.
        if state == .connecting { return nil }
        stream = state
        if state != .online { blind.interrupt() }
        return changed(at: date)
    }

    /// A look has been taken.
    ///
    /// - Parameters:
    ///   - size: as displayed.
    ///   - preset: the camera's current one; nil where it has none, or shows none of them.
    ///   - remarks: see `Frame.remarks`.
    func looked(
        _ judgement: ViewJudgement, at time: MediaTime, size: Size, date: Date, moment: ClockMoment?,
        picture: CameraReport.Picture? = nil, preset: String? = nil, remarks: [String] = []
    ) -> CameraReport? {
        (self.picture, self.preset, self.remarks) = (picture, preset, remarks)
        // A picture that was still waiting when the stream broke does not mean that it is back.
        if stream == nil { stream = .online }
        blind.add(judgement, at: time)
        looks.append(time.seconds)
        looks.removeAll { $0 < time.seconds - Self.window || $0 > time.seconds }
        fault = judgement.fault
        dates = (time, date)
        if let old = self.size, old != size {
            warned = ("the picture's size changed from \(old) to \(size); check that the zones still fit", time)
        }
        self.size = size
        if let step = moment.flatMap({ clock.step($0, at: time) }) { warned = (step.description, time) }
        if let warned, time - warned.at > Self.warningLasts { self.warned = nil }
        return changed(at: date)
    }

    private func changed(at date: Date) -> CameraReport? {
        var report = CameraReport(camera: camera, site: site, state: .online, at: date)
        switch stream {
        case nil, .connecting: return nil
        case .offline(let reason): (report.state, report.reason) = (.offline, reason)
        case .ended: (report.state, report.reason) = (.offline, Self.fileEnded)
        case .online:
            if let fault {
                report.state = CameraReport.State(fault.kind)
                report.fault = fault.kind.rawValue
                report.reason = fault.why
                report.since = dates.map { text($0.date.addingTimeInterval(fault.since - $0.time)) }
            }
            report.warning = warned?.text ?? (remarks.isEmpty ? nil : remarks.joined(separator: "; "))
            report.picture = picture
            report.preset = preset
        }
        report.clockOffsetMilliseconds = clock.offset.map { Int(($0 * 1000).rounded()) }
        // Constantly changing values are not a change by themselves.
        let isSame =
            report.state == published?.state && report.fault == published?.fault
            && report.warning == published?.warning && report.picture == published?.picture
            && report.preset == published?.preset
            && (report.state != .offline || report.reason == published?.reason)
            && !isNews(report.clockOffsetMilliseconds)
        guard !isSame else { return nil }
        report.blindSeconds = (blind.seconds * 10).rounded() / 10
        report.looksPerSecond = looksPerSecond
        published = report
        return report
    }

    /// The camera's clock minus ours, in seconds; nil where unknown.
    var clockOffset: Double? { clock.offset }

    private func isNews(_ offset: Int?) -> Bool {
        guard let offset else { return false }
        guard let told = published?.clockOffsetMilliseconds else { return true }
        return abs(Double(offset - told)) > Self.offsetMoves * 1000
    }

    private var looksPerSecond: Double? {
        guard stream == .online, let first = looks.first, let last = looks.last, last > first else { return nil }
        return (Double(looks.count - 1) / (last - first) * 100).rounded() / 100
    }

    private func text(_ date: Date) -> String { CameraReport.text(date, camera) }
}

extension CameraReport.State {
    /// As grouped by the contract: a camera that cannot see is `blind`.
    init(_ kind: CameraFault.Kind) {
        switch kind {
        case .frozen: self = .frozen
        case .moved: self = .moved
        case .black, .covered, .outOfFocus: self = .blind
        }
    }
}

extension CameraReport.Picture {
    /// - Parameter zones: those watched for parking, and how well they are seen.
    init(_ shape: PictureShape, model: DetectionModel? = nil, zones: [CameraReport.Zone]? = nil) {
        let input = model?.input(width: shape.width, height: shape.height)
        self.init(
            stored: [shape.storedWidth, shape.storedHeight], shown: [shape.width, shape.height],
            shape: shape.origin.rawValue, input: input.map { [$0.width, $0.height] }, zones: zones)
    }
}
