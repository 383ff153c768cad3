import Contract
import Store

/// Writes a status in Prometheus's text format 0.0.4.
struct PrometheusText {
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    private enum Kind: String { case counter, gauge }
    private typealias Sample = (labels: [(String, String)], value: Double)

    private(set) var text = ""

    init(_ status: SiteStatus) {
        add(
            "gridwarden_info", .gauge, "What runs.",
            [([("site", status.site), ("software", status.software), ("model", status.model)], 1)])
        add("gridwarden_broker_connected", .gauge, "1 while the broker is connected.", status.brokerConnected ? 1 : 0)
        add(
            "gridwarden_broker_refuses", .gauge, "1 while the broker refuses a message and all others wait behind it.",
            status.blocked == nil ? 0 : 1)
        addCameras(status.cameras)
        if let looks = status.looks { addLooks(looks) }
        addOutbox(status.outbox)
        addSinks(status.sinks ?? [])
        addReviews(status.reviews)
        add(
            "gridwarden_evidence_withheld_total", .counter, "How often the pictures of an incident were withheld.",
            Double(status.evidenceWithheld))
        if let evidence = status.evidence { addEvidence(evidence) }
        if let writing = status.writing { addWriting(writing) }
        add(
            "process_cpu_seconds_total", .counter, "Processor time, user and system.", status.processorSeconds)
        if let bytes = status.residentBytes {
            add("process_resident_memory_bytes", .gauge, "Memory that is resident.", Double(bytes))
        }
    }

    private mutating func addSinks(_ sinks: [SinkReport]) {
        guard !sinks.isEmpty else { return }
        func each(_ value: (SinkReport) -> Double?) -> [Sample] {
            sinks.compactMap { sink in value(sink).map { ([("sink", sink.name)], $0) } }
        }
        add(
            "gridwarden_sink_waiting_messages", .gauge, "Messages that a sink beside the broker is not done with.",
            each { $0.waiting.map(Double.init) })
        add(
            "gridwarden_sink_troubled", .gauge,
            "1 while a sink takes nothing, or refuses a message that others wait for.",
            each { $0.waiting == nil ? nil : $0.trouble == nil ? 0 : 1 })
        add(
            "gridwarden_sink_missed_messages", .gauge, "Messages that had to make room before a sink had them.",
            each { $0.waiting == nil ? nil : Double($0.missedMessages) })
        add(
            "gridwarden_sink_dead_letters", .gauge, "Messages that a sink has refused for good, kept by name.",
            each { Double($0.deadLetters ?? 0) })
    }

    private mutating func addCameras(_ cameras: [SiteStatus.Camera]) {
        func each(_ value: (SiteStatus.Camera) -> Double?) -> [Sample] {
            cameras.compactMap { camera in value(camera).map { ([("camera", camera.id)], $0) } }
        }
        add(
            "gridwarden_camera_looks_total", .counter, "Pictures that were looked at.", each { Double($0.looks) })
        add(
            "gridwarden_camera_inferences_total", .counter, "Runs of the detector.", each { Double($0.inferences) })
        add(
            "gridwarden_camera_pictures_total", .counter, "Pictures that were decoded.", each { Double($0.pictures) })
        add(
            "gridwarden_camera_dropped_pictures_total", .counter, "Decoded pictures that a newer one replaced.",
            each { Double($0.droppedPictures) })
        add(
            "gridwarden_camera_last_look_age_seconds", .gauge, "Since the last look; absent before the first one.",
            each { $0.secondsSinceLook })
        add(
            "gridwarden_camera_open_incidents", .gauge, "Incidents that are open.", each { Double($0.openIncidents) })
        add(
            "gridwarden_camera_clock_offset_seconds", .gauge,
            "The camera's clock minus this computer's; absent where the camera does not tell it.",
            each { $0.clockOffsetSeconds })
        add(
            "gridwarden_zone_blind_seconds_total", .counter, "How long a zone was not seen as promised.",
            cameras.flatMap { camera in
                (camera.zones ?? []).map { ([("camera", camera.id), ("zone", $0.id)], $0.blindSeconds) }
            })
        add(
            "gridwarden_camera_detail_pictures_total", .counter,
            "How often an incident wished for pictures of the main stream, by what became of it.",
            cameras.flatMap { camera in
                (camera.detailPictures ?? []).map {
                    ([("camera", camera.id), ("outcome", $0.outcome)], Double($0.count))
                }
            })
        let states = ["connecting"] + CameraReport.State.allCases.map(\.rawValue)
        add(
            "gridwarden_camera_state", .gauge, "1 for the state that the camera is in.",
            cameras.flatMap { camera in
                states.map { ([("camera", camera.id), ("state", $0)], camera.state == $0 ? 1 : 0) }
            })
    }

    private mutating func addLooks(_ looks: SiteStatus.Looks) {
        add(
            "gridwarden_looks_needed_total", .counter, "Looks without which a promise would have been broken.",
            Double(looks.needed))
        add(
            "gridwarden_looks_late_total", .counter, "Those of them that came too late, or not at all.",
            Double(looks.late))
        add(
            "gridwarden_shedding", .gauge, "1 for a kind that no look is promised for at the moment.",
            looks.shedding.map { ([("kind", $0)], 1) })
    }

    private mutating func addOutbox(_ outbox: SiteStatus.Outbox) {
        add(
            "gridwarden_messages_written_total", .counter, "Messages that were ever written to the outbox.",
            Double(outbox.lastSequence))
        add(
            "gridwarden_outbox_messages", .gauge, "Messages that the outbox holds.",
            [
                ([("state", "undelivered")], Double(outbox.undelivered)),
                ([("state", "delivered")], Double(outbox.delivered)),
            ])
        add("gridwarden_outbox_bytes", .gauge, "Bytes of these messages.", Double(outbox.bytes))
        add(
            "gridwarden_outbox_oldest_undelivered_age_seconds", .gauge,
            "Age of the oldest message that no broker has; 0 where there is none.",
            outbox.oldestUndeliveredSeconds ?? 0)
        add("gridwarden_open_incidents", .gauge, "Incidents that are open.", Double(outbox.openIncidents))
    }

    private mutating func addEvidence(_ evidence: SiteStatus.Evidence) {
        add(
            "gridwarden_evidence_bytes", .gauge, "Bytes of pictures and messages that are kept as evidence.",
            Double(evidence.bytes))
        add("gridwarden_evidence_budget_bytes", .gauge, "So many may be kept.", Double(evidence.budgetBytes))
        add(
            "gridwarden_evidence_evicted_incidents_total", .counter,
            "Incidents whose evidence went before its time because the budget was spent.",
            Double(evidence.evictedIncidents))
        add(
            "gridwarden_evidence_evicted_bytes_total", .counter, "Bytes of that evidence.",
            Double(evidence.evictedBytes))
        add(
            "gridwarden_evidence_folder_losses_total", .counter,
            "How often the evidence folder was deleted or moved while the service ran.",
            Double(evidence.folderLosses ?? 0))
    }

    private mutating func addWriting(_ writing: SiteStatus.Writing) {
        add(
            "gridwarden_disk_refuses", .gauge, "1 while the disk does not take what is written.",
            writing.refused == nil ? 0 : 1)
        add(
            "gridwarden_changes_waiting", .gauge, "Changes of incidents that wait in memory for the disk.",
            Double(writing.waiting))
        add(
            "gridwarden_evidence_waiting", .gauge, "Incidents whose pictures are still to be made.",
            Double(writing.pictures))
        add(
            "gridwarden_evidence_waiting_bytes", .gauge, "Bytes of the views that these need, in memory.",
            Double(writing.pictureBytes))
    }

    private mutating func addReviews(_ reviews: [SiteStatus.Reviews]) {
        add(
            "gridwarden_reviewed_incidents", .gauge, "Reviewed incidents, each by its newest verdict.",
            reviews.flatMap { tally in
                [("right", tally.right), ("wrong", tally.wrong), ("undecided", tally.open)].map { verdict, count in
                    ([("camera", tally.camera), ("kind", tally.kind), ("verdict", verdict)], Double(count))
                }
            })
        add(
            "gridwarden_precision_ratio", .gauge, "The share of judged alerts that were right, 0 to 1.",
            reviews.compactMap { tally in
                tally.precision.map { ([("camera", tally.camera), ("kind", tally.kind)], $0) }
            })
    }

    private mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        add(name, kind, help, [([], value)])
    }

    private mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        guard !samples.isEmpty else { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        for sample in samples {
            let labels = sample.labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
            text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(Self.number(sample.value))\n"
        }
    }

    /// Escapes a label value for the format.
    static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
    }
}
