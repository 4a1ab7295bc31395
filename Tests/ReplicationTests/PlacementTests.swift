import Persistence
import Testing

@testable import Replication

@Suite("Which server is to own which shard")
struct PlacementTests {
    private static let shardCount = 16

    private static func placement(_ numbers: some Sequence<UInt64>) -> Placement {
        Placement(shardCount: shardCount, members: Peers.members(numbers))
    }

    private static func loads(_ placement: Placement, _ numbers: [UInt64]) -> [Int] {
        let members = Peers.members(numbers)
        return members.map { placement.shards(of: $0.id).count }
    }

    @Test("every shard has one owner, and no server has more than one shard above another")
    func even() {
        for count in 1...UInt64(16) {
            for first in stride(from: UInt64(1), to: 400, by: 20) {
                let numbers = Array(first..<first + count)
                let loads = Self.loads(Self.placement(numbers), numbers)
                #expect(loads.reduce(0, +) == Self.shardCount)
                #expect((loads.max() ?? 0) - (loads.min() ?? 0) <= 1, "\(count) members: \(loads)")
            }
        }
    }

    @Test("three servers have five or six of 16 shards each")
    func three() {
        #expect(Self.loads(Self.placement(1...3), [1, 2, 3]).sorted() == [5, 5, 6])
    }

    @Test("more servers than shards: some have none, and each is somebody's second choice")
    func many() {
        let numbers = Array(UInt64(1)...20)
        let placement = Self.placement(numbers)
        #expect(Set(Self.loads(placement, numbers)) == [0, 1])
        for member in Peers.members(numbers) {
            #expect(placement.rank(of: member.id, for: ShardID(0)) != nil)
        }
    }

    @Test("who heard of the same servers in another order comes to the same answer")
    func agreement() {
        let numbers = Array(UInt64(1)...7)
        var forwards = MemberTable()
        var backwards = MemberTable()
        for number in numbers { forwards.heard(Peers.announcement(number), now: 10 + number) }
        for number in numbers.reversed() {
            // Another server's clock says something else, and it heard some of them twice.
            backwards.heard(Peers.announcement(number), now: 90_000 + number)
            backwards.heard(Peers.announcement(number), now: 90_010 + number)
        }
        let one = Placement(shardCount: 16, members: forwards.living(now: 100))
        let other = Placement(shardCount: 16, members: backwards.living(now: 90_100))
        for shard in (0..<16).map({ ShardID(UInt16($0)) }) {
            #expect(one.choice(for: shard)?.id == other.choice(for: shard)?.id)
            for number in numbers {
                let id = Peers.announcement(number).id
                #expect(one.rank(of: id, for: shard) == other.rank(of: id, for: shard))
            }
        }
    }

    /// How many shards change their server, of those that could stay.
    private static func moves(from old: [UInt64], to new: [UInt64]) -> Int {
        let (before, after) = (placement(old), placement(new))
        return (0..<shardCount).count { index in
            let shard = ShardID(UInt16(index))
            return before.choice(for: shard)?.id != after.choice(for: shard)?.id
        }
    }

    @Test("a server that comes or goes moves little more than its share", arguments: 1...6)
    func movement(count: UInt64) {
        var total = 0
        var most = 0
        let rounds: UInt64 = 100
        for round in 0..<rounds {
            let first = round * 50 + 1
            let old = Array(first..<first + count)
            let moved = Self.moves(from: old, to: old + [first + count])
            // Who comes and who goes again are the same change.
            #expect(moved == Self.moves(from: old + [first + count], to: old))
            total += moved
            most = max(most, moved)
        }
        let share = Double(Self.shardCount) / Double(count + 1)
        #expect(Double(total) / Double(rounds) < share + 2)
        #expect(Double(most) <= share + 7)
    }

    @Test("a server that starts again at its address has its shards again")
    func restart() {
        var table = MemberTable()
        for number in UInt64(1)...3 { table.heard(Peers.announcement(number), now: 0) }
        let before = Placement(shardCount: 16, members: table.living(now: 0))
        let again = Peers.announcement(2, start: 9)
        table.heard(again, now: 100)
        let after = Placement(shardCount: 16, members: table.living(now: 100))
        #expect(after.shards(of: again.id) == before.shards(of: Peers.announcement(2).id))
        #expect(after.shards(of: Peers.announcement(2).id).isEmpty)
    }

    @Test("who is stopping is no choice and no candidate")
    func stopping() {
        var table = MemberTable()
        for number in UInt64(1)...3 { table.heard(Peers.announcement(number), now: 0) }
        var leaving = Peers.announcement(2)
        leaving.number = 2
        leaving.isStopping = true
        table.heard(leaving, now: 1)
        let placement = Placement(shardCount: 16, members: table.living(now: 1))
        #expect(placement.shards(of: leaving.id).isEmpty)
        #expect(placement.rank(of: leaving.id, for: ShardID(3)) == nil)
        #expect(Self.loads(placement, [1, 3]) == [8, 8])
    }

    @Test("nobody is to own anything when nobody lives")
    func nobody() {
        let placement = Placement(shardCount: 4, members: [])
        #expect(placement.choice(for: ShardID(0)) == nil)
        #expect(placement.rank(of: Peers.id(1), for: ShardID(0)) == nil)
    }

    @Test("ranks are an order of all, with the choice first unless it is cold")
    func ranks() throws {
        let shard = ShardID(5)
        let numbers: [UInt64] = [1, 2, 3, 4]
        let warm = Self.placement(numbers)
        let choice = try #require(warm.choice(for: shard))
        #expect(warm.rank(of: choice.id, for: shard) == 0)
        let ranks = Peers.members(numbers).compactMap { warm.rank(of: $0.id, for: shard) }
        #expect(Set(ranks) == [0, 1, 2, 3])
        var table = MemberTable()
        for number in numbers {
            let said = Peers.announcement(number)
            let isCold = said.id == choice.id
            table.heard(isCold ? Peers.announcement(number, warm: []) : said, now: 0)
        }
        let cold = Placement(shardCount: 16, members: table.living(now: 0))
        #expect(cold.choice(for: shard)?.id == choice.id)
        #expect(cold.rank(of: choice.id, for: shard) == 3)
    }

    @Test("weights are what they are for good")
    func frozen() {
        let address = "http://id-1.internal:8080"
        #expect(Placement.weight(of: ShardID(0), at: address) == 0xf341_6e8e_cccb_db94)
        #expect(Placement.weight(of: ShardID(258), at: address) == 0xd1a8_ca1b_ccbc_bc3c)
    }
}
