import Domain

// Only builds for the tests have testable modules, and nothing else needs this one.
#if DEBUG || TESTABLE
    import Analytics
    import SiteConfiguration
    public import Foundation
    import TestSupport

    @testable import Contract
    @testable import Video

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
        /// All that a camera sends: its answers in RTSP, its description, RTP and RTCP.
        case rtsp

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

        /// Takes one input in; false where it is refused.
        @discardableResult
        public func take(_ bytes: [UInt8]) -> Bool {
            switch self {
            case .configuration: takeConfiguration(bytes)
            case .inbound: takeInbound(bytes)
            case .alert: takeAlert(bytes)
            case .video: takeVideo(bytes)
            case .rtsp: takeRTSP(bytes)
            }
        }

        private func takeConfiguration(_ bytes: [UInt8]) -> Bool {
            let text = String(decoding: bytes, as: UTF8.self)
            edit(text)
            do throws(ConfigurationFaults) {
                let configuration = try Configuration.parse(text: text, file: "f")
                precondition(!configuration.cameras.isEmpty, "a configuration without a camera was taken")
                return true
            } catch {
                precondition(!error.faults.isEmpty, "refused without a reason")
                for fault in error.faults {
                    precondition(fault.line >= 1 && fault.column >= 1, "a fault without its place")
                    precondition(!fault.message.contains("\n"), "a fault on more than one line")
                }
                return false
            }
        }

        /// An edit is refused, or means what it says.
        private func edit(_ text: String) {
            guard var document = try? ConfigurationDocument(text: text, file: "f"),
                let path = try? ConfigurationPath("broker.host"), let cameras = try? ConfigurationPath("cameras")
            else { return }
            try? document.set(path, to: .text("x: 东"))
            try? document.add(.map([.init("id", .text("x"))]), to: cameras)
            try? document.remove(path)
            let read = try? ConfigurationDocument(text: document.text, file: "f").value
            precondition(read == document.value, "an edit says otherwise than it should")
        }

        private func takeInbound(_ bytes: [UInt8]) -> Bool {
            var isTaken = false
            do {
                let review = try Review(InboundFields(bytes, known: Review.keys))
                precondition(!review.by.isEmpty && review.by.count <= 128, "a review of nobody was taken")
                isTaken = true
            } catch {
                precondition(!"\(error)".isEmpty, "refused without a reason")
            }
            do {
                let command = try Command(InboundFields(bytes, known: Command.keys))
                precondition((1...128).contains(command.id.count), "a command without an id was taken")
                if case .replay(let span, _) = command.action {
                    precondition(span.count <= 10_000, "an endless replay")
                }
                isTaken = true
            } catch {
                precondition(!"\(error)".isEmpty, "refused without a reason")
            }
            // What is refused is read once more, for the answer.
            let loose = try? InboundFields(bytes, known: nil)
            _ = try? loose?.text("id")
            return isTaken
        }

        private func takeAlert(_ bytes: [UInt8]) -> Bool {
            guard let event = try? AlertEvent(json: Data(bytes)) else { return false }
            // What was read can be written, and reads as the same.
            guard let again = try? WireJSON.encode(event) else { preconditionFailure("an event cannot be written") }
            precondition((try? AlertEvent(json: again)) == event, "an event reads otherwise when it is written")
            return true
        }

        private func takeVideo(_ bytes: [UInt8]) -> Bool {
            let folder = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
            let path = "\(folder)/gridwarden-fuzz-\(UUID().uuidString)"
            guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else { return false }
            defer { try? FileManager.default.removeItem(atPath: path) }
            return look(at: path, bytes.count)
        }

        private func takeRTSP(_ bytes: [UInt8]) -> Bool {
            // A camera may send its caller elsewhere. Nobody goes there, but its name would be looked up.
            let text = String(decoding: bytes, as: UTF8.self).lowercased()
            let near = #/location:\s*rtsps?:\/\/(127\.0\.0\.1|localhost)(:\d+)?[\/\r\n]/#
            guard text.matches(of: #/location:/#).count == text.matches(of: near).count,
                let camera = try? ScriptedCamera(saying: bytes)
            else { return false }
            return withExtendedLifetime(camera) { look(at: camera.url, bytes.count) }
        }

        /// libav says much about broken bytes.
        private static let quiet: Void = LibavLog.redirect { _ in }

        /// Opens and decodes as a camera's thread does, and does with the first pictures what the pipeline does.
        private func look(at url: String, _ length: Int) -> Bool {
            Self.quiet
            var options = VideoSource.Options()
            options.sampling = length.isMultiple(of: 2) ? .keyFrames(promise: 3) : .every(seconds: 0)
            options.largestPicture = 1 << 20
            var count = 0
            do {
                let source = try VideoSource(CameraURL(url), options: options, deadline: ReadDeadline())
                var timeline = Timeline(isLive: true, started: 0)
                while count < 3, let picture = try source.next() {
                    let time = timeline.time(pts: picture.pts, uptime: Double(count))
                    precondition(abs(time.seconds - Double(count)) <= 10, "time ran away with the stamps")
                    let sender = source.senderOffset.map { Date(timeIntervalSince1970: picture.pts + $0) }
                    let moment = ClockMoment(system: Date(), uptime: Double(count), camera: sender)
                    let frame = Frame(taking: picture.raw, time: time, moment: moment)
                    precondition(frame.width * frame.height <= options.largestPicture, "a picture over the limit")
                    if count == 0 {
                        _ = try JPEG.encode(frame, part: .init(x: 0.3, y: 0.3, width: 0.5, height: 0.5))
                    }
                    count += 1
                }
            } catch {
                precondition(!"\(error)".isEmpty, "refused without a reason")
            }
            return count > 0
        }
    }
#endif
