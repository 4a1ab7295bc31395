import Actors
import HTTPTypes
import NIOCore

/// Which integrations there are, and what is known about each.
struct IntegrationRoutes: Sendable {
    private let usage: UsageActor
    /// The environment can't change while the process lives, so it is judged once.
    private let checked: [(entry: IntegrationEntry, check: CredentialCheck)]

    init(catalog: IntegrationCatalog, environment: [String: String], usage: UsageActor) {
        self.usage = usage
        checked = catalog.entries.map {
            ($0, CredentialCheck($0, environment: environment))
        }
    }

    var endpoints: [Endpoint] { [status] }

    private var status: Endpoint {
        Endpoint(
            .get, "/api/integrations/status", "What is configured, connected and really used",
            access: .sessionOrScope(.statusRead), rateClass: .reads,
            response: .json(
                status: 200, .object([.init("integrations", .array(IntegrationStatus.schema))]))
        ) { call throws(APIError) in
            let counts = await usage.counts(at: call.now)
            var json = JSONWriter(capacity: 512 * checked.count)
            json.beginObject()
            json.key("integrations")
            json.beginArray()
            for (entry, check) in checked {
                IntegrationStatus(entry, check, counts[entry.id] ?? UsageCounts())
                    .write(to: &json)
            }
            json.endArray()
            return Reply(.ok, .openObject(ByteBuffer(bytes: json.bytes)))
        }
    }
}
