import Analytics
public import Domain
public import Foundation
public import Inference
import Threading
public import Video

/// Makes the evidence pictures: masks faces and plates, crops, writes the caption, encodes.
///
/// Owns the masking networks, on a thread of its own, for all cameras. Its output is always masked: a picture that
/// cannot be masked is withheld.
public actor EvidenceMaker {
    /// Margin around a face and a plate, as a share of its size.
    static let faceMargin = 0.25
    static let plateMargin = 0.15
    /// Least width (pixels) and contrast (luma levels) of a plate that is shown. Measured in docs/evidence.md.
    static let readable = (width: 60, contrast: 8.0)
    /// Margin around the plate in its picture, as a share of its size.
    private static let plateFrame = 0.5
    /// JPEG qualities of a picture for a page, in the order in which they are tried.
    private static let stillQualities = [4, 8, 14, 22, 31]
    /// JPEG quality of views kept in memory, which are encoded a second time.
    private static let keptQuality = 3

    /// The faces and plates found in a picture.
    private struct Findings {
        let faces: [Box]
        let plates: [ScoredBox]
    }

    /// Identifies a picture that was already searched.
    private enum Picture {
        case frame(Frame)
        case compressed(Task<[UInt8], any Error>)
        case key(KeyPicture)

        var isFrame: Bool { if case .frame = self { true } else { false } }

        static func == (one: Picture, other: Picture) -> Bool {
            switch (one, other) {
            case (.frame(let one), .frame(let other)): one === other
            case (.compressed(let one), .compressed(let other)): one == other
            case (.key(let one), .key(let other)): one === other
            default: false
            }
        }
    }

    /// What finds faces and plates: some 130 MiB once it has run.
    private struct Networks: ~Copyable {
        var faces: FaceDetector
        var plates: PlateDetector

        init(_ masking: MaskingModels, _ engines: InferenceEngines) throws {
            let (face, plate) = try masking.named()
            let faces = try FaceDetector(model: face, engines: engines)
            plates = try PlateDetector(model: plate, engines: engines)
            self.faces = faces
        }
    }

    private let thread = DedicatedThread(name: "evidence")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Why masking is impossible; nil where it works.
    public nonisolated let fault: String?
    /// Whether captions can be written in Chinese; nil where there is no font at all.
    public nonisolated let captionIsChinese: Bool?
    private var quality: Int
    private let font: CaptionFont?
    private let masking: MaskingModels
    private let engines: InferenceEngines
    private let idle: Duration
    /// Nil while nobody needs them.
    private var networks: Networks?
    /// Lets them go.
    private var resting: Task<Void, Never>?
    /// The last searched pictures: several incidents may open in one look, and have begun in one.
    private var searched: [(picture: Picture, vehicles: [Box], findings: Findings)] = []
    private static let mostSearched = 8
    /// Number of searches for faces and plates, which are most of the work.
    private(set) var searches = 0
    private nonisolated let compressor = FrameCompressor()

    /// Sets the JPEG quality from now on.
    public func adopt(quality: Int) { self.quality = quality }

    /// Tries the masking networks, and loads them when there is something to mask. If one is unavailable, every picture is
    /// withheld.
    ///
    /// - Parameters:
    ///   - quality: libavcodec's JPEG scale, 2 (best) … 31.
    ///   - engines: the available ones.
    ///   - idle: how long they are kept after the last picture.
    public init(
        masking: MaskingModels, quality: Int = 4, engines: InferenceEngines = .standard, idle: Duration = .seconds(60)
    ) {
        (self.masking, self.engines, self.idle) = (masking, engines, idle)
        self.quality = quality
        let font = CaptionFont()
        self.font = font
        captionIsChinese = font?.isChinese
        do {
            _ = try Networks(masking, engines)
            fault = nil
        } catch {
            fault = "\(error)"
        }
    }

    /// Encodes a frame that may be needed later; the result remains in memory. Does not wait for pictures that are
    /// being masked.
    public nonisolated func compress(_ frame: Frame) async throws -> [UInt8] {
        try await compressor.compress(frame, quality: Self.keptQuality)
    }

    /// The masked pictures of an incident, and that of the plate where the profile includes it and it is readable.
    ///
    /// - Parameters:
    ///   - caption: the lines for a picture taken at a given time.
    /// - Throws: `EvidenceWithheld`; then nothing may be shown.
    public func images(
        of views: [EvidenceView], incident: Incident, profile: PrivacyProfile,
        caption: @Sendable (Date) -> [String]
    ) async throws -> [EvidenceImage] {
        if let fault { throw EvidenceWithheld(reason: fault) }
        do {
            var images: [EvidenceImage] = []
            for view in views {
                images += try self.images(
                    of: view, frame: try await frame(of: view), incident: incident, profile: profile,
                    caption: caption(view.taken))
            }
            return images
        } catch let error as EvidenceWithheld { throw error } catch { throw EvidenceWithheld(reason: "\(error)") }
    }

    /// The whole view, with every face and every plate masked.
    ///
    /// - Parameters:
    ///   - vehicles: in shares of the picture, where plates are searched at full resolution.
    ///   - caption: the lines below it.
    /// - Throws: `EvidenceWithheld`; then nothing may be shown.
    public func snapshot(of frame: Frame, vehicles: [Box], caption: [String]) throws -> EvidenceImage {
        if let fault { throw EvidenceWithheld(reason: fault) }
        do {
            let canvas = try Canvas(frame.whole())
            let findings = try search(.frame(frame), canvas, vehicles)
            Self.mask(canvas, faces: findings.faces, plates: findings.plates.map(\.box), but: nil)
            return try image(.snapshot, canvas, caption, taken: frame.date)
        } catch let error as EvidenceWithheld { throw error } catch { throw EvidenceWithheld(reason: "\(error)") }
    }

    /// The whole view for a page, with every face and every plate masked, as a JPEG without a caption. They are searched in
    /// the frame as it is given, and only then it is shrunk to what is shown.
    ///
    /// - Parameters:
    ///   - vehicles: in shares of the picture, where plates are searched at full resolution.
    ///   - width: pixels; a narrower frame stays as it is.
    ///   - most: bytes, as far as the coarsest quality allows.
    /// - Throws: `EvidenceWithheld`; then nothing may be shown.
    public func still(of frame: Frame, vehicles: [Box], width: Int, atMost most: Int) throws -> [UInt8] {
        if let fault { throw EvidenceWithheld(reason: fault) }
        do {
            let canvas = try Canvas(frame)
            let findings = try find(canvas, vehicles)
            Self.mask(canvas, faces: findings.faces, plates: findings.plates.map(\.box), but: nil)
            let small = try Canvas(canvas, width: width)
            var jpeg: [UInt8] = []
            for quality in Self.stillQualities {
                jpeg = try JPEG.encode(small, quality: quality)
                if jpeg.count <= most { break }
            }
            return jpeg
        } catch let error as EvidenceWithheld { throw error } catch { throw EvidenceWithheld(reason: "\(error)") }
    }

    private func frame(of view: EvidenceView) async throws -> Frame {
        switch view.source {
        case .frame(let frame): frame
        case .compressed(let jpeg): try JPEG.decode(try await jpeg.value, date: view.taken)
        case .key(let key): try key.frame(date: view.taken)
        }
    }

    private func images(
        of view: EvidenceView, frame: Frame, incident: Incident, profile: PrivacyProfile, caption: [String]
    ) throws -> [EvidenceImage] {
        let canvas = try Canvas(frame)
        let picture: Picture =
            switch view.source {
            case .frame(let frame): .frame(frame)
            case .compressed(let task): .compressed(task)
            case .key(let key): .key(key)
            }
        let findings = try search(picture, canvas, view.vehicles)
        let own = Self.ownPlate(findings.plates, incident: incident, vehicles: view.vehicles, profile: profile)
        Self.mask(canvas, faces: findings.faces, plates: findings.plates.map(\.box), but: own)
        let shown = try view.part.map { try Canvas(canvas, part: $0) } ?? Canvas(canvas, part: .whole)
        var images = [try image(view.role, shown, caption, taken: view.taken)]
        if view.role == .closeUp, let own, Self.isReadable(own, on: canvas) {
            let part = try Canvas(canvas, part: own.grown(by: Self.plateFrame))
            images.append(try image(.plate, part, caption, taken: view.taken))
        }
        for index in images.indices { images[index].isDetail = view.isDetail }
        return images
    }

    private func image(
        _ role: EvidenceImage.Role, _ picture: consuming Canvas, _ caption: [String], taken: Date
    ) throws -> EvidenceImage {
        let whole = try Caption.under(picture, caption, font: font)
        return EvidenceImage(role: role, jpeg: try JPEG.encode(whole, quality: quality), taken: taken)
    }

    private func search(_ picture: Picture, _ canvas: borrowing Canvas, _ vehicles: [Box]) throws -> Findings {
        if let known = searched.first(where: { $0.picture == picture && $0.vehicles == vehicles }) {
            return known.findings
        }
        let findings = try find(canvas, vehicles)
        searched.append((picture, vehicles, findings))
        // A frame is large: one is enough.
        if picture.isFrame { searched.removeAll { $0.picture.isFrame && !($0.picture == picture) } }
        if searched.count > Self.mostSearched { searched.removeFirst() }
        return findings
    }

    private func find(_ canvas: borrowing Canvas, _ vehicles: [Box]) throws -> Findings {
        searches += 1
        let colours = try ColourPicture(canvas)
        // Taken out, so that what fails is loaded anew.
        var networks = try self.networks.take() ?? Networks(masking, engines)
        let faces = try networks.faces.faces(in: colours)
        let plates = try networks.plates.plates(in: colours, vehicles: vehicles)
        self.networks = consume networks
        restLater()
        return Findings(faces: faces.map(\.box), plates: plates)
    }

    /// Whether the networks are in memory.
    var isReady: Bool { networks != nil }

    private func restLater() {
        resting?.cancel()
        resting = Task { [weak self, idle] in
            do { try await Task.sleep(for: idle) } catch { return }
            await self?.rest()
        }
    }

    private func rest() { networks = nil }

    /// Masks all faces, and all plates but one.
    static func mask(_ canvas: borrowing Canvas, faces: [Box], plates: [Box], but own: Box?) {
        for plate in plates {
            // The same plate may have been found twice.
            if let own, plate.covered(by: own) > 0.5 || own.covered(by: plate) > 0.5 { continue }
            canvas.obscure(plate.grown(by: plateMargin))
        }
        for face in faces { canvas.obscure(face.grown(by: faceMargin)) }
    }

    /// The plate of the vehicle in question where that is certain; nil where the profile hides all plates.
    static func ownPlate(
        _ plates: [ScoredBox], incident: Incident, vehicles: [Box], profile: PrivacyProfile
    ) -> Box? {
        let object = incident.object
        guard profile == .plate, object.objectClass.isPlated else { return nil }
        let others = vehicles.filter { $0.iou(object.box) < 0.5 }
        return plates.filter { plate in
            plate.box.covered(by: object.box.grown(by: 0.1)) > 0.8
                && !others.contains { plate.box.covered(by: $0.grown(by: 0.1)) > 0.5 }
        }.max { $0.score < $1.score }?.box
    }

    /// Whether it is large and clear enough for a person to read.
    static func isReadable(_ plate: Box, on canvas: borrowing Canvas) -> Bool {
        let area = PixelBox(plate, width: canvas.width, height: canvas.height)
        return area.width >= readable.width && canvas.contrast(of: area) >= readable.contrast
    }
}
