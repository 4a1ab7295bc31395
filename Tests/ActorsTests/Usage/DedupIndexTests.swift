import Actors
import TestSupport
import Testing

@Suite struct DedupIndexTests {
    private let start = UsageSamples.now

    private func key(_ number: Int) -> ReportKey { ReportKey(high: 7, low: UInt64(number)) }

    @Test("a key is known for 24 hours from its arrival, to the millisecond")
    func expiry() {
        var index = DedupIndex(keysMax: 1000)
        // Late in its second: rounded down, the key would be forgotten most of a second early.
        let arrived = Timestamp(milliseconds: 1_795_500_000_999)
        index.insert(key(1), content: 9, at: arrived)
        let day = UsageSamples.dayMilliseconds
        #expect(index.content(of: key(1), at: arrived.advanced(byMilliseconds: day)) == 9)
        #expect(index.content(of: key(1), at: arrived.advanced(byMilliseconds: day + 1)) == nil)
    }

    @Test("expired keys leave the memory when others come")
    func memory() {
        var index = DedupIndex(keysMax: 100_000)
        for number in 0..<500 { index.insert(key(number), content: 1, at: start) }
        #expect(index.count == 500)
        index.insert(key(1000), content: 1, at: start.advanced(bySeconds: 86_402))
        #expect(index.count == 1)
    }

    @Test("the oldest keys make room, and the shorter window is told until it is whole again")
    func eviction() {
        var index = DedupIndex(keysMax: 1000)
        for number in 0..<1000 {
            index.insert(key(number), content: 1, at: start.advanced(bySeconds: Int64(number)))
        }
        let full = start.advanced(bySeconds: 999)
        #expect(index.shortenedWindowSeconds(at: full) == nil)
        let later = start.advanced(bySeconds: 5000)
        index.insert(key(1000), content: 1, at: later)
        #expect(index.count == 1000)
        #expect(index.content(of: key(0), at: later) == nil)
        #expect(index.content(of: key(1), at: later) == 1)
        // Key 1, which arrived a second after the start, is the oldest one kept.
        #expect(index.shortenedWindowSeconds(at: later) == 4999)
        #expect(index.shortenedWindowSeconds(at: later.advanced(byMilliseconds: 900)) == 4999)
        // When the evicted key would have expired anyhow, nothing is missing any more.
        #expect(index.shortenedWindowSeconds(at: start.advanced(bySeconds: 86_402)) == nil)
    }

    @Test("what is known equals a plain list's answer", arguments: 1...6)
    func againstList(seed: Int) {
        let random = SeededRandom(seed: UInt64(seed))
        var index = DedupIndex(keysMax: 1_000_000)
        var list: [(number: Int, content: UInt64, at: Timestamp)] = []
        var now = start
        for _ in 0..<3000 {
            now = now.advanced(byMilliseconds: Int64(random.below(200_000)))
            let number = random.below(400)
            let oldest = now.advanced(byMilliseconds: -UsageSamples.dayMilliseconds)
            let expected = list.last { $0.number == number && $0.at >= oldest }?.content
            #expect(index.content(of: key(number), at: now) == expected)
            guard expected == nil else { continue }
            let content = random.next()
            index.insert(key(number), content: content, at: now)
            list.append((number, content, now))
        }
    }
}
