import Actors

/// Everything that is known under one trace id.
struct TraceStory: Sendable {
    var requests: [RememberedRequest] = []
    var activities: [TracedActivity] = []
    var events: [UsageEvent] = []
    var messages: [SMSMessage] = []

    var isEmpty: Bool {
        requests.isEmpty && activities.isEmpty && events.isEmpty && messages.isEmpty
    }

    /// Whose story it is: of the account that asked, or that something happened to.
    func belongs(to user: UserID) -> Bool {
        activities.contains { $0.user == user }
            || requests.contains { request in
                if case .session(user, _) = request.caller { true } else { false }
            }
    }

    /// Writes all of it, each part in the order in which it happened.
    ///
    /// - Parameter reader: who asks. Anybody can continue a trace whose id they have seen, so only
    ///   an admin is told who the other callers under it are.
    func write(_ trace: TraceID, for reader: UserView, to json: inout JSONWriter) {
        json.key("trace")
        json.beginObject()
        json.member("id", trace)
        json.key("requests")
        json.beginArray()
        for request in requests.sorted(by: { $0.at < $1.at }) {
            request.write(for: reader, to: &json)
        }
        json.endArray()
        json.key("security_events")
        json.beginArray()
        for each in activities.sorted(by: { $0.activity.at < $1.activity.at }) {
            each.activity.write(to: &json)
        }
        json.endArray()
        json.key("usage_events")
        json.beginArray()
        for event in events { UsageEventJSON.write(event, to: &json) }
        json.endArray()
        json.key("messages")
        json.beginArray()
        for message in messages.sorted(by: { $0.at < $1.at }) {
            AlertJSON.write(message, to: &json)
        }
        json.endArray()
        json.endObject()
    }

    static let schema = Schema.object([
        .init("id", .string()),
        .init("requests", .array(RememberedRequest.schema), note: "Of the last ones only."),
        .init("security_events", .array(ActivityJSON.schema)),
        .init("usage_events", .array(UsageEventJSON.schema)),
        .init("messages", .array(AlertJSON.messageSchema)),
    ])
}

extension RememberedRequest {
    fileprivate func write(for reader: UserView, to json: inout JSONWriter) {
        json.beginObject()
        json.member("method", method)
        json.member("route", route)
        json.member("status", status)
        json.member("error_code", error?.rawValue)
        json.member("at", at)
        json.member("duration_us", took.microseconds)
        json.key("caller")
        json.beginObject()
        switch caller {
        case .anonymous:
            json.member("kind", "anonymous")
        case .session(let user, let email):
            json.member("kind", "session")
            guard reader.role == .admin || user == reader.id else { break }
            json.member("id", user.description)
            json.member("name", email)
        case .token(let token, let name):
            json.member("kind", "token")
            guard reader.role == .admin else { break }
            json.member("id", token.description)
            json.member("name", name)
        }
        json.endObject()
        json.key("decision")
        json.beginObject()
        json.member("outcome", isRefused ? "refused" : "allowed")
        json.member("reason", reason)
        json.endObject()
        json.endObject()
    }

    fileprivate static let schema = Schema.named(
        "RememberedRequest",
        .object([
            .init("method", .string()),
            .init("route", .string(example: "/api/auth/login")),
            .init("status", .integer),
            .init("error_code", .nullable(.string())),
            .init("at", .string(format: "date-time")),
            .init("duration_us", .integer),
            .init(
                "caller",
                .object([
                    .init("kind", .enumeration(["anonymous", "session", "token"])),
                    .init(
                        "id", .string(), isRequired: false,
                        note: "Of others than the one who asks for admins only, like the name."),
                    .init("name", .string(), isRequired: false),
                ])),
            .init(
                "decision",
                .object([
                    .init("outcome", .enumeration(["allowed", "refused"])),
                    .init("reason", .string()),
                ])),
        ]))
}

extension Activity {
    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("kind", kind.text)
        json.member("at", at)
        json.member("address", address)
        json.member("user_agent", userAgent)
        json.member("count", count)
        json.member("trace_id", trace)
        json.endObject()
    }
}
