// The part of a provider's page that matters once calls are made.

extension ProviderDocument {
    static func errors(_ entry: IntegrationEntry) -> String {
        let rows = entry.calls.answers.errors.map { rule in
            [condition(rule), "`\(rule.errorCode)`", rule.fault.rawValue, rule.suggestedFix]
        }
        let standard = DefaultErrorRules.rules(for: entry).map { rule in
            [
                statuses(rule.statuses), "`\(rule.errorCode)`", rule.fault.rawValue,
                rule.suggestedFix,
            ]
        }
        return """
            ## What its failures mean

            The answer reaches the app as \(entry.name) gave it. The event of the call has the
            `error_code` of the first row that fits, and the status of the integration says what to
            do. Whose fault: an operator has to act (integration), \(entry.name) has trouble
            (provider), or the request is not right (caller).

            \(table(["answer", "error_code", "fault", "what to do"], rows + standard))
            """
    }

    private static func condition(_ rule: ErrorRule) -> String {
        var parts: [String] = []
        if !rule.statuses.isEmpty { parts.append(statuses(rule.statuses)) }
        if !rule.codes.isEmpty { parts.append(code(rule.codes)) }
        if let text = rule.messageContains { parts.append("“\(text)”") }
        return parts.joined(separator: "; ")
    }

    /// A whole class is written as 4xx.
    private static func statuses(_ statuses: [Int]) -> String {
        if statuses.count == 100, let first = statuses.first { return "other \(first / 100)xx" }
        return statuses.map(String.init).joined(separator: ", ")
    }

    static func recorded(_ entry: IntegrationEntry) -> String {
        let scheme = entry.calls
        var lines: [String] = []
        let units = scheme.answers.units.map(\.name)
        lines.append(
            units.isEmpty
                ? "No units: one call is one use."
                : "Units: \(code(units)), as the answer or the stream tells them; null when it "
                    + "broke off.")
        if let header = scheme.answers.requestIDHeader {
            lines.append("\(entry.name)'s own id of the request, from the header `\(header)`.")
        } else if let path = scheme.answers.requestIDPath {
            let name = path.parts.joined(separator: ".")
            lines.append("\(entry.name)'s own id of the request, from the member `\(name)`.")
        }
        if !scheme.answers.rateLimits.isEmpty {
            let names = code(scheme.answers.rateLimits.map(\.name))
            lines.append("The last limits that it told (\(names)), with the statistics.")
        }
        if !scheme.isRepeatable {
            lines.append(
                "The attempt of a call that changes something is on the disk before it leaves, and "
                    + "no such call is ever sent twice. One whose end nobody knows is `ambiguous`.")
        }
        if let probe = scheme.probe {
            lines.append(
                "Without traffic, `GET \(probe.path)` shows now and then whether the credentials "
                    + "work\(probe.isCostly ? "; rarely, for it counts against the quota" : "").")
        }
        return "## What is recorded\n\n" + lines.map { "- " + $0 }.joined(separator: "\n")
    }

    static func limits(_ entry: IntegrationEntry) -> String {
        let limits = entry.calls.limits
        return """
            ## Limits

            Bodies of requests up to \(limits.requestBytesMax >> 20) MiB; \
            \(limits.connectSeconds) s to connect and \(limits.tlsSeconds) s for TLS, \
            \(limits.firstByteSeconds) s until the answer begins, \(limits.idleSeconds) s between
            two pieces of it.
            """
    }
}
