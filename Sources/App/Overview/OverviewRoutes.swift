import Actors
import HTTPTypes
import NIOCore
import Persistence

/// What an admin wants to know first: does anything need me, and how busy is it.
struct OverviewRoutes: Sendable {
    /// Where the figures come from.
    struct Sources: Sendable {
        var accounts: AccountDirectory
        var usage: UsageActor
        var journal: CallJournal
        var providers: [GatewayProvider]
        var history: RequestHistory
        var snapshots: SnapshotHealth
        var log: any EventLog
        /// How long the log's current write has been on its way to the disk.
        var logStallMilliseconds: @Sendable () -> Int64
        var diskFreeBytes: @Sendable () -> UInt64?
        /// Nil for a server with a log of its own.
        var cluster: (@Sendable () -> ClusterOverview)?
        var hasPreviousKeys: Bool
        var startedAt: Timestamp
        var version: String
    }

    let sources: Sources

    var endpoints: [Endpoint] { [overview] }

    private var overview: Endpoint {
        Endpoint(
            .get, "/api/admin/overview", "What needs attention, and the last hour",
            access: .admin(stepUp: false), rateClass: .reads,
            response: .json(status: 200, Self.schema)
        ) { call throws(APIError) in
            let user = try call.session().user
            var json = JSONWriter(capacity: 8192)
            json.beginObject()
            json.key("attention")
            json.beginArray()
            for item in Attention.list(await facts(for: user, at: call.now)) {
                item.write(to: &json)
            }
            json.endArray()
            await writeHour(to: &json, at: call.now)
            try await writeServer(to: &json)
            json.key("cluster")
            if let cluster = sources.cluster { cluster().write(to: &json) } else { json.null() }
            return Reply(.ok, .openObject(ByteBuffer(bytes: json.bytes)))
        }
    }

    private func facts(for user: UserView, at now: Timestamp) async -> AttentionFacts {
        let standings = await sources.usage.standings(at: now)
        var facts = AttentionFacts()
        facts.integrations = sources.providers.map { $0.status(standings[$0.id], at: now) }
        facts.diskFreeBytes = sources.diskFreeBytes()
        facts.logHasRoom = sources.log.hasRoom
        facts.cluster = sources.cluster?()
        facts.logStallMilliseconds = sources.logStallMilliseconds()
        facts.eventsLost = sources.journal.eventsLost
        facts.snapshotFailure = sources.snapshots.lastFailure
        facts.hasPreviousKeys = sources.hasPreviousKeys
        facts.hasSecondFactor = user.twoFactorEnabled
        return facts
    }

    private func writeHour(to json: inout JSONWriter, at now: Timestamp) async {
        let requests = sources.history.lastHour(at: now)
        let calls = await sources.usage.minutes(HourHistory.minuteCount, at: now)
        json.key("last_hour")
        json.beginObject()
        json.member("requests", requests.reduce(0) { $0 + $1.counts.requests })
        json.member("client_errors", requests.reduce(0) { $0 + $1.counts.clientErrors })
        json.member("server_errors", requests.reduce(0) { $0 + $1.counts.serverErrors })
        json.member("calls", calls.reduce(0) { $0 + $1.ok + $1.failed })
        json.member("call_failures", calls.reduce(0) { $0 + $1.failed })
        json.key("minutes")
        json.beginArray()
        for (request, call) in zip(requests, calls) {
            json.beginObject()
            json.member("at", request.at)
            json.member("requests", request.counts.requests)
            json.member("client_errors", request.counts.clientErrors)
            json.member("server_errors", request.counts.serverErrors)
            json.member("calls", call.ok + call.failed)
            json.member("call_failures", call.failed)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    private func writeServer(to json: inout JSONWriter) async throws(APIError) {
        let counts = try await accountRule { () throws(AccountError) in
            try await sources.accounts.counts()
        }
        json.key("server")
        json.beginObject()
        json.member("version", sources.version)
        json.member("started_at", sources.startedAt)
        json.member("memory_bytes", Machine.residentBytes)
        json.member("log_bytes", sources.log.bytesSinceSnapshot)
        json.member("disk_free_bytes", sources.diskFreeBytes())
        json.member("users", counts.users)
        json.member("sessions", counts.sessions)
        json.member("events_lost", sources.journal.eventsLost)
        json.endObject()
    }
}

extension Attention {
    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("code", code)
        json.member("severity", severity.rawValue)
        json.member("title", title)
        json.member("message", message)
        json.member("suggested_fix", suggestedFix)
        json.member("integration", integration?.text)
        json.member("since", since)
        json.endObject()
    }
}

extension OverviewRoutes {
    private static let schema = Schema.object([
        .init(
            "attention",
            .array(
                .object([
                    .init(
                        "code", .string(example: Attention.Code.diskNearlyFull.rawValue),
                        note: "Or the error_code of an integration."),
                    .init("severity", .enumeration(Attention.Severity.allCases.map(\.rawValue))),
                    .init("title", .string()), .init("message", .string()),
                    .init("suggested_fix", .string()),
                    .init("integration", .nullable(.string())),
                    .init("since", .nullable(.string(format: "date-time"))),
                ])), note: "The critical first."),
        .init(
            "last_hour",
            .object(
                counts + [
                    .init(
                        "minutes",
                        .array(.object([.init("at", .string(format: "date-time"))] + counts)),
                        note: "Sixty, oldest first. Requests are those since the start.")
                ])),
        .init(
            "server",
            .object([
                .init("version", .string()),
                .init("started_at", .string(format: "date-time")),
                .init("memory_bytes", .nullable(.integer)),
                .init("log_bytes", .integer, note: "What a start would have to replay."),
                .init("disk_free_bytes", .nullable(.integer)),
                .init("users", .integer), .init("sessions", .integer),
                .init("events_lost", .integer),
            ])),
        .init(
            "cluster", .nullable(ClusterOverview.schema),
            note: "Null for a server with a log of its own."),
    ])

    private static let counts: [Schema.Field] = [
        .init("requests", .integer), .init("client_errors", .integer),
        .init("server_errors", .integer), .init("calls", .integer),
        .init("call_failures", .integer),
    ]
}
