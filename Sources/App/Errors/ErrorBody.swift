package import Actors
package import HTTPTypes

extension APIError {
    /// The wire body of a failure, the same for every endpoint and for what the HTTP parser
    /// refuses: `{"error_code","message","suggested_fix","trace_id"}`, then what this one case
    /// adds.
    package func body(trace: TraceID) -> [UInt8] {
        var members: [(String, JSONTree)] = [
            ("error_code", .string(code.rawValue)),
            ("message", .string(message)),
            ("suggested_fix", .string(suggestedFix)),
            ("trace_id", .string(trace.description)),
        ]
        if let field { members.append(("field", .string(field))) }
        if let retryAfterSeconds {
            members.append(("retry_after_seconds", .integer(Int64(retryAfterSeconds))))
        }
        for (name, value) in extra {
            switch value {
            case .string(let text): members.append((name, .string(text)))
            case .integer(let number): members.append((name, .integer(number)))
            case .null: members.append((name, .null))
            }
        }
        return JSONTree.object(members).compact
    }

    /// The headers that belong to this failure.
    package var headers: [(HTTPField.Name, String)] {
        var headers: [(HTTPField.Name, String)] = []
        if let retryAfterSeconds { headers.append((.retryAfter, String(retryAfterSeconds))) }
        if let allowedMethods { headers.append((.allow, allowedMethods)) }
        // RFC 9110 §15.5.2 demands a challenge with every 401. Bearer makes no browser ask for a
        // password of its own.
        if code.definition.status == 401 {
            headers.append((.wwwAuthenticate, "Bearer realm=\"countersign\""))
        }
        return headers
    }
}
