import Contract
import Domain
import Foundation
import Hashing
import MQTT
import Runtime

/// A site without cameras: tells by real messages, over a real connection, what its script says; answers reviews and commands;
/// loses what the script takes from it.
actor SimulatedSite {
    /// Messages that await their acknowledgement at a time, as of a real site.
    private static let window = 20

    struct Standing {
        var incident: Incident
        let camera: Int
        let zone: ZoneIdentity
        let entry: KindEntry
        let picture: [UInt8]?
        let twin: String?
    }

    let simulation: Simulation
    let number: Int
    let site: SiteIdentity
    let cameras: [CameraIdentity]
    let script: SiteScript
    let topics: AlertTopics
    private let catalogue: Catalogue
    private let packer: Deflater?

    /// By the script's numbers; those that are under way.
    var standing: [Int: Standing] = [:]
    /// By their ids, also those that are over; for reviews.
    var numbers: [String: Int] = [:]
    var outboxes: [SimulatedOutbox]
    var troubles: [String: Int] = [:]
    var requests = 0
    var answered: [String: [UInt8]] = [:]
    var cameraStates: [Int: CameraReport.State] = [:]
    private var random: SplitMix64
    private var client: MQTTClient?
    private var reader: Task<Void, Never>?
    private var sender: Task<Void, Never>?
    private var isAway = false
    private var wakeups: AsyncStream<Void>
    private var wakeup: AsyncStream<Void>.Continuation
    private let sent: @Sendable (Int) -> Void

    /// - Parameter sent: told of each message that a broker has taken.
    init(_ simulation: Simulation, number: Int, catalogue: Catalogue, sent: @escaping @Sendable (Int) -> Void) throws {
        self.simulation = simulation
        self.number = number
        self.catalogue = catalogue
        self.sent = sent
        script = SiteScript(simulation, site: number)
        random = SplitMix64(seed: simulation.seed, part: number, 15)
        topics = simulation.topics
        let place = simulation.place(number)
        let zone = TimeZone(identifier: "Asia/Shanghai") ?? .gmt
        site = SiteIdentity(
            id: simulation.siteID(number), place: place, software: "gridwarden-simulate",
            configurationSHA256: String(repeating: "c", count: 64), catalogue: catalogue.version,
            model: .init(name: "simulated", version: "1", sha256: String(repeating: "d", count: 64)), timeZone: zone)
        cameras = (0..<max(1, simulation.cameras)).map {
            CameraIdentity(
                id: String(format: "cam-%02d", $0 + 1), name: "模拟摄像机 \($0 + 1)",
                longitude: 120.95 + Double(number) * 0.01 + Double($0) * 0.001, latitude: 31.38, place: place,
                timeZone: zone)
        }
        packer = Deflater(level: 1, dictionary: PackingDictionary.first)
        (wakeups, wakeup) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        outboxes = [SimulatedOutbox(epoch: Self.makeID(Date(timeIntervalSinceNow: script.clock), &random))]
    }

    var now: Date { Date(timeIntervalSinceNow: script.clock) }

    func makeID() -> String { Self.makeID(now, &random) }

    /// An id of version 7: the date is that of the site's clock, the rest follows from the seed.
    private static func makeID(_ now: Date, _ random: inout SplitMix64) -> String {
        let milliseconds = UInt64(max(0, now.timeIntervalSince1970 * 1000))
        let high = milliseconds << 16 | 0x7000 | random.next() & 0xFFF
        let low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
            .text
    }

    // MARK: Running

    /// Plays the script from a moment on, which is common to all sites. Returns with its last event.
    func play(from start: ContinuousClock.Instant) async throws {
        try connect()
        let reporting = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(simulation.reportEvery))
                if !Task.isCancelled { self.report() }
            }
        }
        defer { reporting.cancel() }
        for (at, event) in script.events {
            try? await Task.sleep(until: start + .seconds(at), clock: .continuous)
            guard !Task.isCancelled else { return }
            do { try await happen(event) } catch let error as MessageTooLong {
                troubles["\(error)", default: 0] += 1
            }
        }
    }

    /// Sends what is left, for so many seconds at most, and says farewell. Returns what no broker has taken.
    func finish(within seconds: Double) async -> Int {
        let deadline = ContinuousClock.now + .seconds(seconds)
        if isAway || client == nil { try? connect() }
        while outboxes[outboxes.count - 1].undelivered > 0, ContinuousClock.now < deadline {
            wakeup.yield()
            try? await Task.sleep(for: .milliseconds(50))
        }
        report()
        return outboxes[outboxes.count - 1].undelivered
    }

    /// Says that it is offline, and disconnects.
    func close() async {
        if let client, client.isConnected {
            let report = SiteReport(site, .offline, at: now)
            try? await client.publish(
                MQTTMessage(topic: topics.site(site.place, id: site.id), payload: WireJSON.bytes(report), retain: true))
        }
        await disconnect()
    }

    private func connect() throws {
        var settings = simulation.broker
        settings.clientID = "sim-\(site.id)"
        settings.sessionExpiry = 86_400
        (settings.shortestWait, settings.longestWait) = (0.2, 2)
        let (site, topics) = (site, topics)
        settings.will = {
            MQTTMessage(
                topic: topics.site(site.place, id: site.id),
                payload: WireJSON.bytes(SiteReport(site, .offline, connected: Date())), retain: true)
        }
        let client = MQTTClient(settings)
        try client.start()
        self.client = client
        isAway = false
        // Whoever is cancelled while it waits ends the stream that it waits for.
        (wakeups, wakeup) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        wakeup.yield()
        reader = Task { for await message in client.messages { self.take(message) } }
        sender = Task { await self.serve(client) }
    }

    private func disconnect() async {
        reader?.cancel()
        sender?.cancel()
        await client?.close()
        client = nil
    }

    /// Listens and tells its state with each connection, and sends while there is one.
    private func serve(_ client: MQTTClient) async {
        let watching = Task {
            for await connection in client.connections() where connection == .up { await self.begin(client) }
        }
        defer { watching.cancel() }
        for await _ in wakeups {
            while !Task.isCancelled, client.isConnected {
                guard await sendSome(client) else { break }
            }
            if Task.isCancelled { return }
        }
    }

    private func begin(_ client: MQTTClient) async {
        for channel in [AlertTopics.Channel.review, .command] {
            try? await client.subscribe(
                topics.inbound(channel, site.place, site: site.id), retainAsPublished: true, isRenewed: false)
        }
        report()
        for camera in cameras.indices { report(camera) }
        wakeup.yield()
    }

    /// Hands over a window of messages, and waits for their acknowledgements. False where nothing is left, or the connection
    /// is gone.
    private func sendSome(_ client: MQTTClient) async -> Bool {
        let box = outboxes.count - 1
        let pending = outboxes[box].pending(limit: Self.window)
        guard !pending.isEmpty else { return false }
        var receipts: [(sequence: Int64, entry: SimulatedOutbox.Entry, receipt: MQTTReceipt)] = []
        for (sequence, entry) in pending {
            guard let payload = unpacked(entry) else { continue }
            do {
                let receipt = try client.send(MQTTMessage(topic: topics.onWire(entry.topic), payload: payload))
                receipts.append((sequence, entry, receipt))
            } catch { return false }
        }
        for (sequence, entry, receipt) in receipts {
            do { try await receipt.acknowledged() } catch { return false }
            outboxes[box].deliver(sequence)
            sent(1)
            guard simulation.retains else { continue }
            publish(
                MQTTMessage(
                    topic: entry.openTopic, payload: entry.isOpen ? unpacked(entry) ?? [] : [], retain: true))
        }
        return true
    }

    func unpacked(_ entry: SimulatedOutbox.Entry) -> [UInt8]? {
        entry.payload.flatMap {
            Zlib.inflated($0, dictionary: PackingDictionary.first, most: IncidentEnvelope.mostBytes)
        }
    }

    /// The client, where there is a connection.
    var connected: MQTTClient? { client.flatMap { $0.isConnected ? $0 : nil } }

    /// Sends what nobody waits for.
    func publish(_ message: MQTTMessage) {
        var message = message
        message.topic = topics.onWire(message.topic)
        guard let client, let receipt = try? client.send(message) else { return }
        Task { try? await receipt.acknowledged() }
    }

    // MARK: What befalls it

    private func happen(_ event: SiteScript.Event) async throws {
        switch event {
        case .open(let number, let camera, let kind, let twin): try open(number, camera, kind, twin)
        case .update(let number): try change(number) { $0.state = .updated }
        case .clear(let number):
            let date = media
            try change(number) { incident in
                (incident.state, incident.closeReason, incident.closed) = (.closed, .cleared, date)
            }
            standing[number] = nil
        case .review(let number, let verdict):
            // The same verdict again is no news, but a message all the same, so that a rate is a rate.
            let reviewed = standing[number]?.incident.reviewed(verdict)
            try change(number) { $0 = reviewed ?? $0 }
            if let reviewed, !reviewed.isOpen { standing[number] = nil }
        case .outage(let seconds): outage(seconds)
        case .restart:
            troubles["restart", default: 0] += 1
            // What is under way is sent again.
            await disconnect()
            try connect()
        case .loseStore: try await loseStore()
        case .drop(let count):
            // What a broker has taken without saying so makes room as well: it is told as dropped, and comes all the same.
            troubles["drop", default: 0] += 1
            outboxes[outboxes.count - 1].drop(count)
            report()
        case .fault(let camera, let seconds):
            troubles["camera", default: 0] += 1
            cameraStates[camera] = .blind
            report(camera)
            Task {
                try? await Task.sleep(for: .seconds(seconds))
                self.recover(camera)
            }
        }
    }

    private func outage(_ seconds: Double) {
        guard !isAway else { return }
        troubles["outage", default: 0] += 1
        isAway = true
        Task {
            await disconnect()
            try? await Task.sleep(for: .seconds(seconds))
            if isAway { try? connect() }
        }
    }

    private func loseStore() async throws {
        troubles["lost store", default: 0] += 1
        await disconnect()
        outboxes.append(SimulatedOutbox(epoch: makeID()))
        // What stood there is found again, as something new; here it is forgotten.
        standing = [:]
        answered = [:]
        try connect()
    }

    private func recover(_ camera: Int) {
        cameraStates[camera] = .online
        report(camera)
    }

    // MARK: Incidents

    /// On the cameras' timeline, which here is the date of the site.
    var media: MediaTime { MediaTime(now.timeIntervalSince1970) }

    private func open(_ number: Int, _ camera: Int, _ kind: Int, _ twin: Int?) throws {
        let (kind, object, surface) = SimulatedKinds.kind(kind)
        guard let entry = catalogue[kind], let id = UUID(uuidString: makeID()) else { return }
        let isTwin = twin != nil
        let zone = ZoneIdentity(
            id: isTwin ? Simulation.twinZone : "z\(kind.rawValue.utf8.count)", name: "模拟区域", surface: surface)
        let date = media
        let incident = Incident(
            id: id, kind: kind, camera: cameras[camera].id, zone: zone.id,
            firstSeen: MediaTime(date.seconds - entry.defaultDwellSeconds), confirmed: date, lastSeen: date,
            threshold: entry.defaultDwellSeconds,
            object: .init(objectClass: object, confidence: 0.78, box: Box(x: 0.37, y: 0.42, width: 0.2, height: 0.18)),
            why: [.init(at: date, what: "simulated", score: 0.8)])
        let picture = simulation.pictures ? SimulatedPicture.bytes(&random) : nil
        standing[number] = Standing(
            incident: incident, camera: camera, zone: zone, entry: entry, picture: picture,
            twin: twin.map { "\(self.number / 2)/\($0)" })
        numbers[id.text] = number
        try write(number, picture: picture)
    }

    func change(_ number: Int, _ body: (inout Incident) -> Void) throws {
        guard var item = standing[number] else { return }
        let revision = item.incident.revision
        item.incident.lastSeen = media
        body(&item.incident)
        item.incident.revision = max(item.incident.revision, revision + 1)
        standing[number] = item
        try write(number, picture: nil)
    }

    /// Writes the message about what it is now, and has it sent.
    private func write(_ number: Int, picture: [UInt8]?) throws {
        guard let item = standing[number] else { return }
        let box = outboxes.count - 1
        var evidence: [EvidenceReference] = []
        if let picture = item.picture, let hash = try? SHA256.hex(picture) {
            evidence = [
                EvidenceReference(
                    role: "panorama-first", sha256: hash, bytes: picture.count, masked: true,
                    taken: Date(timeIntervalSince1970: item.incident.confirmed.seconds),
                    path: "\(item.incident.id.text)/panorama-first.jpg")
            ]
        }
        let envelope = IncidentEnvelope(
            incident: item.incident, site: site, camera: cameras[item.camera], zone: item.zone, entry: item.entry,
            evidence: evidence, epoch: outboxes[box].epoch, date: { Date(timeIntervalSince1970: $0.seconds) })
        guard let id = UUID(uuidString: makeID()) else { return }
        let message = try envelope.message(id: id, sequence: outboxes[box].last + 1, topics: topics)
        outboxes[box].append(
            .init(
                id: id.text, incident: item.incident.id.text, revision: item.incident.revision,
                state: item.incident.state.rawValue, review: item.incident.review?.rawValue ?? "pending",
                topic: message.topic, openTopic: message.openTopic, isOpen: message.isOpen,
                payload: packer?.compressed(message.payload)))
        details[item.incident.id.text] = (item.incident.kind.rawValue, item.twin)
        if let picture, let reference = message.pictures.first {
            pictures.append((reference.topic, picture))
        }
        wakeup.yield()
        sendPictures()
    }

    /// Kind and twin of every incident, for the truth.
    var details: [String: (kind: String, twin: String?)] = [:]
    private var pictures: [(topic: String, bytes: [UInt8])] = []

    private func sendPictures() {
        guard client?.isConnected ?? false else { return }
        for (topic, bytes) in pictures { publish(MQTTMessage(topic: topic, payload: bytes)) }
        pictures = []
    }
}

/// Bytes that look like a JPEG from outside.
enum SimulatedPicture {
    static func bytes(_ random: inout SplitMix64) -> [UInt8] {
        [0xFF, 0xD8, 0xFF, 0xE0] + (0..<2000).map { _ in UInt8(truncatingIfNeeded: random.next()) } + [0xFF, 0xD9]
    }
}
