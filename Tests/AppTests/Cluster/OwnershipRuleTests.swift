import Persistence
import Testing

@testable import App

@Suite("Which shards a server of a cluster is to own")
struct OwnershipRuleTests {
    private static let shards = (0..<3).map { ShardID(UInt16($0)) }

    private static func rule() -> OwnershipRule { OwnershipRule(shardCount: 3, ordinal: 2) }

    /// One that owns everything.
    private static func owner() -> OwnershipRule {
        var rule = rule()
        _ = rule.stand()
        for shard in shards { _ = rule.gained(shard) }
        return rule
    }

    @Test("it waits its turn for the first shard; who has it takes the others at once")
    func gaining() {
        var rule = Self.rule()
        #expect(rule.stand() == [.candidate(ShardID(0), rank: 2)])
        #expect(
            rule.gained(ShardID(0))
                == [.candidate(ShardID(1), rank: 0), .candidate(ShardID(2), rank: 0)])
        #expect(rule.gained(ShardID(1)).isEmpty && rule.gained(ShardID(2)).isEmpty)
        #expect(rule.owned == Set(Self.shards))
    }

    @Test("what belongs to another's first shard is given up")
    func notLeading() {
        var rule = Self.rule()
        _ = rule.stand()
        #expect(rule.gained(ShardID(1)) == [.release(ShardID(1))])
        #expect(rule.ended(ShardID(1)).isEmpty)
    }

    @Test("who stands aside gives up everything, and what still comes to it, until it stands again")
    func aside() {
        var rule = Self.owner()
        #expect(rule.standAside() == Self.shards.map { .release($0) })
        for shard in Self.shards { #expect(rule.ended(shard).isEmpty) }
        #expect(rule.owned.isEmpty)
        #expect(rule.gained(ShardID(0)) == [.release(ShardID(0))])
        #expect(rule.ended(ShardID(0)).isEmpty)
        #expect(rule.standAside() == Self.shards.map { .candidate($0, rank: nil) })
        #expect(rule.stand() == [.candidate(ShardID(0), rank: 2)])
    }

    @Test("a release that takes longer than the server stands aside loses it no turn")
    func lateRelease() {
        var rule = Self.owner()
        _ = rule.standAside()
        _ = rule.stand()
        #expect(
            rule.ended(ShardID(0))
                == [
                    .candidate(ShardID(0), rank: 2), .release(ShardID(1)), .release(ShardID(2)),
                ])
        #expect(rule.gained(ShardID(0)).isEmpty)
        #expect(rule.ended(ShardID(1)) == [.candidate(ShardID(1), rank: 0)])
    }
}
