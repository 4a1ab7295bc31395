import Foundation
package import Persistence

/// Why a password was not hashed. None of the cases says anything about the password.
package enum HashingError: Error, Equatable, Sendable {
    /// It would not have started in time, or did not. Nothing was computed.
    case overloaded(retryAfterSeconds: Int)
    /// The caller was cancelled while it waited. Nothing was computed.
    case cancelled
    case shutDown
}

/// Hashes and verifies passwords on threads of its own, so that a storm of logins costs the rest of
/// the server nothing but processor time at a lower priority.
///
/// A hash holds a processor for tens of milliseconds and 19 MiB of memory. So no more run at a time
/// than there are threads, and what waits is bounded and fair (`HashQueue`). A thread belongs to
/// the work and not to the request: a caller that goes away takes its work out of the queue, but
/// what already runs is finished first, and only then is the thread free.
package final class PasswordHasher: Sendable {
    package struct Statistics: Equatable, Sendable {
        package var queued = 0
        package var running = 0
        package var done: UInt64 = 0
        /// Refused on arrival, given up at the deadline, or displaced by a fairer turn.
        package var shed: UInt64 = 0
        package var averageMilliseconds = 0.0
    }

    private let parameters: Argon2Parameters
    /// What an unknown account is verified against: it costs what a real one does.
    private let dummy: String
    private let core: HashingCore

    /// Starts the threads and computes one hash, which also is the first estimate of the duration.
    ///
    /// - Parameters:
    ///   - threads: how many hashes run at a time; more than there are cores gains nothing.
    ///   - queueSecondsMax: how long work may wait before it starts.
    ///   - queueLengthMax: how much work may wait, whatever the estimate says.
    package init(
        threads: Int = max(1, ProcessInfo.processInfo.activeProcessorCount),
        queueSecondsMax: Double = 2, queueLengthMax: Int,
        parameters: Argon2Parameters = .owaspMinimum
    ) {
        let started = HashingCore.monotonicSeconds()
        let secret = Redacted(SystemRandomSource().bytes(32))
        guard let dummy = PasswordHash.make(secret, parameters) else {
            preconditionFailure("there is not enough memory for one password hash")
        }
        self.parameters = parameters
        self.dummy = dummy
        core = HashingCore(
            queue: HashQueue(
                threads: threads, lengthMax: queueLengthMax, waitSecondsMax: queueSecondsMax,
                averageSeconds: HashingCore.monotonicSeconds() - started))
    }

    deinit { core.shutDown() }

    /// The PHC string of the secret under a fresh salt.
    package func hash(
        _ secret: Redacted<[UInt8]>, source: SourceBucket
    ) async throws(HashingError) -> String {
        let parameters = parameters
        let outcome = try await core.run(source: source) {
            .hashed(PasswordHash.make(secret, parameters))
        }
        // libsodium fails only when it finds no memory: too much runs at once.
        guard case .hashed(let phc?) = outcome else { throw .overloaded(retryAfterSeconds: 1) }
        return phc
    }

    /// Whether the secret belongs to the PHC string. Without one (an unknown account) the same work
    /// is done for nothing and the answer is false.
    package func verify(
        _ secret: Redacted<[UInt8]>, against phc: String?, source: SourceBucket
    ) async throws(HashingError) -> Bool {
        let stored = phc ?? dummy
        let outcome = try await core.run(source: source) {
            .verified(PasswordHash.verify(secret, against: stored))
        }
        guard case .verified(let isRight) = outcome else { return false }
        return isRight && phc != nil
    }

    /// Whether a stored hash was made with other parameters and should be replaced at this login.
    package func needsRehash(_ phc: String) -> Bool { PasswordHash.needsRehash(phc, parameters) }

    package var statistics: Statistics { core.statistics }

    /// Microseconds that work waited before it was started.
    package var waits: Histogram { core.waits }

    /// Refuses all that waits and all that comes; what runs is finished. May be called twice.
    package func shutdown() { core.shutDown() }
}
