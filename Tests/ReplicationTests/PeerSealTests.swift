import Crypto
import Persistence
import Testing

@testable import Replication

@Suite("What servers say to each other, sealed")
struct PeerSealTests {
    private static let root = SymmetricKey(data: [UInt8](1...32))
    private static let now: UInt64 = 1_795_500_000_250
    private static let subject = "peers.x.call.y"
    private static let text = Array("who holds this session?".utf8)

    private static func seal(_ number: UInt64, root: SymmetricKey = root) -> PeerSeal {
        PeerSeal(root, me: Peers.id(number))
    }

    @Test("a question and its answer arrive as they were said, and show nothing of it")
    func roundTrip() throws {
        let (asking, asked) = (Self.seal(1), Self.seal(2))
        let sent = asking.seal(Self.text, to: Self.subject, at: Self.now)
        #expect(sent.bytes.count == Self.text.count + PeerSeal.overheadBytes)
        #expect(!sent.bytes.contains(Self.text))
        let heard = try asked.open(sent.bytes, at: Self.subject, now: Self.now + 3)
        #expect(heard.message == Self.text && heard.question.sender == asking.me)
        let answer = asked.seal([1, 2], answering: heard.question, at: Self.now + 4)
        #expect(
            try asking.open(
                answer, from: asked.me, answering: sent.question, now: Self.now + 5) == [1, 2])
    }

    @Test("nothing may be said at all")
    func empty() throws {
        let sent = Self.seal(1).seal([], to: Self.subject, at: Self.now)
        #expect(
            try Self.seal(2).open(sent.bytes, at: Self.subject, now: Self.now).message == [])
    }

    @Test("any changed bit is noticed")
    func tampering() {
        let sent = Self.seal(1).seal(Self.text, to: Self.subject, at: Self.now)
        for place in sent.bytes.indices {
            for bit in 0..<8 {
                var changed = sent.bytes
                changed[place] ^= 1 << UInt8(bit)
                #expect(throws: PeerSealError.self) {
                    try Self.seal(2).open(changed, at: Self.subject, now: Self.now)
                }
            }
        }
        for count in 0..<sent.bytes.count {
            #expect(throws: PeerSealError.self) {
                try Self.seal(2).open(
                    Array(sent.bytes.prefix(count)), at: Self.subject, now: Self.now)
            }
        }
    }

    @Test("what was said to another server, or under another key, is not authentic")
    func elsewhere() {
        let sent = Self.seal(1).seal(Self.text, to: Self.subject, at: Self.now)
        #expect(throws: PeerSealError.notAuthentic) {
            try Self.seal(2).open(sent.bytes, at: Self.subject + "z", now: Self.now)
        }
        let stranger = Self.seal(2, root: SymmetricKey(data: [UInt8](2...33)))
        #expect(throws: PeerSealError.notAuthentic) {
            try stranger.open(sent.bytes, at: Self.subject, now: Self.now)
        }
    }

    @Test("a message is taken once, and only within a minute")
    func replay() throws {
        let asked = Self.seal(2)
        let asking = Self.seal(1)
        let first = asking.seal(Self.text, to: Self.subject, at: Self.now)
        let second = asking.seal(Self.text, to: Self.subject, at: Self.now)
        _ = try asked.open(second.bytes, at: Self.subject, now: Self.now)
        _ = try asked.open(first.bytes, at: Self.subject, now: Self.now)
        for sent in [first, second] {
            #expect(throws: PeerSealError.replayed) {
                try asked.open(sent.bytes, at: Self.subject, now: Self.now)
            }
        }
        let late = asking.seal(Self.text, to: Self.subject, at: Self.now)
        for now in [Self.now + 60_001, Self.now - 60_001, 0, .max] {
            #expect(throws: PeerSealError.outOfTime) {
                try asked.open(late.bytes, at: Self.subject, now: now)
            }
        }
        _ = try asked.open(late.bytes, at: Self.subject, now: Self.now + 60_000)
    }

    @Test("an answer is good for its question alone, and from the one who was asked")
    func answers() throws {
        let (asking, asked, third) = (Self.seal(1), Self.seal(2), Self.seal(3))
        let one = asking.seal([1], to: Self.subject, at: Self.now)
        let other = asking.seal([2], to: Self.subject, at: Self.now)
        let heard = try asked.open(one.bytes, at: Self.subject, now: Self.now)
        let answer = asked.seal([9], answering: heard.question, at: Self.now)
        #expect(throws: PeerSealError.notAuthentic) {
            try asking.open(answer, from: asked.me, answering: other.question, now: Self.now)
        }
        let forged = third.seal([9], answering: heard.question, at: Self.now)
        #expect(throws: PeerSealError.notAuthentic) {
            try asking.open(forged, from: asked.me, answering: one.question, now: Self.now)
        }
        // A question is no answer.
        #expect(throws: PeerSealError.malformed) {
            try asking.open(one.bytes, from: asked.me, answering: one.question, now: Self.now)
        }
        #expect(throws: PeerSealError.malformed) {
            try asked.open(answer, at: Self.subject, now: Self.now)
        }
    }

    @Test("no two messages have the same nonce under the same key")
    func nonces() {
        let seal = Self.seal(1)
        var headers: Set<PeerHeader> = []
        for _ in 0..<1000 {
            headers.insert(seal.seal([], to: Self.subject, at: Self.now).question.header)
        }
        #expect(headers.count == 1000)
    }

    @Test("strangers take no room; more senders than a cluster has are refused")
    func senders() throws {
        let asked = Self.seal(2)
        let stranger = SymmetricKey(data: [UInt8](2...33))
        for number in UInt64(100)..<1000 {
            let sent = Self.seal(number, root: stranger).seal([], to: Self.subject, at: Self.now)
            _ = try? asked.open(sent.bytes, at: Self.subject, now: Self.now)
        }
        func hear(_ number: UInt64, _ now: UInt64) throws {
            let sent = Self.seal(number).seal([], to: Self.subject, at: now)
            _ = try asked.open(sent.bytes, at: Self.subject, now: now)
        }
        for number in UInt64(100)..<356 { try hear(number, Self.now) }
        #expect(throws: PeerSealError.tooManySenders) { try hear(400, Self.now) }
        // Those that were silent for two minutes can't say anything again that was said before.
        try hear(400, Self.now + 120_001)
    }

    @Test("numbers are taken once each, in any order that is nearly theirs", arguments: 0..<50)
    func window(seed: UInt64) {
        var dice = SplitMix(seed: seed)
        var window = ReplayWindow()
        var taken: Set<UInt64> = []
        var newest: UInt64 = 0
        for _ in 0..<5000 {
            let reach: UInt64 = dice.next() % 50 == 0 ? 3000 : 20
            let step = dice.next() % (2 * reach)
            let number = max(1, newest + step - min(newest, reach))
            let isTooOld = number < newest && newest - number >= ReplayWindow.width
            let isNew = window.take(number)
            #expect(isNew == (!taken.contains(number) && !isTooOld))
            taken.insert(number)
            newest = max(newest, number)
        }
    }
}
