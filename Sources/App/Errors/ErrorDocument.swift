/// The catalogue of errors as documents: `GET /api/errors` and docs/errors.md.
package enum ErrorDocument {
    /// `{"errors":[{"error_code","status","message","suggested_fix"}]}`, in the catalogue's order.
    package static var json: JSONTree {
        .object([
            (
                "errors",
                .array(
                    ErrorCode.allCases.map { code in
                        let definition = code.definition
                        return .object([
                            ("error_code", .string(code.rawValue)),
                            ("status", .integer(Int64(definition.status))),
                            ("message", .string(definition.message)),
                            ("suggested_fix", .string(definition.suggestedFix)),
                        ])
                    })
            )
        ])
    }

    /// For people, by status.
    package static var markdown: String {
        var text = """
            # Errors

            Every failure is a JSON object with `error_code`, `message`, `suggested_fix` and
            `trace_id`; `field` names what is wrong and `retry_after_seconds` (also sent as
            `Retry-After`) says how long to wait, where they apply. A code has the same status
            everywhere. A message may say more than the one here; the code never changes its
            meaning.

            This page is generated from the error catalogue.

            | status | error_code | message | suggested fix |
            |---|---|---|---|

            """
        let byStatus = ErrorCode.allCases.enumerated().sorted {
            ($0.element.definition.status, $0.offset) < ($1.element.definition.status, $1.offset)
        }
        for (_, code) in byStatus {
            let definition = code.definition
            text +=
                "| \(definition.status) | `\(code.rawValue)` | \(definition.message) "
                + "| \(definition.suggestedFix) |\n"
        }
        return text
    }
}
