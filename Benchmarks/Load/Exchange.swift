import LoadCore
import NIOCore

/// One request, and what its answer has to be.
struct Exchange {
    let request: ByteBuffer
    let expectation: Expectation
}

/// What makes an answer the expected one. Shared by all requests of a kind.
final class Expectation: Sendable {
    let status: Int
    let interest: BodyInterest
    /// Which of the scenario's parts the latency of this request belongs to, if any.
    let part: Part?

    enum Part {
        case whole(Int)
        /// A stream: the time to the first byte of its body, and the gaps between events.
        case stream(firstByte: Int, gap: Int)
    }

    /// The request asks the server to close; not every server says so in its answer.
    let closes: Bool

    init(
        status: Int = 200, _ interest: BodyInterest = BodyInterest(), part: Part? = nil,
        closes: Bool = false
    ) {
        self.closes = closes
        self.status = status
        self.interest = interest
        self.part = part
    }
}

/// What a script remembers between the requests of one operation.
struct Visit {
    var step = 0
    var account = 0
}

/// What follows an answer that was as expected.
enum Proceeding {
    case done
    case exchange(Exchange)
    case failed(Failure)
}

/// Makes the requests of one scenario for one worker, on the worker's event loop only.
protocol Script: AnyObject {
    /// The first request of an operation; nil when there is no credential left to make one.
    func begin(_ visit: inout Visit) -> Exchange?
    /// - Parameter body: the answer's, if the expectation keeps it.
    func proceed(_ visit: inout Visit, body: [UInt8]) -> Proceeding
    /// The operation came to nothing.
    func abandon(_ visit: Visit)
}

extension Script {
    func proceed(_ visit: inout Visit, body: [UInt8]) -> Proceeding { .done }
    func abandon(_ visit: Visit) {}
}

/// A kind of load.
protocol Scenario: Sendable {
    var name: String { get }
    /// The steps or phases that are told apart in the results.
    var parts: [String] { get }
    func script(worker: Int, of workers: Int) -> any Script
}

extension Scenario {
    var parts: [String] { [] }
}
