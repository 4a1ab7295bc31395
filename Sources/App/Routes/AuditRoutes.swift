import Actors
import HTTPTypes
import NIOCore

/// The proof that the counts are those of the log.
struct AuditRoutes: Sendable {
    let audit: UsageAudit

    var endpoints: [Endpoint] { [selfCheck] }

    private var selfCheck: Endpoint {
        let total = Schema.object([
            .init("integration", .string()), .init("events", .integer),
        ])
        let difference = Schema.object([
            .init("integration", .string()), .init("told", .integer), .init("on_disk", .integer),
        ])
        return Endpoint(
            .post, "/api/admin/usage/self-check", "Count all events on the disk again",
            access: .admin(stepUp: false),
            response: .json(
                status: 200,
                .object([
                    .init("record", .integer, note: "The log was counted up to here."),
                    .init("totals", .array(total)),
                    .init("differences", .array(difference), note: "Empty when all is well."),
                ])),
            errors: [.internalError]
        ) { _ throws(APIError) in
            let finding: UsageAudit.Finding
            do {
                finding = try await audit.run()
            } catch {
                throw APIError(.internalError, detail: "the log can't be counted: \(error)")
            }
            return Reply(.ok, .openObject(ByteBuffer(bytes: Self.json(finding))))
        }
    }

    private static func json(_ finding: UsageAudit.Finding) -> [UInt8] {
        var json = JSONWriter(capacity: 1024)
        json.beginObject()
        json.member("record", finding.record)
        json.key("totals")
        json.beginArray()
        for (integration, events) in finding.totals.sorted(by: { $0.key < $1.key }) {
            json.beginObject()
            json.member("integration", integration.text)
            json.member("events", events)
            json.endObject()
        }
        json.endArray()
        json.key("differences")
        json.beginArray()
        for difference in finding.differences {
            json.beginObject()
            json.member("integration", difference.integration.text)
            json.member("told", difference.live)
            json.member("on_disk", difference.onDisk)
            json.endObject()
        }
        json.endArray()
        return json.bytes
    }
}
