import Contract
import Foundation
import Hashing
import Logging
import MQTT
import Store

/// Masked pictures whose alerts the broker has. Only the publisher's actor uses it.
final class PictureLane {
    /// Some brokers break the connection over a large packet: it must not do so for ever.
    private static let attempts = 3
    private static let mostBytes = 4 << 20

    private let outbox: Outbox
    private let book: DeliveryBook
    private let line: BrokerLine
    private let folder: URL
    private let logger: Logger
    private var failures: (picture: AlertPicture?, count: Int) = (nil, 0)

    /// - Parameter folder: the evidence folder.
    init(outbox: Outbox, book: DeliveryBook, line: BrokerLine, folder: URL, logger: Logger) {
        self.outbox = outbox
        self.book = book
        self.line = line
        self.folder = folder
        self.logger = logger
    }

    /// Sends one; false where none is left, or none may leave the box.
    func advance() async throws -> Bool {
        guard outbox.sendsPictures, let picture = try outbox.nextPicture(except: book.progress.pictures.keys) else {
            return false
        }
        var fault: String?
        if let bytes = try? Data(contentsOf: folder.appending(path: picture.file)) {
            if bytes.count <= Self.mostBytes, try SHA256.hex(bytes) == picture.sha256 {
                fault = try await publish(picture, bytes)
            } else {
                fault = "the file is too large or was changed"
            }
        } else {
            fault = "the file cannot be read"
        }
        if let fault {
            logger.error("a picture was given up", metadata: ["file": "\(picture.file)", "reason": "\(fault)"])
        }
        book.progress.pictures[picture.topic] = .init(picture: picture, fault: fault)
        book.settle()
        return true
    }

    /// Returns why the picture was given up; throws where it shall be tried again.
    private func publish(_ picture: AlertPicture, _ bytes: Data) async throws(MQTTError) -> String? {
        failures = (picture, failures.picture == picture ? failures.count : 0)
        do {
            try await line.client.publish(
                MQTTMessage(topic: line.topics.onWire(picture.topic), payload: Array(bytes)))
            return nil
        } catch {
            failures.count += 1
            guard error.kind == .unsendable || failures.count >= Self.attempts else { throw error }
            return "the broker did not take it: \(error.cause)"
        }
    }
}
