import Actors
import Foundation
import Persistence

/// Answers calls about the shards of this server, whether they come from another server or from
/// this one.
struct ShardAnswerer: Sendable {
    let directory: any ShardDirectory
    let local: LocalShardCalls
    let limiters: RateLimiters
    /// An operator's command, by this server's own actors.
    let desk: OperatorDesk
    let clock: any WallClock
    /// What is asked of a shard is under way there like every request, so that a shard in good
    /// order is not given up in the middle of it. Nil where shards stay.
    var gates: ServingGates?

    /// - Parameter others: who knows of accounts in any shard.
    func answer(_ bytes: [UInt8], asking others: any ShardCalls) async -> [UInt8] {
        guard let call = try? ShardCall(bytes) else { return ShardAnswer.notUnderstood.bytes }
        return await answer(call, asking: others).bytes
    }

    func answer(_ call: ShardCall, asking others: any ShardCalls) async -> ShardAnswer {
        let home = call.home(of: directory.shardCount)
        guard directory.place(of: home) == .here else { return .misdirected }
        // Commands have a permit of their own, which is as slow as they are.
        if case .perform = call { return await lookAndCheck(call, home, asking: others) }
        guard let gates else { return await lookAndCheck(call, home, asking: others) }
        guard let permit = await permit(for: home, gates) else { return .misdirected }
        defer { permit.leave() }
        let answer = await lookAndCheck(call, home, asking: others)
        return permit.isValid ? answer : .notReady
    }

    /// How long a shard may take to begin here, or to leave.
    private static let gatePatience = Duration.seconds(1)
    private static let gatePause = Duration.milliseconds(5)

    /// Waits while the shard is here and nobody is let in: it has come just now, or is about to go.
    private func permit(for shard: ShardID, _ gates: ServingGates) async -> RequestPermit? {
        let deadline = ContinuousClock.now + Self.gatePatience
        while directory.place(of: shard) == .here {
            if let permit = gates[shard].enter(.quick) { return permit }
            guard ContinuousClock.now < deadline, !Task.isCancelled else { return nil }
            try? await Task.sleep(for: Self.gatePause)
        }
        return nil
    }

    private func lookAndCheck(
        _ call: ShardCall, _ home: ShardID, asking others: any ShardCalls
    ) async -> ShardAnswer {
        let answer: ShardAnswer
        do throws(ShardCallError) {
            answer = try await look(call, asking: others)
        } catch {
            switch error {
            case .notReady: return .notReady
            case .storage(let error): return .storage(error)
            }
        }
        // Whoever owns the shard now may have changed what was read.
        return directory.place(of: home) == .here ? answer : .notReady
    }

    private func look(
        _ call: ShardCall, asking others: any ShardCalls
    ) async throws(ShardCallError) -> ShardAnswer {
        switch call {
        case .authenticate(let shard, let digest):
            .principal(try await local.authenticate(digest, of: shard, at: clock.now()))
        case .claimFirstAdmin(let user):
            .flag(try await local.claimFirstAdmin(for: user, at: clock.now(), asking: others))
        case .finishClaim(let user):
            try await finishClaim(of: user)
        case .exists(let user):
            .flag(try await local.exists(user))
        case .find(let email):
            .found(try await local.user(email: email))
        case .users(let shard, let offset, let limit):
            .users(try await local.users(of: shard, from: offset, limit: limit))
        case .counts(let shard):
            .counts(try await local.counts(of: shard))
        case .activities(let shard, let trace):
            .activities(try await activities(under: trace, of: shard))
        case .take(let rateClass, let key):
            .decision(await limiters.take(rateClass, key, at: clock.now()))
        case .perform(let shard, let command):
            await perform(command, in: shard)
        }
    }

    /// Of one trace in one shard, some 340 KB. A request has a handful; more would be of somebody
    /// who sends the same trace id for ever.
    private static let activitiesMax = 1000

    private func activities(
        under trace: TraceID, of shard: ShardID
    ) async throws(ShardCallError) -> [TracedActivity] {
        Array(
            try await local.activities(under: trace, of: shard).suffix(Self.activitiesMax))
    }

    private func finishClaim(of user: UserID) async throws(ShardCallError) -> ShardAnswer {
        try await local.finishClaim(of: user)
        return .done
    }

    /// A command is not passed on a second time: it is refused when its home is elsewhere.
    private func perform(_ json: [UInt8], in shard: ShardID) async -> ShardAnswer {
        guard let command = try? JSONDecoder().decode(OperatorCommand.self, from: Data(json)),
            command.home(of: directory.shardCount) == .shard(shard)
        else { return .notUnderstood }
        let reply = await desk.perform(command)
        // Two strings and a boolean: encoding them can't fail.
        guard let data = try? JSONEncoder().encode(reply) else { return .notUnderstood }
        return .reply(Array(data))
    }
}
