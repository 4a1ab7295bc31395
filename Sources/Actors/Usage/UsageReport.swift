/// One event of `POST /api/usage/events`, its shape already checked: `source` and `id` are 1–256
/// bytes, the integration is in the catalogue. Its time is judged by the actor, against one clock.
package struct UsageReport: Sendable {
    package var facts: UsageFacts
    /// Identifies (source, id): the injective key's digest.
    package var key: ReportKey
    /// Identifies the content, whatever the order of its members: equal keys with unequal contents
    /// are a conflict and not a duplicate. Covers every member as it was sent; an absent `at` or
    /// `trace_id` is absent in it too, whatever the server fills in.
    package var content: UInt64

    package init(facts: UsageFacts, key: ReportKey, content: UInt64) {
        self.facts = facts
        self.key = key
        self.content = content
    }
}

/// The first 128 bits of SHA-256 over the length of `source` (4 bytes, little endian), `source` and
/// `id`: no two pairs of byte strings give the same input.
package struct ReportKey: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(low) }
}

/// What became of one report.
package enum ReportOutcome: Equatable, Sendable {
    case accepted
    case duplicate
    /// The same key with another content was accepted before.
    case conflict
    /// More than 24 h ago.
    case tooOld
    /// More than 5 min ahead.
    case inFuture
}

/// What became of a whole batch, in its order.
package struct IngestResult: Sendable {
    package var outcomes: [ReportOutcome]
    /// Set when the cap on keys makes the window in which duplicates are recognised shorter than 24
    /// h.
    package var dedupWindowSeconds: Int64?

    package init(outcomes: [ReportOutcome], dedupWindowSeconds: Int64?) {
        self.outcomes = outcomes
        self.dedupWindowSeconds = dedupWindowSeconds
    }
}

/// How much of what memory has for events is in use.
package struct UsageFill: Sendable {
    package let rings: [IntegrationID: (count: Int, capacity: Int)]
    package let dedupKeys: Int
    package let dedupKeysMax: Int
    /// Events ever, of each integration.
    package let recorded: [IntegrationID: UInt64]
}

/// The exact counts of the last 24 hours, to the second, and the newest use.
package struct UsageCounts: Equatable, Sendable {
    /// Events with status ok, observed or reported; never probes.
    package var ok: UInt64 = 0
    /// Finished events of any other status, observed or reported.
    package var failures: UInt64 = 0
    /// Events of either kind that were only reported.
    package var reported: UInt64 = 0
    /// The newest `at` of an event that is no probe; it does not leave with the window.
    package var lastUsedAt: Timestamp?

    package init() {}
}
