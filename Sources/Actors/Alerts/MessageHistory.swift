import DequeModule

/// A text message as people see it in the list: what was tried, and how far it has come.
package struct SMSMessage: Sendable, Hashable {
    /// The ordinal of the attempt's record.
    package let attempt: UInt64
    /// Nil when the provider never gave one.
    package let providerMessageID: String?
    package fileprivate(set) var status: SMSStatus
    /// Of its usage event.
    package let row: UInt64?
    /// When it was tried.
    package let at: Timestamp
    /// When the status was last heard of.
    package fileprivate(set) var updatedAt: Timestamp
    package let trace: TraceID
    package let isTest: Bool
    /// Why it failed: a code of ours, or the provider's own number.
    package fileprivate(set) var errorCode: String?

    init(_ number: UInt64, _ attempt: SMSAttempt, _ answer: SMSAnswer) {
        self.attempt = number
        providerMessageID = answer.providerMessageID
        status = answer.status
        row = answer.row
        at = attempt.at
        updatedAt = answer.at
        trace = attempt.trace
        errorCode = answer.failure?.errorCode
        switch attempt.purpose {
        case .test: isTest = true
        case .alert: isTest = false
        }
    }

    init(
        attempt: UInt64, providerMessageID: String?, status: SMSStatus, row: UInt64?,
        at: Timestamp, updatedAt: Timestamp, trace: TraceID, isTest: Bool, errorCode: String?
    ) {
        self.attempt = attempt
        self.providerMessageID = providerMessageID
        self.status = status
        self.row = row
        self.at = at
        self.updatedAt = updatedAt
        self.trace = trace
        self.isTest = isTest
        self.errorCode = errorCode
    }
}

/// The last messages, oldest first.
package struct MessageHistory: Sendable, Equatable {
    private(set) var messages: Deque<SMSMessage> = []

    /// Days of alerts for most; what is older is in the events.
    package static let messagesMax = 1000

    mutating func append(_ message: SMSMessage) {
        messages.append(message)
        if messages.count > Self.messagesMax { messages.removeFirst() }
    }

    func status(of providerMessageID: String) -> SMSStatus? {
        place(of: providerMessageID).map { messages[$0].status }
    }

    mutating func learn(_ report: SMSReport) {
        guard let place = place(of: report.providerMessageID) else { return }
        messages[place].status = report.status
        messages[place].updatedAt = report.at
        // A later step clears what an earlier one had to complain of.
        messages[place].errorCode = report.errorCode
    }

    /// Reports come for the newest ones.
    private func place(of providerMessageID: String) -> Int? {
        messages.lastIndex { $0.providerMessageID == providerMessageID }
    }
}
