import Contract

/// What the writing thread knows between two batches.
struct IngestState {
    var streams = SiteStreams()
    /// Whose messages are taken in.
    var held = Leases.Held(session: -1)
    var cameras = CameraCache()
    var refusals: Refusals
    var watch = SiteWatch()
    let reader: IncomingReader
    let packer: MessagePacker
    /// By which broker a site was last heard of.
    var homes: [String: Int] = [:]
    /// Sites that were known before they came to us and are to be asked how far they have come.
    var unasked: [String] = []
    /// What was last complained of.
    var complaint: String?
    /// When old things were last looked for.
    var pruned = 0.0

    init(refusals: Refusals, reader: IncomingReader, packer: MessagePacker) {
        (self.refusals, self.reader, self.packer) = (refusals, reader, packer)
    }

    /// Whether what a message says is to be written here. Of pictures everybody writes that they came.
    func takes(_ incoming: Incoming) -> Bool {
        incoming.site.map { held.shares.contains(Leases.share(of: $0)) } ?? true
    }

    mutating func adopt(_ writer: BatchWriter) {
        (streams, cameras, refusals, watch) = (writer.streams, writer.cameras, writer.refusals, writer.watch)
        streams.adopt()
        cameras.adopt()
        refusals.written()
    }

    /// By site, what is missing and not given up.
    var missing: [String: Int64] {
        streams.all.reduce(into: [:]) { if $1.book.missing > 0 { $0[$1.row.id, default: 0] += $1.book.missing } }
    }
}

extension Incoming {
    /// The site that it is of; nil where it does not say.
    var site: String? {
        switch what {
        case .alert(let record, _): record.site
        case .site(let report): report.site
        case .camera(let report): report.site
        case .reply(let reply): reply.site
        case .picture, .emptied, .answer, .repeated: nil
        }
    }
}
