package import Persistence

/// What a rule decided: facts to append in one indivisible batch, and what to tell the caller once
/// they are durable. A refusal can have facts too: a wrong code costs a guess.
package struct AccountVerdict<Value: Sendable>: Sendable {
    package var events: [AccountEvent]
    package var result: Result<Value, AccountError>

    package init(events: [AccountEvent], result: Result<Value, AccountError>) {
        self.events = events
        self.result = result
    }

    static func accept(_ value: Value, _ events: [AccountEvent]) -> AccountVerdict {
        AccountVerdict(events: events, result: .success(value))
    }

    static func refuse(_ error: AccountError, _ events: [AccountEvent] = []) -> AccountVerdict {
        AccountVerdict(events: events, result: .failure(error))
    }
}

/// The secrets that a command may hand out, drawn before the rules run so that the rules stay pure.
package struct SessionGrant: Sendable {
    package let secret: BearerSecret
    package let id: SessionID

    package init(shard: ShardID, at time: Timestamp, random: some RandomSource) {
        secret = BearerSecret(.session, shard: shard, random: random)
        id = SessionID(shard: shard, at: time, random: random)
    }
}
