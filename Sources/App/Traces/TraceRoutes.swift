import Actors
import HTTPTypes
import NIOCore

/// What happened under one trace id: for those whom it happened to, and for admins.
struct TraceRoutes: Sendable {
    let accounts: AccountDirectory
    let usage: UsageActor
    let alerts: AlertsActor
    let requests: RequestMemory
    /// What the gateway's event loops remember.
    let calls: @Sendable (TraceID) async -> [RememberedRequest]

    /// Events of one trace: callers may put many under the same id.
    private static let eventsMax = 200

    var endpoints: [Endpoint] { [trace] }

    private var trace: Endpoint {
        Endpoint(
            .get, "/api/traces/{trace_id}", "What happened under one trace id",
            access: .session(stepUp: false), rateClass: .reads,
            response: .json(status: 200, .object([.init("trace", TraceStory.schema)])),
            errors: [.traceUnknown]
        ) { call throws(APIError) in
            let user = try call.session().user
            guard let trace = TraceID(call.parameter("trace_id")) else {
                throw APIError(.traceUnknown)
            }
            let story = try await story(of: trace, for: user)
            guard !story.isEmpty, user.role == .admin || story.belongs(to: user.id) else {
                throw APIError(.traceUnknown)
            }
            var json = JSONWriter(capacity: 2048)
            json.beginObject()
            story.write(trace, for: user, to: &json)
            return Reply(.ok, .openObject(ByteBuffer(bytes: json.bytes)))
        }
    }

    private func story(
        of trace: TraceID, for user: UserView
    ) async throws(APIError) -> TraceStory {
        var story = TraceStory()
        story.requests = requests.find(trace)
        story.requests += await calls(trace)
        story.activities = try await accountRule { () throws(AccountError) in
            user.role == .admin
                ? try await accounts.activities(under: trace)
                : try await accounts.activities(under: trace, of: user.id)
        }
        story.events = await usage.events(under: trace, limit: Self.eventsMax)
        story.messages = await alerts.messages(under: trace)
        return story
    }
}
