/// The content of a file, whatever its names: what processes see, and what the platter holds.
struct SimulatedNode {
    private(set) var content: [UInt8] = []
    private(set) var durable: [UInt8] = []
    /// What was written since the last sync.
    private(set) var dirty: [Range<Int>] = []
    /// Sectors that a misdirected write has left wrong on the platter, and what belongs there.
    private(set) var lies: [(range: Range<Int>, honest: [UInt8])] = []
    /// Content and platter may differ although nothing is dirty.
    private var hasFailedToSync = false

    static let sectorBytes = 512

    var isDirty: Bool { !dirty.isEmpty }
    /// Whether anything but the platter's content can be left of it without power.
    var hasUnsynced: Bool { isDirty || !lies.isEmpty }

    /// Processes see what the platter holds: after a failed sync that is not what they saw before.
    mutating func losePower() {
        guard hasFailedToSync else { return }
        content = durable
        hasFailedToSync = false
    }

    mutating func write(_ bytes: [UInt8], in range: Range<Int>, at offset: Int) {
        let end = offset + range.count
        dirty.append(offset..<end)
        if end > content.count {
            if offset > content.count { content.extend(to: offset) }
            // What lies behind the end is appended, which needs no zeros first.
            let inside = content.count - offset
            content.append(contentsOf: bytes[range.dropFirst(inside)])
            guard inside > 0 else { return }
            return overwrite(bytes, in: range.prefix(inside), at: offset)
        }
        overwrite(bytes, in: range, at: offset)
    }

    private mutating func overwrite(_ bytes: [UInt8], in range: Range<Int>, at offset: Int) {
        let end = offset + range.count
        // Safe: both ranges are inside their arrays, and the arrays are two.
        unsafe content.withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[offset..<end])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[range]))
            }
        }
    }

    mutating func truncate(to size: Int) {
        let old = content.count
        if size < old {
            content.removeLast(old - size)
        } else {
            content.extend(to: size)
        }
        dirty.append(min(size, old)..<max(size, old))
    }

    mutating func sync() {
        // What was written from end to end is shared until one of the two changes.
        if durable.isEmpty, isWrittenThroughout {
            durable = content
            lies.removeAll()
            dirty.removeAll(keepingCapacity: true)
            return
        }
        if durable.count != content.count { resizeDurable(to: content.count) }
        for range in dirty {
            let sectors = sectors(of: range)
            persist(sectors)
            if !lies.isEmpty { lies.removeAll { sectors.contains($0.range.lowerBound) } }
        }
        dirty.removeAll(keepingCapacity: true)
    }

    private var isWrittenThroughout: Bool {
        var end = 0
        for range in dirty {
            guard range.lowerBound <= end else { return false }
            end = max(end, range.upperBound)
        }
        return end == content.count
    }

    /// As Linux does it: some sectors came through, the others are lost, and all of them count as
    /// clean from now on. Processes go on seeing what was written.
    mutating func failToSync(_ dice: Dice) {
        hasFailedToSync = true
        if dice.oneIn(2), durable.count != content.count { resizeDurable(to: content.count) }
        for range in dirty {
            let sectors = sectors(of: range)
            var start = sectors.lowerBound
            while start < sectors.upperBound {
                let end = min(start + Self.sectorBytes, sectors.upperBound)
                if dice.oneIn(3), end <= durable.count { persist(start..<end) }
                start = end
            }
        }
        dirty.removeAll(keepingCapacity: true)
    }

    private func sectors(of range: Range<Int>) -> Range<Int> {
        let start = min(range.lowerBound / Self.sectorBytes * Self.sectorBytes, content.count)
        let end = (range.upperBound + Self.sectorBytes - 1) / Self.sectorBytes * Self.sectorBytes
        return start..<max(start, min(end, content.count))
    }

    private mutating func persist(_ range: Range<Int>) {
        // Safe: the range is inside both arrays, and the arrays are two.
        unsafe durable.withUnsafeMutableBytes { target in
            unsafe content.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[range])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[range]))
            }
        }
    }

    private mutating func resizeDurable(to size: Int) {
        if size < durable.count {
            durable.removeLast(durable.count - size)
        } else {
            durable.extend(to: size)
        }
    }

    // MARK: Lies and rot

    /// The sectors written since the last sync, as the next sync will write them.
    func dirtySectors() -> [Int] {
        var starts: [Int] = []
        for range in dirty {
            let sectors = sectors(of: range)
            for start in stride(from: sectors.lowerBound, to: sectors.upperBound, by: 512)
            where !starts.contains(start) { starts.append(start) }
        }
        return starts
    }

    /// The platter got the sector in a wrong place, just after a sync that reported success.
    mutating func keepOld(_ sector: [UInt8], at start: Int) {
        let range = start..<start + sector.count
        durable.replaceSubrange(range, with: sector)
        if !lies.contains(where: { $0.range == range }), range.upperBound <= content.count {
            lies.append((range, Array(content[range])))
        }
    }

    /// Where the platter, as the power has left it, has neither what was synced nor anything newer.
    func damage(in remains: SimulatedNode) -> [(range: Range<Int>, honest: [UInt8])] {
        lies.filter { lie in
            let range = lie.range
            guard range.upperBound <= min(remains.content.count, content.count) else {
                return false
            }
            let found = remains.content[range]
            return found != lie.honest[...] && found != content[range]
        }
    }

    mutating func flip(bit: Int) {
        content[bit / 8] ^= 1 << UInt8(bit % 8)
        if bit / 8 < durable.count { durable[bit / 8] = content[bit / 8] }
    }

    /// Puts bytes right that were damaged.
    mutating func restore(_ bytes: [UInt8], at start: Int) {
        content.replaceSubrange(start..<start + bytes.count, with: bytes)
        durable.replaceSubrange(start..<start + bytes.count, with: bytes)
    }
}

/// What the power left of a node.
struct NodeRemains {
    var node: SimulatedNode
    var isTorn = false
    var droppedSectors = 0
    var hasSizeWithoutContent = false
    /// A byte of an unsynced sector that came through, for rot.
    var unsyncedByte: Int?
}

extension SimulatedNode {
    init(durable: [UInt8]) {
        content = durable
        self.durable = durable
    }

    /// Every unsynced sector is old or new, and the size is the old, the new or one between.
    func afterPowerLoss(_ dice: Dice) -> NodeRemains {
        guard isDirty else { return NodeRemains(node: SimulatedNode(durable: durable)) }
        var size = content.count
        switch dice.below(3) {
        case 0: size = durable.count
        case 1: size = min(size, durable.count) + dice.below(abs(size - durable.count) + 1)
        default: break
        }
        var after = durable
        if size < after.count {
            after.removeLast(after.count - size)
        } else {
            after.extend(to: size)
        }
        var remains = NodeRemains(node: SimulatedNode())
        // Now and then nothing or everything: half of the sectors is all too ordinary.
        let share = dice.below(5)
        var kept = 0
        for start in dirtySectors() {
            let end = min(start + Self.sectorBytes, size, content.count)
            guard start < end else { continue }
            if share == 4 || dice.below(4) < share {
                after.replaceSubrange(start..<end, with: content[start..<end])
                kept += 1
                let range = dirty.first { $0.overlaps(start..<end) }
                remains.unsyncedByte = range.map { max($0.lowerBound, start) }
            } else {
                remains.droppedSectors += 1
            }
        }
        remains.isTorn = kept > 0 && remains.droppedSectors > 0
        remains.hasSizeWithoutContent = size > durable.count && kept == 0
        remains.node = SimulatedNode(durable: after)
        return remains
    }
}

extension [UInt8] {
    private static let zeros = [UInt8](repeating: 0, count: 16 << 10)

    /// Appends zeros: copied, which is several times faster than one by one.
    fileprivate mutating func extend(to size: Int) {
        while count < size { append(contentsOf: Self.zeros.prefix(size - count)) }
    }
}
