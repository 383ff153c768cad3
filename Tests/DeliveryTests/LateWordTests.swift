import Contract
import Foundation
import Logging
import MQTT
import Synchronization
import Testing

@testable import Delivery

/// A broker may refuse a message with a word and hang up right after that. Which of the two is heard first is chance.
@Suite struct LateWordTests {
    /// Refuses all, with a word that is heard once it is asked for.
    private final class RefusingClient: BrokerClient {
        private let count = Mutex(1)

        var sessions: Int { count.withLock(\.self) }
        let messages = AsyncStream<MQTTMessage> { $0.finish() }
        let isConnected = true
        let link: BrokerLink? = nil
        let retains = true
        let hasWill = true

        func reconnect() { count.withLock { $0 += 1 } }
        func start() {}
        func certificates() -> [CertificateExpiry] { [] }
        func connections() -> AsyncStream<MQTTConnection> { AsyncStream { $0.finish() } }
        func send(_ message: MQTTMessage) -> MQTTReceipt {
            MQTTReceipt { () async throws(MQTTError) in
                throw MQTTError(kind: .refused, operation: "publish", cause: "Not authorized", remedy: nil)
            }
        }
        func subscribe(_ filter: String, retainAsPublished: Bool, isRenewed: Bool) async {}
        func unsubscribe(_ filter: String) async {}
        func close() async {}
    }

    private static let hangUp = MQTTError(
        kind: .disconnected, operation: "keep the connection", cause: "the broker closed the connection", remedy: nil,
        sign: .closed)
    private let client = RefusingClient()

    private func line() -> BrokerLine {
        let journal = BrokerJournal(logger: Logger(label: "test"), interval: .seconds(60)) { _ in }
        return BrokerLine(client, topics: AlertTopics(), journal: journal, board: BrokerBoard())
    }

    /// How often it was so until the message is suspected; nil where it never is.
    private func breaks(on line: BrokerLine, isWordFirst: Bool?) async -> Int? {
        for count in 1...10 {
            let sending = line.handOver(MQTTMessage(topic: "t", payload: [1]), name: "alert 1")
            if isWordFirst == false { _ = line.ended(Self.hangUp) }
            try? await line.acknowledgement(of: sending)
            if isWordFirst == true { _ = line.ended(Self.hangUp) }
            client.reconnect()
            if line.isSuspected("alert 1") { return count }
        }
        return nil
    }

    @Test(arguments: [true, false])
    func `after three hang-ups over a refused message it is suspected, whichever is heard first`(
        isWordFirst: Bool
    ) async {
        let line = line()
        #expect(await breaks(on: line, isWordFirst: isWordFirst) == 3)
        #expect(line.hasHungUp(over: "alert 1") == !isWordFirst)
    }

    @Test func `a word without a hang-up suspects nothing, nor does one over a later connection`() async {
        let line = line()
        #expect(await breaks(on: line, isWordFirst: nil) == nil)
        // The end of an earlier connection is none of a later message.
        _ = line.ended(Self.hangUp)
        #expect(await breaks(on: line, isWordFirst: nil) == nil)
        #expect(!line.hasHungUp(over: "alert 1"))
    }
}
