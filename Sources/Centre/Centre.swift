import Contract
import Domain
package import Foundation
package import Logging
package import MQTT
import Runtime
import ServiceLifecycle
package import Store
import Threading
import UnixSignals

/// A grid centre: all sites of one area, their messages in a database, and the cases that people make of them.
package final class Centre: Sendable {
    /// Makes a client that hands each message over.
    package typealias ClientMaker =
        @Sendable (MQTTSettings, @escaping @Sendable (MQTTMessage) -> Void) -> any BrokerClient

    private let settings: CentreSettings
    private let logger: Logger
    private let listeners: [BrokerListener]
    private let ingest: Ingest
    private let courier: Courier
    private let intake: Intake
    private let leases: Leases
    /// For pages and lists.
    package let store: any SQLDatabase
    /// For steps that people take.
    package let desk: CaseDesk
    private let began: Date
    private let page: CentrePage?

    /// Opens the database. Throws `SQLFault` where that fails.
    ///
    /// - Parameters:
    ///   - database: nil for the one that the settings name; one that is given is nobody else's.
    ///   - client: makes what speaks with a broker.
    package init(
        _ settings: CentreSettings, database: (any SQLDatabase)? = nil, logger: Logger,
        now: @escaping @Sendable () -> Date = { Date() },
        client: @escaping ClientMaker = { MQTTClient($0, taking: $1) }
    ) throws {
        self.settings = settings
        self.logger = logger
        began = now()
        // A file has one connection that writes, whoever does; of a server the leases' own writes messages.
        let store = try database ?? settings.database()
        let own = database == nil ? settings.writer() : nil
        let (writer, leases) = (own?.database ?? store, own?.leases ?? Leases(nil))
        (self.store, self.leases) = (store, leases)
        let intake = Intake()
        self.intake = intake
        let listeners = settings.brokers.enumerated().map { number, broker in
            BrokerListener(
                broker, number: number, topics: settings.topics, area: settings.area, intake: intake,
                hearsDepartments: settings.rules.routes.contains(where: \.hasTopic), logger: logger, now: now,
                make: client)
        }
        self.listeners = listeners
        let pictures = PictureFolder(url: settings.pictures)
        ingest = try Ingest(
            writer, settings.rules, area: settings.area, topics: settings.topics, intake: intake, pictures: pictures,
            retention: Retention(
                messageDays: settings.keepMessages, caseDays: settings.keepCases, evidenceDays: settings.keepEvidence,
                pictures: pictures), leases: leases, logger: logger, now: now,
            gainedSites: { for listener in listeners { listener.listenAgain() } },
            send: { message, broker in
                // A site that nobody has heard of yet may be at any of them.
                let fitting = listeners.enumerated().filter { broker == nil || broker == $0.offset }
                return fitting.reduce(false) { $1.element.send(message) || $0 }
            })
        courier = Courier(
            store, webhooks: settings.webhooks, software: settings.software, now: now, logger: logger,
            isOurs: { leases.does(.deliveries) },
            publish: { message in for listener in listeners { try await listener.publish(message) } })
        let desk = CaseDesk(store, settings.rules, topics: settings.topics, now: now)
        self.desk = desk
        page = settings.page == nil ? nil : try CentrePage(settings, store, desk, now: now)
    }

    /// Works until SIGTERM or SIGINT.
    package func run() async throws {
        logger.notice("the centre starts", metadata: ["area": "\(settings.area.segment(settings.area.level))"])
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: CentreService(centre: self), successTerminationBehavior: .gracefullyShutdownGroup),
            .init(service: statusServer),
        ]
        if let page, let place = settings.page {
            services.append(.init(service: page.server(place, logger: logger)))
        }
        try await ServiceGroup(
            configuration: .init(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        ).run()
        logger.notice("the centre has stopped")
    }

    /// Works until the task is cancelled. What has come is written before it returns.
    package func work() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [ingest] in try await onOwnThread(named: "ingest") { try ingest.run() } }
            for listener in listeners { group.addTask { try await listener.run() } }
            group.addTask { [courier, logger] in
                var complaint: String?
                while !Task.isCancelled {
                    do {
                        try await courier.advance()
                        complaint = nil
                    } catch {
                        if complaint != "\(error)" {
                            logger.error("deliveries cannot be read", metadata: ["reason": "\(error)"])
                        }
                        complaint = "\(error)"
                    }
                    try? await Task.sleep(for: .seconds(1))
                }
                await courier.close()
            }
            group.addTask { [intake, listeners] in
                try? await Task.sleep(for: .seconds(1e9))
                // First nothing more comes, then the rest is written.
                for listener in listeners { await listener.client.close() }
                intake.close()
            }
            SystemdNotify.send("READY=1")
            do { try await group.next() } catch {
                intake.close()
                throw error
            }
            try await group.waitForAll()
        }
    }

    /// What it has done and how it stands.
    package var status: CentreStatus {
        CentreStatus(
            settings, ingest.standing, isConnected: listeners.map(\.client.isConnected), leases: leases, began: began,
            processorSeconds: ProcessUsage.processorSeconds, memory: ProcessUsage.residentBytes)
    }

    private var statusServer: StatusServer {
        StatusServer(
            .file(settings.socket.path), logger: logger,
            respond: { [self] path in
                guard path == "/status" else { return nil }
                let body = (try? status.json()).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
                return .init(mediaType: "application/json", body: body + "\n")
            },
            change: { [settings, store] path in
                CentrePage.accounts(path, settings, store).map { .init(mediaType: "application/json", body: $0) }
            })
    }
}

private struct CentreService: Service {
    let centre: Centre

    func run() async throws { try await cancelWhenGracefulShutdown { try await centre.work() } }
}
