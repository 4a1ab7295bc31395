import Actors

/// An event as the API shows it, byte for byte.
enum UsageEventJSON {
    static func write(_ event: UsageEvent, to json: inout JSONWriter) {
        let facts = event.facts
        json.beginObject()
        json.member("id", event.id)
        json.member("event_id", facts.eventID)
        json.member("reporter", facts.reporter)
        json.member("at", facts.at)
        json.member("integration", facts.integration.text)
        json.member("operation", facts.operation)
        json.member("source", facts.source.text)
        json.member("status", facts.status.text)
        json.member("http_status", facts.httpStatus)
        json.member("error_code", facts.errorCode)
        json.member("latency_ms", facts.latencyMilliseconds)
        json.member("upstream_ms", facts.upstreamMilliseconds)
        json.member("bytes_in", facts.bytesIn)
        json.member("bytes_out", facts.bytesOut)
        json.key("units")
        if let units = facts.units {
            json.beginObject()
            for unit in units { json.member(unit.name, unit.amount) }
            json.endObject()
        } else {
            json.null()
        }
        json.member("trace_id", facts.trace)
        json.member("provider_request_id", facts.providerRequestID)
        json.endObject()
    }

    static var schema: Schema {
        .named(
            "UsageEvent",
            .object([
                .init("id", .string(example: "evt_00000000002a")),
                .init("event_id", .nullable(.string()), note: "The reporter's own id."),
                .init("reporter", .nullable(.string())),
                .init("at", .string(format: "date-time"), note: "The start of the call."),
                .init("integration", .string(example: "openai")),
                .init("operation", .string(example: "POST /v1/chat/completions")),
                .init("source", .enumeration(UsageSource.allCases.map(\.text))),
                .init("status", .enumeration(UsageStatus.allCases.map(\.text))),
                .init("http_status", .nullable(.integer), note: "Null when nothing came back."),
                .init("error_code", .nullable(.string())),
                .init("latency_ms", .nullable(.integer)),
                .init("upstream_ms", .nullable(.integer)),
                .init("bytes_in", .nullable(.integer)),
                .init("bytes_out", .nullable(.integer)),
                .init("units", .nullable(.any), note: "Null when unknown, never zero."),
                .init("trace_id", .string()),
                .init("provider_request_id", .nullable(.string())),
            ]))
    }
}
