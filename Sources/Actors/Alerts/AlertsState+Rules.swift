package import Persistence

/// What may be sent, and what is new in what the provider says. Nothing changes here.
extension AlertsState {
    package enum Limit: Sendable, Equatable, CaseIterable {
        case testsOfUser
        case testsOfInstallation
        case number
    }

    package enum Refusal: Error, Equatable, Sendable {
        /// The key was used for another message.
        case keyConflict
        case optedOut
        case limited(Limit, retryAfterSeconds: Int)
        case storage(AppendError)
    }

    package enum Known: Sendable, Equatable {
        case answered(SMSAnswer)
        case underWay(attempt: UInt64)
    }

    /// What is known under the attempt's key; nil when it has none or a new one.
    package func known(_ attempt: SMSAttempt) throws(Refusal) -> Known? {
        guard let key = attempt.key, let entry = keys.entry(key.name, at: attempt.at) else {
            return nil
        }
        guard entry.request == key.request else { throw .keyConflict }
        return entry.answer.map(Known.answered) ?? .underWay(attempt: entry.attempt)
    }

    /// Whether a new attempt may be made. Its key has to be unknown.
    package func begin(
        _ attempt: SMSAttempt, _ limits: SMSLimits
    ) throws(Refusal) -> [AlertsEvent] {
        if let until = optOuts[attempt.recipient], attempt.at < until { throw .optedOut }
        if case .test(let user) = attempt.purpose {
            try check(
                .testsOfUser,
                tests.secondsUntilFree(user, max: limits.testsPerUserDay, at: attempt.at))
            try check(
                .testsOfInstallation,
                tests.secondsUntilAnyFree(max: limits.testsPerInstallationDay, at: attempt.at))
        }
        try check(
            .number,
            numbers.secondsUntilFree(attempt.recipient, max: limits.perNumberHour, at: attempt.at))
        return [.attempted(attempt)]
    }

    private func check(_ limit: Limit, _ seconds: Int?) throws(Refusal) {
        if let seconds { throw .limited(limit, retryAfterSeconds: seconds) }
    }

    /// Nothing for an attempt that has its answer already.
    package func finish(_ attempt: UInt64, _ answer: SMSAnswer) -> [AlertsEvent] {
        underWay[attempt] == nil ? [] : [.answered(attempt: attempt, answer)]
    }

    /// Nothing for a report that says nothing new: of an unknown message, of a step that is behind,
    /// or the same one again.
    package func decide(_ report: SMSReport) -> [AlertsEvent] {
        if let token = report.token, tokens.contains(token) { return [] }
        guard let status = history.status(of: report.providerMessageID),
            status.canBecome(report.status)
        else { return [] }
        return [.reported(report)]
    }

    package func isKnown(_ providerMessageID: String) -> Bool {
        history.status(of: providerMessageID) != nil
    }
}

/// How many messages may be tried; the settings under `alerts`.
package struct SMSLimits: Sendable, Equatable {
    package var testsPerUserDay: Int
    package var testsPerInstallationDay: Int
    package var perNumberHour: Int

    package init(testsPerUserDay: Int, testsPerInstallationDay: Int, perNumberHour: Int) {
        self.testsPerUserDay = testsPerUserDay
        self.testsPerInstallationDay = testsPerInstallationDay
        self.perNumberHour = perNumberHour
    }
}
