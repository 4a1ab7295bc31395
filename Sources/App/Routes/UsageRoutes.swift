import Actors
import HTTPTypes
import NIOCore
import Persistence

/// Usage events: callers report them, people and programs read them.
struct UsageRoutes: Sendable {
    let usage: UsageActor
    let integrations: Set<IntegrationID>

    var endpoints: [Endpoint] { [ingest, list] }

    static let ingestPath = "/api/usage/events"
    /// Tens of thousands of events, and still one frame of the log or two.
    private static let bodyBytesMax = 8 << 20
    static let ndjson = "application/x-ndjson"

    private var ingest: Endpoint {
        Endpoint(
            .post, Self.ingestPath, "Report uses of integrations, durably",
            access: .scope(.usageWrite), rateClass: .ingest,
            request: .raw(
                contentTypes: ["application/json", Self.ndjson], bytesMax: Self.bodyBytesMax,
                schema: .array(Self.reportSchema)),
            response: .json(
                status: 200,
                .object([
                    .init("accepted", .integer), .init("duplicates", .integer),
                    .init(
                        "rejected",
                        .array(
                            .object([
                                .init("index", .integer), .init("error_code", .string()),
                                .init("message", .string()),
                            ]))),
                    .init(
                        "dedup_window_seconds", .integer, isRequired: false,
                        note: "Only when duplicates are recognised for less than 24 hours."),
                ])),
            errors: [.malformedJSON, .validationFailed, .storageFull, .overloaded]
        ) { call throws(APIError) in
            let parser = UsageReportParser(
                integrations: integrations, now: call.now, trace: call.trace)
            let bytes = Array(call.body.readableBytesView)
            let isLines = call.headers[.contentType]?.lowercased().hasPrefix(Self.ndjson) ?? false
            let parsed = isLines ? parser.parse(lines: bytes) : try parser.parse(array: bytes)
            let result: IngestResult
            do throws(AppendError) {
                result = try await usage.ingest(parsed.reports, at: call.now)
            } catch {
                throw APIError(error)
            }
            return Reply(.ok, .openObject(Self.answer(parsed, result)))
        }
    }

    /// The answer's object without its closing brace.
    static func answer(_ parsed: UsageReportParser.Parsed, _ result: IngestResult) -> ByteBuffer {
        IngestAnswer(parsed, result).json
    }

    private static var reportSchema: Schema {
        .named(
            "UsageReport",
            .object([
                .init("source", .string(), note: "1–256 bytes; with `id` the key of the event."),
                .init("id", .string(), note: "1–256 bytes."),
                .init("integration", .string(example: "openai")),
                .init("operation", .string(example: "POST /v1/chat/completions")),
                .init(
                    "status",
                    .enumeration(UsageStatus.allCases.filter { $0 != .pending }.map(\.text))),
                .init(
                    "at", .string(format: "date-time"), isRequired: false,
                    note: "Between 24 h ago and 5 min ahead; now when absent."),
                .init("latency_ms", .nullable(.integer), isRequired: false),
                .init("http_status", .nullable(.integer), isRequired: false),
                .init("error_code", .nullable(.string()), isRequired: false),
                .init("units", .nullable(.any), isRequired: false),
                .init("trace_id", .nullable(.string()), isRequired: false),
            ]))
    }

    // MARK: Listing

    private static let limits = 1...200
    private static let standardLimit = 50

    private var list: Endpoint {
        Endpoint(
            .get, "/api/integrations/{id}/events", "Events of an integration, newest first",
            access: .sessionOrScope(.usageRead), rateClass: .reads,
            query: [
                .init(
                    "limit", .integer(in: Self.limits), isRequired: false,
                    note: "1–200, 50 when absent."),
                .init("cursor", .string(), isRequired: false, note: "`next_cursor` of a page."),
            ],
            response: .json(
                status: 200,
                .object([
                    .init("events", .array(UsageEventJSON.schema)),
                    .init("next_cursor", .nullable(.string())),
                ])),
            errors: [.integrationUnknown, .validationFailed, .cursorInvalid]
        ) { call throws(APIError) in
            let integration = IntegrationID(call.parameter("id"))
            guard integrations.contains(integration) else { throw APIError(.integrationUnknown) }
            let limit = try call.number(
                "limit", in: Self.limits, standard: Self.standardLimit)
            let before = try EventCursor(call.query("cursor"))
            let page = await usage.events(of: integration, before: before?.row, limit: limit)
            var json = JSONWriter(capacity: 256 + page.events.count * 512)
            json.beginObject()
            json.key("events")
            json.beginArray()
            for event in page.events { UsageEventJSON.write(event, to: &json) }
            json.endArray()
            json.member("next_cursor", page.next.map { EventCursor(row: $0).text })
            return Reply(.ok, .openObject(ByteBuffer(bytes: json.bytes))).unlessKnown(to: call)
        }
    }
}

/// Where a page of events ended. Opaque to callers, so that its content can change.
private struct EventCursor {
    let row: UInt64
    private static let prefix = "r"

    init(row: UInt64) { self.row = row }

    init?(_ text: String?) throws(APIError) {
        guard let text else { return nil }
        guard text.hasPrefix(Self.prefix), let row = UInt64(text.dropFirst(), radix: 36),
            EventCursor(row: row).text == text
        else { throw APIError(.cursorInvalid, field: "cursor") }
        self.row = row
    }

    var text: String { Self.prefix + String(row, radix: 36) }
}

/// The answer to a batch: what the parser and the actor have to say about each item, in its order.
private struct IngestAnswer {
    let json: ByteBuffer

    init(_ parsed: UsageReportParser.Parsed, _ result: IngestResult) {
        var accepted = 0
        var duplicates = 0
        var rejections = parsed.rejections
        for (position, outcome) in zip(parsed.positions, result.outcomes) {
            func reject(_ code: ErrorCode) {
                rejections.append(
                    UsageReportParser.Rejection(
                        index: position, code: code, message: code.definition.message))
            }
            switch outcome {
            case .accepted: accepted += 1
            case .duplicate: duplicates += 1
            case .conflict: reject(.eventConflict)
            case .tooOld: reject(.eventTooOld)
            case .inFuture: reject(.eventInFuture)
            }
        }
        var json = JSONWriter(capacity: 64 + rejections.count * 128)
        json.beginObject()
        json.member("accepted", accepted)
        json.member("duplicates", duplicates)
        json.key("rejected")
        json.beginArray()
        for rejection in rejections.sorted(by: { $0.index < $1.index }) {
            json.beginObject()
            json.member("index", rejection.index)
            json.member("error_code", rejection.code.rawValue)
            json.member("message", rejection.message)
            json.endObject()
        }
        json.endArray()
        if let seconds = result.dedupWindowSeconds { json.member("dedup_window_seconds", seconds) }
        self.json = ByteBuffer(bytes: json.bytes)
    }
}
