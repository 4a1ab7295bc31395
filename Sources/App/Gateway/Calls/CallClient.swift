import NIOCore

/// Who gets the answer of a call: a client's connection, or a part of the server that made the call
/// itself. All calls come on the event loop of the call.
protocol CallClient: AnyObject {
    /// The answer begins.
    func callAnswers(_ head: RelayHead)
    /// A piece of its body.
    func callContent(_ bytes: ByteBuffer)
    /// Nothing more for now.
    func callPauses()
    /// The answer is whole and its event durable: the last byte may go.
    func callEnded(_ end: CallEnd)
    /// There is no answer. The event is durable, if the log takes any.
    func callFailed(_ error: APIError, _ end: CallEnd)
    /// There will be no more of an answer that has begun.
    func callCut(_ end: CallEnd)
    /// Whether more of the answer can be taken without piling up.
    var takesMore: Bool { get }
    /// More of the request can be sent again.
    func callSendsMore()
}

/// The head of an answer on its way to the client, without the end of its header fields.
struct RelayHead {
    let status: Int
    let framing: BodyFraming
    let bytes: ByteBuffer
    /// From the request's way out to the answer's head.
    let upstreamTime: TimeAmount
}

/// What became of a call.
struct CallEnd {
    /// Of its event; nil when the log took none.
    let row: UInt64?
    private let call: GatewayCall

    init(row: UInt64?, call: GatewayCall) {
        self.row = row
        self.call = call
    }

    var facts: CallFacts { call.facts }
    var bytesOut: UInt64 { call.facts.bytesOut }
}
