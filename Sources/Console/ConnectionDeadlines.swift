import NIOCore
import NIOHTTPTypes

/// Ends connections that keep others waiting: whose requests never come to an end, who read nothing of an answer, who go on
/// sending what was refused. Hummingbird's own limit counts silence only, and a byte now and then is none.
///
/// It also has little read at a time: what is read is decoded whole before anybody answers, and in the 256 KiB that NIO reads at once
/// there may be thousands of requests, which then take megabytes for each connection.
final class ConnectionDeadlines: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    struct Limits: Sendable {
        /// From the opening, or the end of the last answer, to the end of a request's head.
        var head = TimeAmount.seconds(20)
        /// From there to the end of the request.
        var body = TimeAmount.seconds(30)
        /// How long what was answered already may go on coming, and how many bytes of it are read: the answer arrives
        /// while its client still sends.
        var rest = TimeAmount.seconds(5)
        var mostRest = 1 << 20
        /// In this time a reader takes so many bytes of what waits for it.
        var taking = TimeAmount.seconds(20)
        var leastTaken = 4096
        /// How many bytes are read at a time.
        var read = 4096
    }

    private let limits: Limits
    /// Requests that are not answered yet.
    private var unanswered = 0
    /// Whether the newest request goes on.
    private var isComing = false
    private var rest = 0
    private var request: Scheduled<Void>?
    private var taking: Scheduled<Void>?

    init(_ limits: Limits = Limits()) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) {
        let options = context.channel.syncOptions
        try? options?.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: limits.read))
        try? options?.setOption(.maxMessagesPerRead, value: 1)
        if context.channel.isActive { expect(within: limits.head, context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelActive(context: ChannelHandlerContext) {
        expect(within: limits.head, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            unanswered += 1
            isComing = true
            expect(within: limits.body, context)
        case .body(let bytes):
            if unanswered == 0 {
                rest += bytes.readableBytes
                guard rest <= limits.mostRest else { return context.close(promise: nil) }
            }
        case .end:
            isComing = false
            request?.cancel()
            if unanswered == 0 { expect(within: limits.head, context) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            // A head that could not be read is answered as well.
            unanswered = max(0, unanswered - 1)
            if unanswered == 0 {
                rest = 0
                expect(within: isComing ? limits.rest : limits.head, context)
            }
        }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        taking?.cancel()
        if !context.channel.isWritable { watch(Self.waiting(context), context) }
        context.fireChannelWritabilityChanged()
    }

    /// Looks again and again whether what waits becomes less.
    private func watch(_ before: Int, _ context: ChannelHandlerContext) {
        taking = context.eventLoop.assumeIsolated().scheduleTask(in: limits.taking) {
            let waiting = Self.waiting(context)
            // More may have been written meanwhile; while it may not be written, that is at most once.
            guard before - waiting >= self.limits.leastTaken else { return context.close(promise: nil) }
            self.watch(waiting, context)
        }
    }

    private static func waiting(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    private func expect(within time: TimeAmount, _ context: ChannelHandlerContext) {
        request?.cancel()
        request = context.eventLoop.assumeIsolated().scheduleTask(in: time) { context.close(promise: nil) }
    }

    private func end() {
        request?.cancel()
        taking?.cancel()
        (request, taking) = (nil, nil)
    }
}
