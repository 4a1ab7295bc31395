import Crypto
package import Persistence

/// Slows wrong passwords: for each account and source, and for each account over all sources that
/// never signed in to it. A stranger can so slow only strangers; the owner's own address keeps
/// working.
///
/// Kept in memory and in snapshots, not in the log: a crash forgives at most a few guesses of an
/// online attack that the hash queue and the rate limit bound anyway. Unknown addresses are slowed
/// just like known ones, so that the delay tells nothing about which exist.
package struct PasswordThrottle: Sendable, Equatable {
    package struct Key: Hashable, Sendable {
        /// The first half of SHA-256(normalised email): enough to tell accounts apart.
        let account: UInt64
        /// Nil for all sources unknown to the account together.
        let source: SourceBucket?
    }

    private var delays: [Key: AttemptDelay] = [:]

    /// About 100 bytes each. When full, the entries whose delay is over go first, then any.
    static let entriesMax = 65_536

    package init() {}

    package var count: Int { delays.count }

    private func keys(_ email: EmailAddress, _ source: SourceBucket, isKnown: Bool) -> [Key] {
        let account = TokenDigest(of: email.normalised.utf8).words.0
        let own = Key(account: account, source: source)
        return isKnown ? [own] : [own, Key(account: account, source: nil)]
    }

    /// How long this source must wait before another password for this account is judged.
    package func retryAfterSeconds(
        _ email: EmailAddress, from source: SourceBucket, isKnown: Bool, at now: Timestamp
    ) -> Int? {
        keys(email, source, isKnown: isKnown)
            .compactMap { delays[$0]?.retryAfterSeconds(at: now) }.max()
    }

    package mutating func recordFailure(
        _ email: EmailAddress, from source: SourceBucket, isKnown: Bool, at now: Timestamp
    ) {
        if delays.count >= Self.entriesMax { makeRoom(at: now) }
        for key in keys(email, source, isKnown: isKnown) {
            delays[key, default: AttemptDelay()].recordFailure(at: now)
        }
    }

    package mutating func recordSuccess(
        _ email: EmailAddress, from source: SourceBucket, isKnown: Bool
    ) {
        for key in keys(email, source, isKnown: isKnown) { delays[key] = nil }
    }

    /// Forgets every delay of an account: after a new password.
    package mutating func clear(_ email: EmailAddress) {
        let account = TokenDigest(of: email.normalised.utf8).words.0
        delays = delays.filter { $0.key.account != account }
    }

    private mutating func makeRoom(at now: Timestamp) {
        delays = delays.filter { $0.value.retryAfterSeconds(at: now) != nil }
        if delays.count >= Self.entriesMax { delays.removeAll(keepingCapacity: true) }
    }
}

extension PasswordThrottle {
    /// One chunk holds them all: at most 65,536 entries of about 40 bytes, split by the caller.
    package func encodedEntries() -> [[UInt8]] {
        delays.map { key, delay in
            var writer = ByteWriter(capacity: 48)
            writer.write(key.account)
            writer.writeOptional(key.source) { $0.write($1) }
            writer.write(delay)
            return writer.bytes
        }
    }

    package mutating func restoreEntry(from reader: inout ByteReader) throws(DecodingFault) {
        let account = try reader.read(UInt64.self)
        let source = try reader.optional { (reader: inout ByteReader) throws(DecodingFault) in
            try reader.readSourceBucket()
        }
        delays[Key(account: account, source: source)] = try reader.readAttemptDelay()
    }
}
