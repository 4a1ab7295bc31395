import Actors
import NIOCore
import NIOHTTP1

/// Stands in front of everything that reads requests on the owner: of what the header of another
/// server says only the source is left, and nothing of what anybody else says in its place.
final class HopHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private let seal: HopSeal
    private let clock: any WallClock

    init(_ seal: HopSeal, clock: any WallClock) {
        self.seal = seal
        self.clock = clock
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data),
            head.headers.contains(name: HopSeal.header)
        else { return context.fireChannelRead(data) }
        let source = seal.open(head, at: clock.now())
        head.headers.remove(name: HopSeal.header)
        if let source { head.headers.add(name: HopSeal.header, value: source.text) }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}

/// What an owner in a cluster does beside what every server does.
struct OwnerDuty: Sendable {
    let seal: HopSeal
    let clock: any WallClock
    /// Whether the state may be shown at this moment: nobody else can own it yet.
    let mayRead: @Sendable () -> Bool
}
