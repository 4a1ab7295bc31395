import Actors
import Persistence
import TestSupport
import Testing

/// Whatever has happened, the log alone says the same, and so do a snapshot and the rest of it.
@Suite struct AlertsRecoveryTests {
    @Test(
        "replay of the log, and a snapshot and the rest of it, make the live state",
        arguments: 1...8)
    func random(seed: Int) async throws {
        let random = SeededRandom(seed: UInt64(seed))
        let log = MemoryLog()
        let actor = AlertsActor(
            recovered: AlertsState(), limits: AlertsSamples.limits, log: log)
        var now = AlertsSamples.now
        var open: [(number: UInt64, key: SMSAttempt.Key?)] = []
        var parts: [SnapshotPart] = []
        for step in 0..<1500 {
            now = now.advanced(byMilliseconds: Int64(random.below(120_000)))
            switch random.below(10) {
            case 0..<5:
                let attempt = attempt(random, at: now)
                // Asking again for what is under way would wait for what this test does later.
                if attempt.key != nil, open.contains(where: { $0.key == attempt.key }) { continue }
                do throws(AlertsState.Refusal) {
                    if case .send(let number) = try await actor.begin(attempt) {
                        open.append((number, attempt.key))
                    }
                } catch {
                    // Most are refused some time, which is part of what happens.
                }
            case 5..<8:
                guard !open.isEmpty else { continue }
                let number = open.remove(at: random.below(open.count)).number
                await actor.finish(number, answer(random, at: now))
            default:
                let report = AlertsSamples.report(
                    random.below(300), SMSStatus.allCases[random.below(11)],
                    token: UInt64(random.below(200)), at: now)
                _ = try await actor.take(report)
            }
            if step == 900 { parts = await actor.snapshotParts() }
        }
        let replayed = try AlertsSamples.replayed(log)
        var resumed = try AlertsSamples.restored(from: parts)
        #expect(resumed.appliedRecord > 0 && resumed.appliedRecord < replayed.appliedRecord)
        try AlertsSamples.replay(log, into: &resumed)
        let live = try AlertsSamples.restored(from: await actor.snapshotParts())
        #expect(replayed == live)
        #expect(resumed == live)
        #expect(await actor.messages(limit: 2000) == replayed.messages(limit: 2000))
        #expect(Set(replayed.underWay.keys) == Set(open.map(\.number)))
    }

    private func attempt(_ random: SeededRandom, at now: Timestamp) -> SMSAttempt {
        AlertsSamples.attempt(
            to: UInt64(random.below(40)),
            random.below(3) == 0
                ? .test(AlertsSamples.user(UInt64(random.below(4)))) : .alert,
            key: random.below(3) == 0 ? nil : UInt64(random.below(120)),
            request: UInt64(random.below(2)), at: now)
    }

    private func answer(_ random: SeededRandom, at now: Timestamp) -> SMSAnswer {
        switch random.below(5) {
        case 0: AlertsSamples.failed("rate_limited", .keyIsFree, at: now)
        case 1: AlertsSamples.failed("opted_out", .optedOut, at: now)
        case 2: .lost(at: now)
        default: AlertsSamples.queued(random.below(300), at: now)
        }
    }

    @Test("a record the state has already is skipped, and damaged chunks are refused")
    func skippedAndDamaged() throws {
        let log = MemoryLog()
        let attempt = AlertsSamples.attempt(.test(AlertsSamples.ada), key: 1)
        _ = try log.append(
            [
                AlertsEvent.attempted(attempt), .answered(attempt: 1, AlertsSamples.queued(1)),
                .attempted(AlertsSamples.attempt(to: 2, key: 2)),
                .answered(attempt: 3, AlertsSamples.failed("opted_out", .optedOut)),
                .reported(AlertsSamples.report(1, .sent, token: 1)),
                .attempted(AlertsSamples.attempt(to: 3)),
            ], to: AlertsActor.shard)
        var state = try AlertsSamples.replayed(log)
        let once = state
        try AlertsSamples.replay(log, into: &state)
        #expect(state == once)
        let chunks = state.snapshotParts(shard: ShardID(0)).compactMap { $0.nextChunk() }
        #expect(chunks.count == 7)
        for chunk in chunks {
            #expect(throws: DecodingFault.self) {
                var fresh = AlertsState()
                try fresh.restore(chunk: Array(chunk.dropLast()), appliedRecord: 1)
            }
            #expect(throws: DecodingFault.self) {
                var fresh = AlertsState()
                try fresh.restore(chunk: [99] + chunk, appliedRecord: 1)
            }
        }
    }
}

/// Keyed hashes by the data keys.
@Suite struct FingerprintTests {
    private let random = SeededRandom(seed: 21)

    @Test("the same bytes give the same hash for one purpose and one keyring, and no other")
    func distinct() {
        let keyring = DataKeyring.generate(random: random)
        let other = DataKeyring.generate(random: random)
        let number = Array("+14155550100".utf8)
        let hash = keyring.fingerprint("phone number", number)
        #expect(hash.count == 32)
        #expect(keyring.fingerprint("phone number", number) == hash)
        #expect(keyring.fingerprint("message", number) != hash)
        #expect(keyring.fingerprint("phone number", number.dropLast()) != hash)
        #expect(other.fingerprint("phone number", number) != hash)
        #expect(KeyedHash(hash) != KeyedHash(other.fingerprint("phone number", number)))
    }

    @Test("a rotation changes no hash, nor does dropping the key that was there first")
    func rotation() {
        let keyring = DataKeyring.generate(random: random)
        let rotated = keyring.rotated(random: random)
        #expect(rotated.fingerprint("p", [1]) == keyring.fingerprint("p", [1]))
        #expect(
            rotated.droppingOlderKeys().fingerprint("p", [1]) == keyring.fingerprint("p", [1]))
    }
}
