import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A real HTTP server on a free port of the loopback, which answers as it is told.
public final class Receiver: Sendable {
    public struct Request: Sendable {
        public let method: String
        public let path: String
        /// By their names in lower case.
        public let headers: [String: String]
        public let body: [UInt8]
    }

    public struct Answer: Sendable {
        var status: Int
        var headers: [(String, String)]
        var hangsUp: Bool
        var isMissing: Bool
        var isUnfinished: Bool

        /// - Parameters:
        ///   - hangsUp: without a word.
        ///   - isMissing: nothing is said, and the connection stays.
        ///   - isUnfinished: the body is promised and never comes.
        public init(
            status: Int = 204, headers: [(String, String)] = [], hangsUp: Bool = false, isMissing: Bool = false,
            isUnfinished: Bool = false
        ) {
            self.status = status
            self.headers = headers
            self.hangsUp = hangsUp
            self.isMissing = isMissing
            self.isUnfinished = isUnfinished
        }
    }

    private struct Contents {
        var requests: [Request] = []
        var answer: @Sendable (Request, _ index: Int) -> Answer
    }

    private let contents: Mutex<Contents>
    private let channel = Mutex<(any Channel)?>(nil)

    package var requests: [Request] { contents.withLock { $0.requests } }
    public var port: Int { channel.withLock { $0?.localAddress?.port } ?? 0 }
    public var url: String { "http://127.0.0.1:\(port)/alerts" }

    public init(_ answer: @escaping @Sendable (Request, _ index: Int) -> Answer = { _, _ in Answer() }) async throws {
        contents = Mutex(Contents(answer: answer))
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(receiver: self))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        channel.withLock { $0 = server }
    }

    public func answers(_ answer: @escaping @Sendable (Request, _ index: Int) -> Answer) {
        contents.withLock { $0.answer = answer }
    }

    public func close() async { try? await channel.withLock { $0 }?.close() }

    private func take(_ request: Request) -> Answer {
        let (answer, index) = contents.withLock { contents in
            contents.requests.append(request)
            return (contents.answer, contents.requests.count - 1)
        }
        return answer(request, index)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let receiver: Receiver
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(receiver: Receiver) { self.receiver = receiver }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (self.head, body) = (head, [])
            case .body(let part): body += part.readableBytesView
            case .end:
                guard let head else { return }
                let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { $1 }
                let answer = receiver.take(
                    Request(method: head.method.rawValue, path: head.uri, headers: headers, body: body))
                guard !answer.hangsUp else { return context.close(promise: nil) }
                guard !answer.isMissing else { return }
                var fields = HTTPHeaders(answer.headers)
                fields.add(name: "Content-Length", value: answer.isUnfinished ? "2" : "0")
                let response = HTTPResponseHead(
                    version: head.version, status: .init(statusCode: answer.status), headers: fields)
                guard !answer.isUnfinished else {
                    return context.writeAndFlush(wrapOutboundOut(.head(response)), promise: nil)
                }
                context.write(wrapOutboundOut(.head(response)), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
