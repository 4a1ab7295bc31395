package import Persistence

/// The state of one shard on its way between whoever follows the log and the actors that change it.
package struct RecoveredShard: Sendable {
    package var accounts: RecoveredAccounts
    /// What there is once, in shard 0; nil in every other.
    package var common: Common?

    package struct Common: Sendable {
        package var installation: InstallationState
        package var tokensLastUsed: [ServiceTokenID: Timestamp]
        package var usage: UsageState
        package var alerts: AlertsState
        package var rateLimitChunks: [[UInt8]]

        package init(
            installation: InstallationState, tokensLastUsed: [ServiceTokenID: Timestamp],
            usage: UsageState, alerts: AlertsState, rateLimitChunks: [[UInt8]]
        ) {
            self.installation = installation
            self.tokensLastUsed = tokensLastUsed
            self.usage = usage
            self.alerts = alerts
            self.rateLimitChunks = rateLimitChunks
        }
    }

    package init(accounts: RecoveredAccounts, common: Common? = nil) {
        self.accounts = accounts
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
            common: shard == Self.commonShard
                ? RecoveredShard.Common(
                    installation: installation, tokensLastUsed: tokensLastUsed, usage: usage,
                    alerts: alerts, rateLimitChunks: rateLimitChunks)
                : nil)
    }

    /// Takes back what was handed out; the log goes on after what is in it.
    package mutating func put(_ state: RecoveredShard, of shard: ShardID) {
        accounts[Int(shard.rawValue)] = state.accounts
        guard let common = state.common else { return }
        installation = common.installation
        tokensLastUsed = common.tokensLastUsed
        usage = common.usage
        alerts = common.alerts
        rateLimitChunks = common.rateLimitChunks
    }
}
