import Actors
import NIOCore
import NIOHTTP1
import Persistence
import Synchronization

/// What the connections of a server in a cluster share.
struct RouterParts: Sendable {
    let homes: RequestHomes
    /// Where a request of the shard is to be answered at this moment. Each `here` is a permit to be
    /// left again.
    let place: @Sendable (ShardID, RequestPace) -> RequestPlace
    /// The other server that owns the shard; nil when nobody is known, or it is this one.
    let owner: @Sendable (ShardID) -> PeerAddress?
    let connector: OwnerConnector
    let seal: HopSeal
    let visitor: LoopVisitor
    let refusal: @Sendable (ErrorCode) -> RefusalAnswer
    let held = HeldRequests()
}

enum RequestPlace {
    case here(RequestPermit)
    case away(PeerAddress)
    /// The data is on its way from one server to another, or nobody has it.
    case unknown
}

/// Counts the requests that wait for an owner.
final class HeldRequests: Sendable {
    private let count = Atomic(0)

    /// A hand-over takes some tenths of a second, so this is some ten thousand requests a second;
    /// each holds a socket's buffer at the most.
    static let countMax = 4_096
    /// Longer than a hand-over in good order, shorter than anybody's patience.
    static let holdMilliseconds: Int64 = 1_500
    /// How often is looked for the owner.
    static let lookMilliseconds: Int64 = 5

    /// False when there are enough; otherwise `leave` must follow.
    func enter() -> Bool {
        guard count.add(1, ordering: .relaxed).newValue <= Self.countMax else {
            leave()
            return false
        }
        return true
    }

    func leave() { count.subtract(1, ordering: .relaxed) }
}

/// A request that has no place yet.
struct HeldRequest {
    /// Another server has passed it on, so it goes no further.
    let isHop: Bool
    let pace: RequestPace
    /// The shard whose owner answers it; where the body says it, only known when that is here.
    var home = RecoveredState.commonShard
    let until: NIODeadline
    /// As much of it as has arrived. Nothing more is read while it waits.
    var parts: [HTTPServerRequestPart]

    init(_ head: HTTPRequestHead, isHop: Bool, at now: NIODeadline) {
        self.isHop = isHop
        pace = RequestPace(head)
        until = now + .milliseconds(HeldRequests.holdMilliseconds)
        parts = [.head(head)]
    }
}

/// A request that was passed on to the owner.
struct PassedRequest {
    var home: ShardID { held.home }
    /// As it was, without its parts.
    private var held: HeldRequest
    /// All that was sent, so that it can be sent to another server when this one refuses it unread;
    /// nil when that is too much, or the answer has begun.
    private(set) var parts: [HTTPServerRequestPart]?
    private(set) var isAnswerBegun = false
    /// How often the owner was found to be another one.
    var changesSeen = 0
    private var bytes = 0

    private static let keptBytesMax = 64 << 10

    init(_ held: HeldRequest) {
        self.held = held
        self.held.parts = []
        parts = []
        for part in held.parts { keep(part) }
    }

    mutating func keep(_ part: HTTPServerRequestPart) {
        if case .body(let body) = part { bytes += body.readableBytes }
        if bytes > Self.keptBytesMax { parts = nil } else { parts?.append(part) }
    }

    mutating func answerBegins() {
        isAnswerBegun = true
        parts = nil
    }

    /// The same request, waiting again; nil when it can't be sent twice.
    func heldAgain() -> HeldRequest? {
        guard let parts else { return nil }
        var again = held
        again.parts = parts
        return again
    }
}

/// What a server says to another one that has passed it a request which is not its to answer. It
/// has done nothing with it.
enum Misdirection {
    private static let mark = "misdirected"

    static var head: HTTPResponseHead {
        HTTPResponseHead(
            version: .http1_1, status: .misdirectedRequest,
            headers: ["content-length": "0", HopSeal.header: mark])
    }

    static func isSaid(by head: HTTPResponseHead) -> Bool {
        head.status == .misdirectedRequest && head.headers[HopSeal.header] == [mark]
    }
}
