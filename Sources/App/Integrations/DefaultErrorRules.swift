import Actors

/// What a failure means by its status alone, where the entry's own rules say nothing.
///
/// RFC 9110 §15 has the meaning of the statuses; 529 is Anthropic's and Cloudflare's "overloaded".
enum DefaultErrorRules {
    /// In the order in which they are tried; all statuses from 400 to 599 are covered.
    static func rules(for entry: IntegrationEntry) -> [ErrorRule] {
        let name = entry.name
        let variables = entry.calls.credentials.flatMap(\.variables).joined(separator: " and ")
        return [
            rule(
                [401], "auth_failed", .integration,
                "\(name) does not accept the credentials: check \(variables) against "
                    + "\(entry.keyURL) and start the server again."),
            rule(
                [402], "quota_exhausted", .integration,
                "\(name) wants to be paid: look after plan and balance at \(entry.keyURL)."),
            rule(
                [429], "rate_limited", .caller,
                "Wait as long as Retry-After says and send fewer requests to \(name), or get "
                    + "higher limits there."),
            rule(
                [404], "not_found", .caller,
                "\(name) knows no such path or resource: check both against its documentation."),
            rule(
                Array(400...499), "rejected", .caller,
                "\(name) refused the request: its answer says why; correct the request."),
            rule(
                Array(500...599), "provider_down", .provider,
                "\(name) has trouble: try again later and look at its status page."),
        ]
    }

    /// What to do about codes of events that no answer brings about.
    static func fix(for errorCode: String, _ entry: IntegrationEntry) -> String? {
        switch errorCode {
        case "unreachable", UsageErrorCode.unreachable:
            "No connection to \(entry.name) comes about: check DNS, firewall and proxy for "
                + "\(entry.baseURL)."
        case "stream_failed":
            "\(entry.name) broke its stream off with an error of its own: try again."
        case "stream_truncated", "upstream_closed":
            "\(entry.name) ended its answer early: what came of it is not whole, so try again."
        default:
            ErrorCode(rawValue: errorCode)?.definition.suggestedFix
        }
    }

    private static func rule(
        _ statuses: [Int], _ errorCode: String, _ fault: ErrorRule.Fault, _ fix: String
    ) -> ErrorRule {
        ErrorRule(
            statuses: statuses, codes: [], messageContains: nil, errorCode: errorCode,
            fault: fault, suggestedFix: fix)
    }
}
