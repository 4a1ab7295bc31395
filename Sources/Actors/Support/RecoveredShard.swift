package import Persistence

/// The state of one shard on its way between whoever follows the log and the actors that change it.
package struct RecoveredShard: Sendable {
    package var accounts: RecoveredAccounts
    /// The buckets that are kept with the shard.
    package var rateLimitChunks: [[UInt8]]
    /// What there is once, in shard 0; nil in every other.
    package var common: Common?

    package struct Common: Sendable {
        package var installation: InstallationState
        package var tokensLastUsed: [ServiceTokenID: Timestamp]
        package var usage: UsageState
        package var alerts: AlertsState

        package init(
            installation: InstallationState, tokensLastUsed: [ServiceTokenID: Timestamp],
            usage: UsageState, alerts: AlertsState
        ) {
            self.installation = installation
            self.tokensLastUsed = tokensLastUsed
            self.usage = usage
            self.alerts = alerts
        }
    }

    package init(
        accounts: RecoveredAccounts, rateLimitChunks: [[UInt8]] = [], common: Common? = nil
    ) {
        self.accounts = accounts
        self.rateLimitChunks = rateLimitChunks
        self.common = common
    }
}

extension RecoveredState {
    /// Hands a shard out. Nothing of it is left here, so that its new holder does not copy it with
    /// the first change.
    package mutating func take(_ shard: ShardID) -> RecoveredShard {
        defer { reset(shard) }
        return RecoveredShard(
            accounts: accounts[Int(shard.rawValue)],
            rateLimitChunks: rateLimitChunks[Int(shard.rawValue)],
            common: shard == Self.commonShard
                ? RecoveredShard.Common(
                    installation: installation, tokensLastUsed: tokensLastUsed, usage: usage,
                    alerts: alerts)
                : nil)
    }

    /// Takes back what was handed out; the log goes on after what is in it.
    package mutating func put(_ state: RecoveredShard, of shard: ShardID) {
        accounts[Int(shard.rawValue)] = state.accounts
        rateLimitChunks[Int(shard.rawValue)] = state.rateLimitChunks
        guard let common = state.common else { return }
        installation = common.installation
        tokensLastUsed = common.tokensLastUsed
        usage = common.usage
        alerts = common.alerts
    }
}
