import Persistence

/// What the next start has to do, from what is known to be wrong with the disk. Judged by where the
/// wrong bytes lie, not by the code that will read them.
struct Expectation {
    var mustRefuse = false
    var mayRefuse = false
    /// The newest frames can have become what nobody can tell from an unfinished write.
    var mayLose = false
    var unusableSnapshots = 0
}

extension Simulation {
    func expectation() -> Expectation {
        damage = damage.filter { disk.isStill($0) }
        var expected = Expectation()
        if isCutting { (expected.mayRefuse, expected.mayLose) = (true, true) }
        guard !damage.isEmpty else { return expected }
        var rotten: Set<String> = []
        var wrongFrames: Set<Int> = []
        for damage in damage {
            switch damage.entry.role {
            case .segment(let firstFrame):
                expected.mayRefuse = true
                // A first start that did not come as far as the manifest is done again.
                guard disk.has(.manifest) else { continue }
                for place in damage.wrongPlaces(disk) {
                    if place < FrameFact.segmentStart { expected.mustRefuse = true }
                    if let frame = frame(at: place, of: firstFrame) { wrongFrames.insert(frame) }
                }
            case .snapshot: rotten.insert(damage.entry.path)
            case .manifest: expected.mustRefuse = true
            case .newSnapshot, .lock, .otherTemporary, .other: break
            }
        }
        if let first = wrongFrames.min() {
            if isWitnessed(first, wrongFrames) {
                expected.mustRefuse = true
            } else {
                expected.mayLose = true
            }
        }
        expected.unusableSnapshots = rotten.count
        let isWhole = disk.has(SimulatedDisk.firstSegment)
        if !rotten.isEmpty, rotten.count == disk.snapshotCount, !isWhole {
            expected.mustRefuse = true
        }
        if isCutting { expected.mustRefuse = false }
        if expected.mustRefuse { expected.mayRefuse = true }
        return expected
    }

    private func frame(at place: Int, of segment: UInt64) -> Int? {
        frames.lastIndex { $0.range.contains(place) && $0.segment == segment }
    }

    /// Whether something on the disk proves that the first wrong frame was durable. Only a sector
    /// of zeros in it, with nothing left behind it, is what an unfinished write looks like.
    private func isWitnessed(_ first: Int, _ wrong: Set<Int>) -> Bool {
        let frame = frames[first]
        guard frame.segment == frames[frames.count - 1].segment,
            let node = disk.entries.first(where: { $0.role == frame.role })?.node
        else { return true }
        let content = disk.nodes[node].content
        let header = frame.range.lowerBound..<frame.range.lowerBound + FrameFact.headerBytes
        let isHeaderWrong = damage.contains { damage in
            damage.node == node && damage.wrongPlaces(disk).contains { header.contains($0) }
        }
        guard hasZeroSector(content, isHeaderWrong ? header : frame.range) else { return true }
        // Behind a header that can be believed, any byte is a later frame's.
        guard isHeaderWrong else {
            return content[frame.range.upperBound...].contains { $0 != 0 }
        }
        return (first..<frames.count).contains { !wrong.contains($0) }
    }

    /// Whether a sector of the frame looks like one that was never written.
    private func hasZeroSector(_ content: [UInt8], _ range: Range<Int>) -> Bool {
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min((start / 512 + 1) * 512, range.upperBound)
            if content[start..<end].allSatisfy({ $0 == 0 }) { return true }
            start = end
        }
        return false
    }

    // MARK: Rot

    /// Bytes that were synced change, somewhere.
    func rot() {
        guard !disk.entries.isEmpty else { return }
        let entry = disk.entries[dice.below(disk.entries.count)]
        let size = disk.nodes[entry.node].content.count
        guard size > 0, !disk.nodes[entry.node].isDirty else { return }
        var place = dice.below(size)
        // Mostly where frames are, and mostly among the newest.
        if !frames.isEmpty, dice.below(4) > 0 {
            let frame = frames[frames.count - 1 - dice.below(min(4, frames.count))]
            if entry.role == frame.role, frame.range.upperBound <= size {
                place = frame.range.lowerBound + dice.below(frame.range.count)
            }
        }
        // Wrong bytes that become wrong once more can't be told apart afterwards.
        let sector = place / SimulatedNode.sectorBytes
        let isWrong = damage.contains { damage in
            damage.node == entry.node
                && damage.range.lowerBound / SimulatedNode.sectorBytes == sector
        }
        guard !isWrong else { return }
        let fault: Tally.Fault =
            switch entry.role {
            case .segment: .rotInLog
            case .manifest: .rotInManifest
            case .snapshot: .rotInSnapshot
            case .newSnapshot, .lock, .otherTemporary, .other: .rotElsewhere
            }
        disk.tally.count(fault)
        note("rot in \(entry.path) at \(place)")
        damage.append(disk.rot(entry, at: place, isWholeSector: dice.oneIn(6)))
    }
}

extension SimulatedDisk.Damage {
    func wrongPlaces(_ disk: SimulatedDisk) -> [Int] {
        let content = disk.nodes[node].content
        return range.filter { content[$0] != original[$0 - range.lowerBound] }
    }
}

extension SimulatedDisk {
    static let firstSegment = FileRole.segment(firstFrame: 1)

    var snapshotCount: Int { entries.count { $0.role == .snapshot } }

    /// What the files hold, but for the lock.
    func contents() -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for entry in entries where entry.role != .lock {
            contents[entry.path] = nodes[entry.node].content
        }
        return contents
    }

    /// Turns a bit over, or makes a sector zero.
    func rot(_ entry: Entry, at place: Int, isWholeSector: Bool) -> Damage {
        guard isWholeSector else {
            let original = [nodes[entry.node].content[place]]
            nodes[entry.node].flip(bit: place * 8 + dice.below(8))
            return Damage(entry: entry, range: place..<place + 1, original: original)
        }
        let start = place / SimulatedNode.sectorBytes * SimulatedNode.sectorBytes
        let end = min(start + SimulatedNode.sectorBytes, nodes[entry.node].content.count)
        let original = Array(nodes[entry.node].content[start..<end])
        nodes[entry.node].restore([UInt8](repeating: 0, count: end - start), at: start)
        return Damage(entry: entry, range: start..<end, original: original)
    }

    /// Whether the bytes are wrong still, in the file that has the name.
    func isStill(_ damage: Damage) -> Bool {
        node(damage.entry.path) == damage.node
            && damage.range.upperBound <= nodes[damage.node].content.count
            && nodes[damage.node].content[damage.range] != damage.original[...]
    }

    func repair(_ damage: Damage) {
        nodes[damage.node].restore(damage.original, at: damage.range.lowerBound)
    }
}
