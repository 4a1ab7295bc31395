import Persistence
import Testing

@testable import Replication

@Suite("Which shard an owner gives away next")
struct HandOverTests {
    private static let me = Peers.announcement(1)

    private static func placement(_ table: MemberTable, _ now: UInt64) -> Placement {
        Placement(shardCount: 16, members: table.living(now: now))
    }

    /// Both have been heard each second from `since` on.
    private static func table(
        until now: UInt64, other since: UInt64 = 0, warm: Set<ShardID> = Peers.shards(0..<16)
    ) -> MemberTable {
        var table = MemberTable()
        for moment in stride(from: UInt64(0), through: now, by: 1000) {
            for number in [UInt64(1), 2] where number == 1 || moment >= since {
                var said = Peers.announcement(number, warm: number == 1 ? [] : warm)
                said.number = moment + 1
                table.heard(said, now: moment)
            }
        }
        return table
    }

    @Test("one at a time, in order, and only what another is to own")
    func oneByOne() {
        var plan = HandOverPlan(Self.me.id)
        var owned = Peers.shards(0..<16)
        var moved: [ShardID] = []
        for now in stride(from: UInt64(10_000), to: 40_000, by: 100) {
            let placement = Self.placement(Self.table(until: now), now)
            guard let move = plan.next(owned: owned, in: placement, now: now) else { continue }
            #expect(move.to.id == Peers.announcement(2).id)
            moved.append(move.shard)
            owned.remove(move.shard)
        }
        #expect(moved == moved.sorted() && moved.count == 8)
        let placement = Self.placement(Self.table(until: 40_000), 40_000)
        #expect(Set(placement.shards(of: Self.me.id)) == owned)
    }

    @Test("between two moves there is a pause")
    func pause() {
        var plan = HandOverPlan(Self.me.id)
        let owned = Peers.shards(0..<16)
        let placement = Self.placement(Self.table(until: 10_000), 10_000)
        #expect(plan.next(owned: owned, in: placement, now: 10_000) != nil)
        #expect(plan.next(owned: owned, in: placement, now: 10_999) == nil)
        #expect(plan.next(owned: owned, in: placement, now: 11_000) != nil)
    }

    @Test("not before the other one has lived for five seconds")
    func settled() {
        var plan = HandOverPlan(Self.me.id)
        let owned = Peers.shards(0..<16)
        for now in stride(from: UInt64(3000), to: 7900, by: 100) {
            let placement = Self.placement(Self.table(until: now, other: 3000), now)
            #expect(plan.next(owned: owned, in: placement, now: now) == nil)
        }
        let placement = Self.placement(Self.table(until: 8000, other: 3000), 8000)
        #expect(plan.next(owned: owned, in: placement, now: 8000) != nil)
    }

    @Test("never to one that is not warm for it")
    func cold() {
        var plan = HandOverPlan(Self.me.id)
        let placement = Self.placement(Self.table(until: 60_000, warm: []), 60_000)
        #expect(plan.next(owned: Peers.shards(0..<16), in: placement, now: 60_000) == nil)
    }

    @Test("what came back from a server is not given to it again for half a minute")
    func returned() {
        var plan = HandOverPlan(Self.me.id)
        let owned = Peers.shards(0..<16)
        var moves: [ShardID: [UInt64]] = [:]
        for now in stride(from: UInt64(10_000), to: 80_000, by: 100) {
            let placement = Self.placement(Self.table(until: now), now)
            if let move = plan.next(owned: owned, in: placement, now: now) {
                moves[move.shard, default: []].append(now)
            }
        }
        for (_, times) in moves {
            for (one, next) in zip(times, times.dropFirst()) { #expect(next - one >= 30_000) }
        }
    }
}
