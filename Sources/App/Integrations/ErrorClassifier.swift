/// Says what a provider's answer means: nothing for a success, else an error code, whose fault it
/// is, and what to do. The entry's own rules come first, then those by status.
struct ErrorClassifier: Sendable {
    private let entry: IntegrationEntry
    private let rules: [ErrorRule]
    /// Some providers report failures with a good status.
    private let goodStatusRules: [ErrorRule]

    private static let firstFailure = 400

    init(_ entry: IntegrationEntry) {
        self.entry = entry
        rules = entry.calls.answers.errors + DefaultErrorRules.rules(for: entry)
        goodStatusRules = entry.calls.answers.errors.filter { rule in
            rule.statuses.contains { $0 < Self.firstFailure }
        }
    }

    /// - Parameters:
    ///   - code: the provider's own, where the answer has one.
    ///   - message: its text, or the start of a body that has no place for one.
    ///   - hasStreamFailed: the stream has said that it failed, after a status that promised
    ///     success. Then rules fit by code and text alone.
    /// - Returns: nil when it is no failure: a status below 400 is one only for rules that list it.
    func classify(
        status: Int, code: String?, message: String?, hasStreamFailed: Bool = false
    ) -> (errorCode: String, fault: ErrorRule.Fault, suggestedFix: String)? {
        let rule: ErrorRule? =
            if status >= Self.firstFailure {
                rules.first { $0.fits(status: status, code: code, message: message) }
            } else if hasStreamFailed {
                rules.first { $0.fits(status: nil, code: code, message: message) }
            } else {
                goodStatusRules.first {
                    $0.statuses.contains(status) && $0.fits(code: code, message: message)
                }
            }
        return rule.map { ($0.errorCode, $0.fault, $0.suggestedFix) }
    }

    /// What to do about an error code of this integration's events; nil for one that nobody knows.
    func suggestedFix(for errorCode: String) -> String? {
        rules.first { $0.errorCode == errorCode }?.suggestedFix
            ?? DefaultErrorRules.fix(for: errorCode, entry)
    }
}

extension ErrorRule {
    /// - Parameter status: nil where it says nothing, so that code or text have to.
    fileprivate func fits(status: Int?, code: String?, message: String?) -> Bool {
        if let status {
            guard statuses.isEmpty || statuses.contains(status) else { return false }
        } else {
            guard !codes.isEmpty || messageContains != nil else { return false }
        }
        return fits(code: code, message: message)
    }

    fileprivate func fits(code: String?, message: String?) -> Bool {
        if !codes.isEmpty {
            guard let code, codes.contains(code) else { return false }
        }
        guard let messageContains else { return true }
        return message?.lowercased().contains(messageContains) ?? false
    }
}
