import Persistence
import Testing

@testable import Replication

@Suite("Who lives, as a server has heard")
struct MemberTableTests {
    private static func said(_ number: UInt64, _ count: UInt64) -> MemberAnnouncement {
        var said = Peers.announcement(number)
        said.number = count
        return said
    }

    private static func ids(_ table: MemberTable, _ now: UInt64) -> [OwnerID] {
        table.living(now: now).map(\.id)
    }

    @Test("who says so lives, until it was silent for 3.5 s")
    func silence() {
        var table = MemberTable()
        let isNew = table.heard(Self.said(1, 1), now: 1000)
        #expect(isNew)
        let isNewAgain = table.heard(Self.said(1, 2), now: 2000)
        #expect(!isNewAgain)
        #expect(Self.ids(table, 5499) == [Self.said(1, 1).id])
        #expect(Self.ids(table, 5500) == [])
        let isNewLater = table.heard(Self.said(1, 3), now: 9000)
        #expect(isNewLater, "it is a new one")
        #expect(table.living(now: 9000).first?.aliveSince == 9000)
    }

    @Test("announcements that are late or lost change nothing", arguments: 0..<50)
    func late(seed: UInt64) {
        var dice = SplitMix(seed: seed)
        var table = MemberTable()
        table.heard(Peers.announcement(2), now: 0)
        var now: UInt64 = 0
        var count: UInt64 = 1
        for round in UInt64(1)...200 {
            // The next one that arrives is up to 3.4 s after the last: two are lost, one is late.
            now += 1 + dice.next() % 3400
            count += 1 + dice.next() % 3
            table.heard(Self.said(1, count), now: now)
            table.heard(Self.said(2, round + 1), now: now)
            let living = table.living(now: now)
            #expect(living.count == 2)
            #expect(living.allSatisfy { $0.aliveSince <= 3401 })
        }
    }

    @Test("what was held up does not bring back what a later one took away")
    func order() {
        var table = MemberTable()
        table.heard(Self.said(1, 1), now: 0)
        var stopping = Self.said(1, 3)
        stopping.isStopping = true
        table.heard(stopping, now: 10)
        table.heard(Self.said(1, 2), now: 20)
        #expect(table.living(now: 20).first?.said.isStopping == true)
        #expect(table.living(now: 20).first?.heardAt == 10)
    }

    @Test("of two at one address the one that started last counts, whoever is heard last")
    func sameAddress() {
        var table = MemberTable()
        let (old, new) = (Peers.announcement(1, start: 5), Peers.announcement(1, start: 6))
        table.heard(old, now: 0)
        let isTaken = table.heard(new, now: 10)
        #expect(isTaken)
        let isOldTaken = table.heard(old, now: 20)
        #expect(!isOldTaken)
        #expect(Self.ids(table, 20) == [new.id])
    }

    @Test("warm counts from when it was said first, and again after it was not said")
    func warm() throws {
        var table = MemberTable()
        let shard = ShardID(3)
        var said = Peers.announcement(1, warm: [shard])
        func hear(_ warm: Set<ShardID>, _ now: UInt64) {
            said.number += 1
            said.warm = warm
            table.heard(said, now: now)
        }
        func isSettled(_ now: UInt64) -> Bool? {
            table.living(now: now).first?.isSettled(
                in: shard, forMilliseconds: 2000, now: now)
        }
        hear([shard], 0)
        hear([shard], 1000)
        #expect(isSettled(1999) == false)
        #expect(isSettled(2000) == true)
        hear([], 2500)
        #expect(isSettled(2600) == false)
        hear([shard], 3000)
        #expect(isSettled(4999) == false)
        #expect(isSettled(5000) == true)
    }

    @Test("it holds a bounded number of servers")
    func bounded() {
        var table = MemberTable()
        for number in UInt64(1)...200 { table.heard(Peers.announcement(number), now: 0) }
        #expect(table.living(now: 0).count == MemberTable.membersMax)
        // There is room again when some have gone.
        let isAdded = table.heard(Peers.announcement(300), now: 3500)
        #expect(isAdded)
    }

    @Test("an announcement comes back as it was said, and nothing else is one")
    func codec() throws {
        var said = Peers.announcement(7, warm: Peers.shards([0, 3, 15]))
        said.isStopping = true
        said.number = .max
        let bytes = said.bytes(in: Peers.cluster)
        #expect(try MemberAnnouncement(bytes, in: Peers.cluster) == said)
        let other = DirectoryID(high: 1, low: 2)
        #expect(throws: DecodingFault.self) { try MemberAnnouncement(bytes, in: other) }
        #expect(throws: DecodingFault.self) {
            try MemberAnnouncement(bytes + [0], in: Peers.cluster)
        }
        for count in 0..<bytes.count {
            #expect(throws: DecodingFault.self) {
                try MemberAnnouncement(Array(bytes.prefix(count)), in: Peers.cluster)
            }
        }
    }

    @Test("a changed byte is refused, or is another announcement in the one form it has")
    func damage() {
        let bytes = Peers.announcement(7).bytes(in: Peers.cluster)
        for place in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[place] ^= 1 << UInt8(bit)
                guard let read = try? MemberAnnouncement(changed, in: Peers.cluster) else {
                    continue
                }
                #expect(read.bytes(in: Peers.cluster) == changed)
            }
        }
    }
}

/// Small numbers for tests, the same from each seed.
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
