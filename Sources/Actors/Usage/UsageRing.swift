import DequeModule

/// The newest events of one integration, in the order of their arrival.
///
/// Kept in blocks, so that a snapshot's copy costs the next arrival one small block and not all
/// rows.
package struct UsageRing: Sendable, Equatable {
    private var blocks: Deque<[UsageEvent]> = []
    /// Events at the start of the first block that have left the ring.
    private var left = 0
    package private(set) var count = 0
    package let capacity: Int

    private static let blockEvents = 256
    /// At least so many can always be listed.
    package static let capacityMin = 1000

    package init(capacity: Int) {
        precondition(capacity >= Self.capacityMin)
        self.capacity = capacity
    }

    package mutating func append(_ event: UsageEvent) {
        if let last = blocks.last, last.count < Self.blockEvents {
            blocks[blocks.count - 1].append(event)
        } else {
            blocks.append([event])
        }
        guard count == capacity else {
            count += 1
            return
        }
        left += 1
        if left == blocks[0].count {
            blocks.removeFirst()
            left = 0
        }
    }

    /// Gives the row other facts, unless it has left the ring. Its cost is two binary searches.
    package mutating func replace(_ event: UsageEvent) {
        guard let block = Self.lastIndex(blocks, where: { $0[0].row <= event.row }),
            let place = Self.lastIndex(blocks[block], where: { $0.row <= event.row }),
            blocks[block][place].row == event.row, block > 0 || place >= left
        else { return }
        blocks[block][place] = event
    }

    /// The last of the elements that fulfil the condition; they come before all others.
    private static func lastIndex<Elements: RandomAccessCollection>(
        _ elements: Elements, where condition: (Elements.Element) -> Bool
    ) -> Int? where Elements.Index == Int {
        var (low, high) = (elements.startIndex, elements.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if condition(elements[middle]) { low = middle + 1 } else { high = middle }
        }
        return low > elements.startIndex ? low - 1 : nil
    }

    /// A page of events, newest first, all older than `row`.
    ///
    /// - Returns: the page, and the row that the next page goes on from, nil after the last one.
    ///   Events that arrive between two pages change neither.
    package func page(
        before row: UInt64?, limit: Int
    ) -> (events: [UsageEvent], next: UInt64?) {
        var page: [UsageEvent] = []
        page.reserveCapacity(limit)
        for (index, block) in blocks.enumerated().reversed() {
            if let row, block[0].row >= row { continue }
            let events = index == 0 ? block[left...] : block[...]
            for event in events.reversed() where row.map({ event.row < $0 }) ?? true {
                if page.count == limit { return (page, page[page.count - 1].row) }
                page.append(event)
            }
        }
        return (page, nil)
    }

    func events(under trace: TraceID) -> [UsageEvent] {
        allBlocks.flatMap { $0.filter { $0.facts.trace == trace } }
    }

    /// All events, in blocks that are shared with this ring until it changes.
    var allBlocks: [ArraySlice<UsageEvent>] {
        blocks.enumerated().map { $0.offset == 0 ? $0.element[left...] : $0.element[...] }
    }
}
