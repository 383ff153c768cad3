// Release builds have no testable modules, and nothing there needs this one.
#if DEBUG
    import Analytics
    import Configuration
    public import Foundation
    import Video

    @testable import Delivery

    /// A door by which bytes come in from outside. A fault ends the process: that is what a fuzzer looks for.
    public enum FuzzTarget: String, CaseIterable, Sendable {
        /// The text of a configuration file.
        case configuration
        /// The payload of a review or a command.
        case inbound
        /// The payload of an alert, as a subscriber decodes it.
        case alert
        /// A recording: demuxer, decoder, and what is done with its pictures.
        case video

        /// The folder of the committed inputs.
        public static let corpus = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "corpus")

        /// The committed inputs of this door, in a fixed order.
        public func inputs() throws -> [(name: String, bytes: [UInt8])] {
            let folder = Self.corpus.appending(path: rawValue)
            return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
                ($0, [UInt8](try Data(contentsOf: folder.appending(path: $0))))
            }
        }

        /// Takes one input in.
        public func take(_ bytes: [UInt8]) {
            switch self {
            case .configuration: takeConfiguration(bytes)
            case .inbound: takeInbound(bytes)
            case .alert: takeAlert(bytes)
            case .video: takeVideo(bytes)
            }
        }

        private func takeConfiguration(_ bytes: [UInt8]) {
            let text = String(decoding: bytes, as: UTF8.self)
            do throws(ConfigurationFaults) {
                let configuration = try Configuration.parse(text: text, file: "f")
                precondition(!configuration.cameras.isEmpty, "a configuration without a camera was taken")
            } catch {
                precondition(!error.faults.isEmpty, "refused without a reason")
                for fault in error.faults {
                    precondition(fault.line >= 1 && fault.column >= 1, "a fault without its place")
                    precondition(!fault.message.contains("\n"), "a fault on more than one line")
                }
            }
        }

        private func takeInbound(_ bytes: [UInt8]) {
            do {
                let review = try Review(InboundFields(bytes, known: Review.keys))
                precondition(!review.by.isEmpty && review.by.count <= 128, "a review of nobody was taken")
            } catch {
                precondition(!"\(error)".isEmpty, "refused without a reason")
            }
            do {
                let command = try Command(InboundFields(bytes, known: Command.keys))
                precondition((1...128).contains(command.id.count), "a command without an id was taken")
                if case .replay(let span) = command.action { precondition(span.count <= 10_000, "an endless replay") }
            } catch {
                precondition(!"\(error)".isEmpty, "refused without a reason")
            }
            // What is refused is read once more, for the answer.
            let loose = try? InboundFields(bytes, known: nil)
            _ = try? loose?.text("id")
        }

        private func takeAlert(_ bytes: [UInt8]) {
            guard let event = try? AlertEvent(json: Data(bytes)) else { return }
            // What was read can be written, and reads as the same.
            guard let again = try? WireJSON.encode(event) else { preconditionFailure("an event cannot be written") }
            precondition((try? AlertEvent(json: again)) == event, "an event reads otherwise when it is written")
        }

        /// libav says much about broken files.
        private static let quiet: Void = LibavLog.redirect { _ in }

        private func takeVideo(_ bytes: [UInt8]) {
            Self.quiet
            let folder = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
            let path = "\(folder)/gridwarden-fuzz-\(UUID().uuidString)"
            guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else { return }
            defer { try? FileManager.default.removeItem(atPath: path) }
            for cadence in [Cadence.keyFrames(promise: 3), .every(seconds: 0)] {
                do {
                    var recording = try Recording(path: path, cadence: cadence)
                    var count = 0
                    while count < 40, let frame = try recording.next() {
                        count += 1
                        _ = try frame.part(.init(x: 0.3, y: 0.3, width: 0.5, height: 0.5))
                        _ = try SHA256.hex(JPEG.encode(frame))
                    }
                } catch {
                    precondition(!"\(error)".isEmpty, "refused without a reason")
                }
            }
        }
    }
#endif
