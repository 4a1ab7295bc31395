import Actors
import TestSupport
import Testing

@Suite struct UsageRingTests {
    private func event(_ row: UInt64) -> UsageEvent {
        UsageEvent(row: row, facts: UsageSamples.facts())
    }

    @Test("pages are newest first, end to end, with neither a gap nor a double", arguments: 1...6)
    func pages(seed: Int) {
        let random = SeededRandom(seed: UInt64(seed))
        var ring = UsageRing(capacity: 1000)
        var rows: [UInt64] = []
        var row: UInt64 = 0
        for _ in 0..<random.below(4000) {
            row += UInt64(1 + random.below(3))
            ring.append(event(row))
            rows.append(row)
        }
        let limit = 1 + random.below(200)
        var listed: [UInt64] = []
        var cursor: UInt64?
        repeat {
            let page = ring.page(before: cursor, limit: limit)
            #expect(page.events.count <= limit)
            listed += page.events.map(\.row)
            cursor = page.next
        } while cursor != nil
        #expect(listed == Array(rows.suffix(ring.count).reversed()))
        #expect(ring.count == min(rows.count, 1000))
    }

    @Test("events that arrive between two pages change neither the next page nor its order")
    func arrivals() {
        let random = SeededRandom(seed: 42)
        var ring = UsageRing(capacity: 5000)
        for row in UInt64(1)...2000 { ring.append(event(row)) }
        var newest: UInt64 = 2000
        var listed: [UInt64] = []
        var cursor: UInt64?
        repeat {
            let page = ring.page(before: cursor, limit: 50)
            listed += page.events.map(\.row)
            cursor = page.next
            for _ in 0..<random.below(60) {
                newest += 1
                ring.append(event(newest))
            }
        } while cursor != nil
        #expect(listed == Array((UInt64(1)...2000).reversed()))
    }

    @Test("a cursor whose own event has left the ring ends the listing in good order")
    func overtaken() {
        var ring = UsageRing(capacity: 1000)
        for row in UInt64(1)...1000 { ring.append(event(row)) }
        let next = ring.page(before: 100, limit: 50).next
        for row in UInt64(1001)...3000 { ring.append(event(row)) }
        let page = ring.page(before: next, limit: 50)
        #expect(page.events.isEmpty)
        #expect(page.next == nil)
    }

    @Test("a cursor may name a row that is not in the ring")
    func foreignCursor() {
        var ring = UsageRing(capacity: 1000)
        for row in UInt64(1)...600 { ring.append(event(row * 10)) }
        #expect(ring.page(before: 5995, limit: 2).events.map(\.row) == [5990, 5980])
        #expect(ring.page(before: 3, limit: 2).events.isEmpty)
        #expect(ring.page(before: .max, limit: 1).events.map(\.row) == [6000])
    }

    @Test("the last page has no next one, even when it is full")
    func fullLastPage() {
        var ring = UsageRing(capacity: 1000)
        for row in UInt64(1)...100 { ring.append(event(row)) }
        let first = ring.page(before: nil, limit: 50)
        #expect(first.next == 51)
        #expect(ring.page(before: first.next, limit: 50).next == nil)
        #expect(UsageRing(capacity: 1000).page(before: nil, limit: 50).next == nil)
    }
}
