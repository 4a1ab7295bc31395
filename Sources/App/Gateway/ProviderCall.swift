import Actors

/// A call that the server makes on its own behalf: a probe, a text message. It goes the way of the
/// gateway's calls: the same connections, credentials, limits, timeouts and classification.
struct ProviderCall: Sendable {
    var integration: IntegrationID
    var method: String
    /// With the query. An account segment is replaced like a caller's.
    var target: String
    /// `POST /2010-04-01/Accounts/{sid}/Messages.json`; as it appears in events.
    var operation: String
    var contentType: String?
    var body: [UInt8] = []
    var source: UsageSource = .observed
    var trace: TraceID
    /// The event's own `event_id` and `reporter`, where the caller of ours has some.
    var reporter: String?
    var eventID: String?
}

/// What came of it. The event is durable when this is returned.
struct ProviderAnswer: Sendable {
    /// The row of the event; nil when the log took none.
    let row: UInt64?
    let status: UsageStatus
    /// Nil when nothing came back.
    let httpStatus: Int?
    /// The event's `error_code`, nil when all went well.
    let errorCode: String?
    /// The provider's own code and text, where it gave some.
    let providerCode: String?
    let providerMessage: String?
    let suggestedFix: String?
    /// In whole seconds, from `Retry-After`.
    let retryAfterSeconds: Int?
    /// At most `ProviderCall.answerBytesMax`; empty when nothing came back.
    let body: [UInt8]
    let trace: TraceID
}

extension ProviderCall {
    /// Longer answers are cut; ours are a few hundred bytes.
    static let answerBytesMax = 64 << 10
}

/// Who makes such calls: the gateway, or a test.
protocol ProviderCalling: Sendable {
    /// Never throws: what goes wrong is an answer with an error code, and an event.
    func call(_ call: ProviderCall) async -> ProviderAnswer
}
