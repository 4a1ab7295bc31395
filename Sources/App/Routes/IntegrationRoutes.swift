import Actors
import HTTPTypes
import NIOCore

/// Which integrations there are, and what is known about each.
struct IntegrationRoutes: Sendable {
    let usage: UsageActor
    let providers: [GatewayProvider]
    let prober: Prober

    var endpoints: [Endpoint] { [status, stats, probe] }

    private var status: Endpoint {
        Endpoint(
            .get, "/api/integrations/status", "What is configured, connected and really used",
            access: .sessionOrScope(.statusRead), rateClass: .reads,
            response: .json(
                status: 200, .object([.init("integrations", .array(IntegrationStatus.schema))]))
        ) { call throws(APIError) in
            let standings = await usage.standings(at: call.now)
            var json = JSONWriter(capacity: 768 * providers.count)
            json.beginObject()
            json.key("integrations")
            json.beginArray()
            for provider in providers {
                provider.status(standings[provider.id], at: call.now).write(to: &json)
            }
            json.endArray()
            return Reply(.ok, .openObject(ByteBuffer(bytes: json.bytes))).unlessKnown(to: call)
        }
    }

    // MARK: Statistics

    private static let hours = 1...24

    private var stats: Endpoint {
        Endpoint(
            .get, "/api/integrations/{id}/stats", "Counts by hour, latencies, rate limits",
            access: .sessionOrScope(.statusRead), rateClass: .reads,
            query: [
                .init(
                    "hours", .integer(in: 1...24), isRequired: false, note: "1–24, 24 when absent.")
            ],
            response: .json(status: 200, IntegrationStats.schema),
            errors: [.integrationUnknown, .validationFailed]
        ) { call throws(APIError) in
            let provider = try provider(call)
            let count = try call.number(
                "hours", in: Self.hours, standard: Self.hours.upperBound)
            let hours = await usage.hours(of: provider.id, count: count, at: call.now)
            var json = JSONWriter(capacity: 4096)
            IntegrationStats(hours: hours, limits: provider.rateLimits.seen).write(to: &json)
            return Reply(.ok, .openObject(ByteBuffer(bytes: json.bytes))).unlessKnown(to: call)
        }
    }

    // MARK: Probes

    private var probe: Endpoint {
        Endpoint(
            .post, "/api/integrations/{id}/probe", "Test the connection now, for free",
            access: .admin(stepUp: false), rateClass: .probe,
            response: .json(status: 200, .object([.init("status", IntegrationStatus.schema)])),
            errors: [.integrationUnknown, .notConfigured, .envMalformed]
        ) { call throws(APIError) in
            let provider = try provider(call)
            if let obstacle = provider.obstacle { throw obstacle }
            await prober.probe(provider, trace: call.trace)
            let standings = await usage.standings(at: call.now)
            var json = JSONWriter(capacity: 768)
            json.beginObject()
            json.key("status")
            provider.status(standings[provider.id], at: call.now).write(to: &json)
            return Reply(.ok, .openObject(ByteBuffer(bytes: json.bytes)))
        }
    }

    private func provider(_ call: Call) throws(APIError) -> GatewayProvider {
        let id = IntegrationID(call.parameter("id"))
        guard let provider = providers.first(where: { $0.id == id }) else {
            throw APIError(.integrationUnknown)
        }
        return provider
    }
}

extension GatewayProvider {
    func status(
        _ standing: (counts: UsageCounts, evidence: ConnectionEvidence)?, at now: Timestamp
    ) -> IntegrationStatus {
        IntegrationStatus(
            entry, check, standing?.counts ?? UsageCounts(),
            standing?.evidence ?? ConnectionEvidence(),
            fix: { classifier.suggestedFix(for: $0) }, at: now)
    }
}
