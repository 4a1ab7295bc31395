import Actors
import Foundation
import Logging
import Persistence
import Replication

/// Sends a question to another server of the cluster.
protocol PeerAsking: Sendable {
    func ask(
        _ server: OwnerID, _ message: [UInt8], withinMilliseconds limit: UInt64
    ) async throws(PeerCallError) -> [UInt8]
}

extension PeerCaller: PeerAsking {}

/// Asks the owner of each shard, whichever server that is.
///
/// Who is asked and does not own the shard says so, and then the new owner is asked, once. A
/// question of which nobody knows whether it was heard is not asked again: it may have had its
/// effect.
struct RoutedShardCalls: Sendable {
    let directory: any ShardDirectory
    let answerer: ShardAnswerer
    let peers: any PeerAsking
    let logger: Logger

    /// For everything: to find the owner, to ask it, and to ask the next one.
    private static let patience = Duration.seconds(2)
    /// A batch of accounts that is imported is a hundred appends, one after the other.
    private static let commandPatience = Duration.seconds(30)
    /// A shard in good order changes hands in a third of this.
    private static let holdPatience = Duration.seconds(1)
    private static let pause = Duration.milliseconds(10)
    private static let attemptsMax = 2

    func ask(_ call: ShardCall) async throws(ShardCallError) -> ShardAnswer {
        let deadline = ContinuousClock.now + Self.patience(of: call)
        let home = call.home(of: directory.shardCount)
        var mistaken: ShardPlace?
        for _ in 0..<Self.attemptsMax {
            let place = await place(of: home, otherThan: mistaken, until: deadline)
            let answer: ShardAnswer?
            switch place {
            case .nobody: throw .notReady
            case .here: answer = await answerer.answer(call, asking: self)
            case .at(let owner): answer = try await ask(owner, call, until: deadline)
            }
            switch answer {
            case nil, .misdirected: mistaken = place
            case .notReady, .notUnderstood: throw .notReady
            case .storage(let error): throw .storage(error)
            case let answer?: return answer
            }
        }
        throw .notReady
    }

    private static func patience(of call: ShardCall) -> Duration {
        if case .perform = call { commandPatience } else { patience }
    }

    /// Where the shard is, once somebody has it and it is not where it was found not to be.
    private func place(
        of shard: ShardID, otherThan mistaken: ShardPlace?, until deadline: ContinuousClock.Instant
    ) async -> ShardPlace {
        let end = min(deadline, ContinuousClock.now + Self.holdPatience)
        while true {
            let place = directory.place(of: shard)
            if place != .nobody, place != mistaken { return place }
            guard ContinuousClock.now < end, !Task.isCancelled else { return .nobody }
            try? await Task.sleep(for: Self.pause)
        }
    }

    /// Nil when the owner has not heard the question, so that it can be asked again.
    private func ask(
        _ owner: OwnerID, _ call: ShardCall, until deadline: ContinuousClock.Instant
    ) async throws(ShardCallError) -> ShardAnswer? {
        let left = max(.milliseconds(1), deadline - ContinuousClock.now)
        let bytes: [UInt8]
        do throws(PeerCallError) {
            bytes = try await peers.ask(
                owner, call.bytes, withinMilliseconds: UInt64(left / .milliseconds(1)))
        } catch {
            switch error {
            case .unreachable: return nil
            case .overloaded, .silence:
                logger.debug("\(owner) does not answer", metadata: ["reason": "\(error)"])
            case .notAuthentic, .tooLarge:
                logger.warning(
                    "another server can't be asked; have all the same APP_ENC_KEY and time?",
                    metadata: ["server": "\(owner)", "reason": "\(error)"])
            }
            throw .notReady
        }
        do throws(DecodingFault) {
            return try ShardAnswer(bytes)
        } catch {
            // It is of another version.
            throw .notReady
        }
    }
}

extension RoutedShardCalls: ShardCalls {
    func authenticate(
        _ digest: TokenDigest, of shard: ShardID, at now: Timestamp
    ) async throws(ShardCallError) -> SessionPrincipal? {
        // A token of a shard that does not exist is nobody's.
        guard Int(shard.rawValue) < directory.shardCount else { return nil }
        if directory.place(of: shard) == .here {
            do throws(ShardCallError) {
                return try await answerer.local.authenticate(digest, of: shard, at: now)
            } catch .notReady {
                // It has just gone elsewhere, and to look twice changes nothing.
            }
        }
        guard case .principal(let principal) = try await ask(.authenticate(shard, digest)) else {
            throw .notReady
        }
        return principal
    }

    func claimFirstAdmin(
        for user: UserID, at now: Timestamp
    ) async throws(ShardCallError) -> Bool {
        guard case .flag(let isFirst) = try await ask(.claimFirstAdmin(user)) else {
            throw .notReady
        }
        return isFirst
    }

    func finishClaim(of user: UserID) async throws(ShardCallError) {
        guard case .done = try await ask(.finishClaim(user)) else { throw .notReady }
    }

    func exists(_ user: UserID) async throws(ShardCallError) -> Bool {
        guard Int(user.shard.rawValue) < directory.shardCount else { return false }
        guard case .flag(let exists) = try await ask(.exists(user)) else { throw .notReady }
        return exists
    }

    func user(email: EmailAddress) async throws(ShardCallError) -> UserID? {
        guard case .found(let user) = try await ask(.find(email)) else { throw .notReady }
        return user
    }

    func users(
        of shard: ShardID, from offset: Int, limit: Int
    ) async throws(ShardCallError) -> [UserView] {
        precondition(limit <= ShardCall.usersMax)
        guard
            case .users(let page) = try await ask(.users(shard, offset: offset, limit: limit))
        else { throw .notReady }
        return page
    }

    func counts(of shard: ShardID) async throws(ShardCallError) -> ShardCounts {
        guard case .counts(let counts) = try await ask(.counts(shard)) else { throw .notReady }
        return counts
    }

    func activities(
        under trace: TraceID, of shard: ShardID
    ) async throws(ShardCallError) -> [TracedActivity] {
        guard case .activities(let found) = try await ask(.activities(shard, trace)) else {
            throw .notReady
        }
        return found
    }
}

extension RoutedShardCalls: RateLimiting {
    /// Nobody is asked where nothing is limited.
    func take(
        _ rateClass: RateClass, _ key: RateKey, at now: Timestamp
    ) async throws(ShardCallError) -> RateLimitDecision? {
        guard answerer.limiters.isLimited(rateClass) else { return nil }
        if directory.place(of: key.home(of: directory.shardCount)) == .here {
            return await answerer.limiters.take(rateClass, key, at: now)
        }
        guard case .decision(let decision) = try await ask(.take(rateClass, key)) else {
            throw .notReady
        }
        return decision
    }
}
