import Actors
import Persistence
import Replication
import TestSupport
import Testing

@testable import App

@Suite("Following the feeds of a cluster's log")
struct StateFollowerTests {
    private static let shardCount = 3
    private static let at = Timestamp(milliseconds: 1_795_500_000_250)
    private static let openai = IntegrationID("openai")

    private static func usage() -> UsageState {
        UsageState(integrations: [openai], ringEvents: 1000, dedupKeysMax: 10_000)
    }

    /// Keeps what it is given, as the actors do.
    private actor Keeper: ShardKeeping {
        private(set) var kept: [ShardID: RecoveredShard] = [:]

        func adopt(_ state: RecoveredShard, of shard: ShardID) { kept[shard] = state }

        func begin(_ shard: ShardID) {}

        func surrender(_ shard: ShardID) -> RecoveredShard {
            guard let state = kept.removeValue(forKey: shard) else {
                Issue.record("what is not here is asked for")
                return RecoveredShard(accounts: RecoveredAccounts())
            }
            return state
        }

        /// A record of the owner's own.
        func append(_ section: LoggedSection) throws {
            let given = try #require(kept[section.shard])
            var state = RecoveredState(shardCount: shardCount, usage: usage())
            state.put(given, of: section.shard)
            try state.replay(section)
            kept[section.shard] = state.take(section.shard)
        }
    }

    private static func follower(
        _ keeper: Keeper, onLost: @escaping @Sendable (ShardID) -> Void = { _ in }
    ) -> StateFollower {
        StateFollower(shardCount: shardCount, usage: usage(), keeper: keeper, onLost: onLost)
    }

    /// A history of a shard: accounts, and in shard 0 the claim of the first admin and events.
    private static func history(
        of shard: ShardID, _ random: SeededRandom
    ) -> [LoggedSection] {
        var sections: [LoggedSection] = []
        var users: [UserID] = []
        var record: UInt64 = 1
        for _ in 0..<random.below(20) {
            var batch = RecordBatch()
            for _ in 0...random.below(4) {
                add(to: &batch, shard, &users, record + UInt64(batch.count), random)
            }
            sections.append(
                LoggedSection(
                    shard: shard, firstRecord: record, recordCount: batch.count,
                    writtenAtMilliseconds: 0, reader: ByteReader(batch.bytes)))
            record += UInt64(batch.count)
        }
        return sections
    }

    private static func add(
        to batch: inout RecordBatch, _ shard: ShardID, _ users: inout [UserID],
        _ record: UInt64, _ random: SeededRandom
    ) {
        let known = users.isEmpty ? nil : users[random.below(users.count)]
        switch (random.below(4), known) {
        case (0, let known?):
            batch.add(AccountEvent.phoneChanged(known, "+1415555\(1000 + random.below(9000))"))
        case (1, _) where shard == ShardID(0):
            let id = known ?? UserID(EntityID(shard: shard, high: 1, low: 1))
            batch.add(InstallationEvent.firstAdminClaimed(id))
        case (2, _) where shard == ShardID(0):
            batch.add(UsageRecord.event(facts(random.next()), report: nil, arrivedAt: at))
        default:
            let id = UserID(EntityID(shard: shard, high: record, low: random.next()))
            users.append(id)
            batch.add(
                AccountEvent.registered(
                    User(
                        id: id, email: "u\(record).\(shard)@example.com", passwordHash: "$",
                        role: .member, phone: nil, createdAt: at)))
        }
    }

    private static func facts(_ number: UInt64) -> UsageFacts {
        UsageFacts(
            integration: openai, operation: "POST /v1/responses", source: .observed,
            status: .ok, at: at, latencyMilliseconds: 1, trace: TraceID(high: 1, low: number),
            reporter: "job", eventID: nil)
    }

    /// What tells two states apart.
    private struct Fingerprint: Equatable {
        let accounts: AccountState
        let installation: InstallationState?
        let usage: UsageState?
        let alerts: AlertsState?

        init(_ shard: RecoveredShard) {
            accounts = shard.accounts.state
            installation = shard.common?.installation
            usage = shard.common?.usage
            alerts = shard.common?.alerts
        }
    }

    /// The chunks of a snapshot of usage after those sections.
    private static func chunks(
        after sections: some Sequence<LoggedSection>
    ) throws -> [(SnapshotPartHeader, [UInt8])] {
        var state = RecoveredState(shardCount: shardCount, usage: usage())
        for section in sections { try state.replay(section) }
        var chunks: [(SnapshotPartHeader, [UInt8])] = []
        for part in state.usage.snapshotParts(shard: ShardID(0)) {
            let header = SnapshotPartHeader(
                kind: part.kind, shard: part.shard, appliedRecord: part.appliedRecord)
            while let chunk = part.nextChunk() { chunks.append((header, chunk)) }
        }
        return chunks
    }

    @Test("a shard that comes and goes is what recovery makes of its records", arguments: 0..<200)
    func followingIsRecovering(seed: UInt64) async throws {
        let random = SeededRandom(seed: seed)
        let shards = (0..<Self.shardCount).map { ShardID(UInt16($0)) }
        let histories = shards.map { Self.history(of: $0, random) }
        var recovered = try RecoveredState.recover(
            shardCount: Self.shardCount, snapshot: nil, usage: Self.usage()
        ) { _, body in
            for history in histories { for section in history { try body(section) } }
        }
        let keeper = Keeper()
        let follower = Self.follower(keeper)
        var next = [Int](repeating: 0, count: shards.count)
        while zip(next, histories).contains(where: { $0 < $1.count }) {
            let index = random.below(shards.count)
            let (shard, history) = (shards[index], histories[index])
            let isKept = await keeper.kept[shard] != nil
            switch random.below(12) {
            case 0 where !isKept:
                // From the beginning, perhaps with a part of a snapshot, which knows some already.
                try await follower.handle(.lost, of: shard)
                try await follower.handle(.reset, of: shard)
                if shard == ShardID(0) {
                    for (header, chunk) in try Self.chunks(after: history.prefix(next[index])) {
                        try await follower.handle(.chunk(header, chunk), of: shard)
                    }
                }
                next[index] = 0
            case 1, 2:
                let event = isKept ? ShardEvent.released : .gained(epoch: random.next())
                try await follower.handle(event, of: shard)
            default:
                guard next[index] < history.count else { continue }
                if isKept {
                    try await keeper.append(history[next[index]])
                } else {
                    try await follower.handle(.section(history[next[index]]), of: shard)
                }
                next[index] += 1
            }
        }
        for shard in shards where await keeper.kept[shard] == nil {
            try await follower.handle(.gained(epoch: 1), of: shard)
        }
        for shard in shards {
            let kept = try #require(await keeper.kept[shard])
            // Two whole states in a message would help nobody.
            let isSame = Fingerprint(kept) == Fingerprint(recovered.take(shard))
            #expect(isSame)
        }
    }

    @Test("a shard that is lost before it was handed out is followed again; after it, that is told")
    func lost() async throws {
        try await confirmation("told of the end", expectedCount: 1) { told in
            let keeper = Keeper()
            let follower = Self.follower(keeper) { shard in
                #expect(shard == ShardID(2))
                told()
            }
            try await follower.handle(.lost, of: ShardID(0))
            try await follower.handle(.reset, of: ShardID(0))
            try await follower.handle(.gained(epoch: 3), of: ShardID(0))
            try await follower.handle(.released, of: ShardID(0))
            try await follower.handle(.lost, of: ShardID(0))
            try await follower.handle(.gained(epoch: 3), of: ShardID(2))
            try await follower.handle(.lost, of: ShardID(2))
        }
    }

    @Test("what can't be understood is not passed over")
    func unknownRecords() async {
        let section = LoggedSection(
            shard: ShardID(1), firstRecord: 1, recordCount: 1, writtenAtMilliseconds: 0,
            reader: ByteReader([0xff, 0xff, 1, 0, 0]))
        let follower = Self.follower(Keeper())
        await #expect(throws: DecodingFault.self) {
            try await follower.handle(.section(section), of: ShardID(1))
        }
    }
}
