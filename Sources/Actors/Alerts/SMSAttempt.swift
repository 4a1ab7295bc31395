/// One try to have a text message sent, written down before anything leaves. The number and the
/// text are not in it, only hashes that nobody else can compute.
package struct SMSAttempt: Hashable, Sendable {
    package enum Purpose: Hashable, Sendable {
        /// A person asked for it, to see whether messages arrive.
        case test(UserID)
        /// A program, or an admin, has something to say.
        case alert
    }

    /// The caller's own name for this message, so that asking twice does not send twice.
    package struct Key: Hashable, Sendable {
        /// Of the caller and its `Idempotency-Key`.
        package let name: KeyedHash
        /// Of the purpose, the number and the text.
        package let request: KeyedHash

        package init(name: KeyedHash, request: KeyedHash) {
            self.name = name
            self.request = request
        }
    }

    package var at: Timestamp
    package var purpose: Purpose
    package var recipient: KeyedHash
    package var key: Key?
    package var trace: TraceID

    package init(
        at: Timestamp, purpose: Purpose, recipient: KeyedHash, key: Key?, trace: TraceID
    ) {
        self.at = at
        self.purpose = purpose
        self.recipient = recipient
        self.key = key
        self.trace = trace
    }
}

/// What came of an attempt, as its caller is told, now and whenever it asks again with the same
/// key. No number and no text of the provider's is in it.
package struct SMSAnswer: Hashable, Sendable {
    package struct Failure: Hashable, Sendable {
        package let errorCode: String
        package let message: String
        package let suggestedFix: String
        package let retryAfterSeconds: UInt32?

        package init(
            errorCode: String, message: String, suggestedFix: String,
            retryAfterSeconds: UInt32? = nil
        ) {
            self.errorCode = errorCode
            self.message = message
            self.suggestedFix = suggestedFix
            self.retryAfterSeconds = retryAfterSeconds
        }
    }

    /// What it means for later messages. The raw values are on disk.
    package enum Effect: UInt8, CaseIterable, Sendable {
        case none = 0
        /// Nothing has left and another try may go better, so the caller's key is free again.
        case keyIsFree = 1
        /// The recipient has asked for no more messages.
        case optedOut = 2
    }

    package var at: Timestamp
    package var status: SMSStatus
    package var providerMessageID: String?
    /// Of the usage event of the last request that was made for it.
    package var row: UInt64?
    /// Nil when the provider took the message.
    package var failure: Failure?
    package var effect: Effect

    package init(
        at: Timestamp, status: SMSStatus, providerMessageID: String? = nil, row: UInt64? = nil,
        failure: Failure? = nil, effect: Effect = .none
    ) {
        self.at = at
        self.status = status
        self.providerMessageID = providerMessageID
        self.row = row
        self.failure = failure
        self.effect = effect
    }
}

/// What the provider says of a message later, by calling us.
package struct SMSReport: Hashable, Sendable {
    package var providerMessageID: String
    package var status: SMSStatus
    /// The provider's own number of what went wrong.
    package var errorCode: String?
    package var at: Timestamp
    /// Of the provider's name for this very report, which it sends again when in doubt.
    package var token: KeyedHash?

    package init(
        providerMessageID: String, status: SMSStatus, errorCode: String?, at: Timestamp,
        token: KeyedHash?
    ) {
        self.providerMessageID = providerMessageID
        self.status = status
        self.errorCode = errorCode
        self.at = at
        self.token = token
    }
}
