/// The name of an integration in the catalogue: `openai`, `alpaca-data`.
package struct IntegrationID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String
    package init(_ text: String) { self.text = text }
    package var description: String { text }
    package static func < (left: IntegrationID, right: IntegrationID) -> Bool {
        left.text < right.text
    }
}

/// How a use of an integration ended. The raw values are on disk and never change their meaning.
package enum UsageStatus: UInt8, CaseIterable, Sendable {
    case ok = 1
    case error = 2
    case timeout = 3
    /// The caller went away before the end.
    case abortedClient = 4
    /// The provider broke off.
    case abortedUpstream = 5
    /// The server stopped in the middle; nobody knows more.
    case interrupted = 6
    /// It may or may not have happened, and must not be repeated blindly.
    case ambiguous = 7
    /// Never sent: a rule of ours stood against it.
    case refused = 8
    /// Under way; not counted.
    case pending = 9

    package var text: String {
        switch self {
        case .ok: "ok"
        case .error: "error"
        case .timeout: "timeout"
        case .abortedClient: "aborted_client"
        case .abortedUpstream: "aborted_upstream"
        case .interrupted: "interrupted"
        case .ambiguous: "ambiguous"
        case .refused: "refused"
        case .pending: "pending"
        }
    }
}

/// Who says that the use happened.
package enum UsageSource: UInt8, CaseIterable, Sendable {
    /// We made the call ourselves.
    case observed = 1
    /// A caller says that it made the call.
    case reported = 2
    /// Our own test of the connection: evidence, never a use.
    case probe = 3

    package var text: String {
        switch self {
        case .observed: "observed"
        case .reported: "reported"
        case .probe: "probe"
        }
    }
}

/// What a use consumed, in the provider's own units: `input_tokens`, `messages`.
package struct UsageUnit: Hashable, Sendable {
    package let name: String
    package let amount: Int64

    package init(name: String, amount: Int64) {
        self.name = name
        self.amount = amount
    }
}

/// The facts of one use of an integration, as callers report them and as the log keeps them. It
/// never holds a body, a query string, a phone number or a secret.
package struct UsageFacts: Hashable, Sendable {
    package var integration: IntegrationID
    /// Method and route template, at most 256 characters, without ids.
    package var operation: String
    package var source: UsageSource
    package var status: UsageStatus
    /// The start of the call.
    package var at: Timestamp
    /// Nil when nothing came back.
    package var httpStatus: UInt16?
    package var errorCode: String?
    package var latencyMilliseconds: UInt32?
    package var upstreamMilliseconds: UInt32?
    package var bytesIn: UInt64?
    package var bytesOut: UInt64?
    /// Nil, and not empty, when unknown or cut off.
    package var units: [UsageUnit]?
    package var trace: TraceID
    package var providerRequestID: String?
    /// The caller's own name for itself and for the event: `source` and `id` of the report.
    package var reporter: String?
    package var eventID: String?

    package init(
        integration: IntegrationID, operation: String, source: UsageSource, status: UsageStatus,
        at: Timestamp, httpStatus: UInt16? = nil, errorCode: String? = nil,
        latencyMilliseconds: UInt32? = nil, upstreamMilliseconds: UInt32? = nil,
        bytesIn: UInt64? = nil, bytesOut: UInt64? = nil, units: [UsageUnit]? = nil,
        trace: TraceID, providerRequestID: String? = nil, reporter: String? = nil,
        eventID: String? = nil
    ) {
        self.integration = integration
        self.operation = operation
        self.source = source
        self.status = status
        self.at = at
        self.httpStatus = httpStatus
        self.errorCode = errorCode
        self.latencyMilliseconds = latencyMilliseconds
        self.upstreamMilliseconds = upstreamMilliseconds
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.units = units
        self.trace = trace
        self.providerRequestID = providerRequestID
        self.reporter = reporter
        self.eventID = eventID
    }
}

/// A row of an integration's history.
package struct UsageEvent: Hashable, Sendable {
    /// The ordinal of its record in the log: unique, and in the order of arrival.
    package let row: UInt64
    package let facts: UsageFacts

    package init(row: UInt64, facts: UsageFacts) {
        self.row = row
        self.facts = facts
    }

    package var id: String { Self.id(ofRow: row) }

    /// `evt_` and the row in twelve hex digits or more.
    package static func id(ofRow row: UInt64) -> String {
        let digits = String(row, radix: 16)
        return "evt_" + String(repeating: "0", count: max(0, 12 - digits.utf8.count)) + digits
    }
}
