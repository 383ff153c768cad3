import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A real HTTP server on a free port of the loopback, which answers as it is told.
final class Receiver: Sendable {
    struct Request: Sendable {
        let method: String
        let path: String
        let headers: [String: String]
        let body: [UInt8]
    }

    struct Answer: Sendable {
        var status = 204
        var headers: [(String, String)] = []
        /// Hangs up without a word.
        var hangsUp = false
    }

    private struct Contents {
        var requests: [Request] = []
        var answer: @Sendable (Request, _ index: Int) -> Answer
    }

    private let contents: Mutex<Contents>
    private let channel = Mutex<(any Channel)?>(nil)

    var requests: [Request] { contents.withLock { $0.requests } }
    var port: Int { channel.withLock { $0?.localAddress?.port } ?? 0 }
    var url: String { "http://127.0.0.1:\(port)/alerts" }

    init(_ answer: @escaping @Sendable (Request, _ index: Int) -> Answer = { _, _ in Answer() }) async throws {
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

    func answers(_ answer: @escaping @Sendable (Request, _ index: Int) -> Answer) {
        contents.withLock { $0.answer = answer }
    }

    func close() async { try? await channel.withLock { $0 }?.close() }

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
                var fields = HTTPHeaders(answer.headers)
                fields.add(name: "Content-Length", value: "0")
                let response = HTTPResponseHead(
                    version: head.version, status: .init(statusCode: answer.status), headers: fields)
                context.write(wrapOutboundOut(.head(response)), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
