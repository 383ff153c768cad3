import Analytics
import Domain
import Pipeline
import Video

/// Draws the pipeline's results: zones blue, detections grey, pending objects yellow, violations red.
struct Annotator: ~Copyable {
    private let path: String
    private let zones: [Polygon]
    private var writer: VideoWriter?
    private var size = (width: 0, height: 0)

    init(path: String, zones: [Polygon]) {
        self.path = path
        self.zones = zones
    }

    mutating func add(_ frame: Frame, _ look: CameraPipeline.Look) throws {
        let canvas = try Canvas(frame)
        if writer == nil {
            writer = try VideoWriter(path: path, width: canvas.width, height: canvas.height)
            size = (canvas.width, canvas.height)
        }
        // A video has one size; pictures after a change of resolution are left out.
        guard size == (canvas.width, canvas.height) else { return }
        let thickness = max(2, canvas.width / 320)
        for zone in zones { canvas.draw(zone, .blue, thickness: thickness) }
        for detection in look.detections { canvas.draw(detection.box, .grey, thickness: thickness / 2) }
        for finding in look.findings {
            switch finding.phase {
            case .pending: canvas.draw(finding.object.box, .yellow, thickness: thickness)
            case .standing, .hidden: canvas.draw(finding.object.box, .red, thickness: thickness * 2)
            case .ended: canvas.draw(finding.object.box, .green, thickness: thickness)
            }
        }
        try writer?.add(canvas, at: look.time.seconds)
    }

    mutating func finish() throws { try writer?.finish() }
}
