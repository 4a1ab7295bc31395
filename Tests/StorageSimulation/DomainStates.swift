import Actors
import Persistence
import TestSupport

/// The server's own states: the accounts of each shard and, in the first one, the use of
/// integrations, whose records share its stream. Commands are decided by their rules, snapshots
/// encoded and starts carried out by their code.
final class DomainStates: ShardStates {
    private struct Shard: Equatable {
        var accounts = AccountState()
        /// Nil in all shards but the first.
        var usage: UsageState?

        /// Each part knows the last record that concerned it.
        var lastRecord: Int { Int(max(accounts.appliedRecord, usage?.appliedRecord ?? 0)) }

        mutating func apply(_ fact: Fact, record: Int) {
            switch fact {
            case .account(let event): accounts.apply(event, record: UInt64(record))
            case .usage(let fact): usage?.apply(fact, row: UInt64(record))
            }
        }
    }

    private enum Fact {
        case account(AccountEvent)
        case usage(UsageRecord)
    }

    private let dice: Dice
    private var accountCallers: [AccountCaller]
    private var usageCaller: UsageCaller
    /// After each batch: what is between two of them must never be found.
    private var model: [[Shard]]
    private var live: [Shard]
    private var found: [Shard]
    private var pending: [Fact] = []
    private var now = Timestamp(seconds: 1_800_000_000)

    init(shards: Int, _ dice: Dice) {
        self.dice = dice
        accountCallers = (0..<shards).map { shard in
            AccountCaller(ShardID(UInt16(shard)), SeededRandom(seed: dice.next()))
        }
        usageCaller = UsageCaller(SeededRandom(seed: dice.next()))
        live = Array(repeating: Shard(), count: shards)
        live[Self.usageShard].usage = UsageCaller.emptyState()
        model = live.map { [$0] }
        found = live
    }

    private static let usageShard = Int(UsageActor.shard.rawValue)
    /// Commands that may change nothing, one after the other.
    private static let commandsMax = 20

    func lastRecord(_ shard: Int) -> Int { model[shard][model[shard].count - 1].lastRecord }

    func nextBatch(_ shard: Int, at milliseconds: UInt64) -> RecordBatch? {
        pending = []
        for _ in 0..<Self.commandsMax where pending.isEmpty { pending = command(shard) }
        guard !pending.isEmpty else { return nil }
        var batch = RecordBatch()
        for fact in pending {
            switch fact {
            case .account(let event): batch.add(event)
            case .usage(let record): batch.add(record)
            }
        }
        return batch
    }

    private func command(_ shard: Int) -> [Fact] {
        now = now.advanced(byMilliseconds: Int64(dice.below(40_000)))
        if let usage = live[shard].usage, dice.oneIn(2) {
            return usageCaller.command(on: usage, at: now).map { .usage($0) }
        }
        return accountCallers[shard].command(on: live[shard].accounts, at: now)
            .map { .account($0) }
    }

    func apply(to shard: Int) {
        var next = model[shard][model[shard].count - 1]
        var record = next.lastRecord
        for fact in pending {
            record += 1
            next.apply(fact, record: record)
            live[shard].apply(fact, record: record)
        }
        model[shard].append(next)
    }

    // MARK: Snapshots and starts

    /// The accounts in one turn, the use of integrations in another.
    let copiesPerShard = 2

    func snapshotParts(_ copy: Int, of shard: Int, isInPieces: Bool) -> [SnapshotPart] {
        let id = ShardID(UInt16(shard))
        guard copy > 0 else { return live[shard].accounts.snapshotParts(shard: id) }
        return live[shard].usage?.snapshotParts(shard: id) ?? []
    }

    func recover(from log: FileLog) throws {
        let recovered = try RecoveredState.recover(from: log, usage: UsageCaller.emptyState())
        found = recovered.accounts.map { Shard(accounts: $0.state) }
        found[Self.usageShard].usage = recovered.usage
    }

    func foundRecord(_ shard: Int) -> Int? {
        let last = found[shard].lastRecord
        let known = model[shard].last { $0.lastRecord == last }
        return known == found[shard] ? last : nil
    }

    func goOn() {
        for shard in found.indices {
            let last = found[shard].lastRecord
            while lastRecord(shard) > last { model[shard].removeLast() }
        }
        live = found
    }
}
