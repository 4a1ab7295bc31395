import Persistence

extension SimulatedDisk {
    /// A sync of one file, with what may go wrong in it.
    func sync(_ node: Int, _ path: String, _ role: FileRole) throws(StorageError) {
        if Plan.isDue(&plan.failSyncAfter) {
            tally.count(.syncFailed)
            trace?.note("    the sync fails, and its pages count as clean")
            nodes[node].failToSync(dice)
            throw failure(.sync, path)
        }
        if role == .newSnapshot, Plan.isDue(&plan.garbleSnapshotAfter) {
            let bit = dice.below(nodes[node].content.count * 8)
            tally.count(.garbledSnapshotWrite)
            trace?.note("    bit \(bit) of it is written wrong")
            nodes[node].sync()
            nodes[node].flip(bit: bit)
            garbledNodes.insert(node)
            return
        }
        guard role.isSegment, Plan.isDue(&plan.misdirectAfter) else {
            nodes[node].sync()
            return
        }
        misdirect(node)
    }

    /// One sector lands in the place of another one of the log: its own place keeps what it had.
    /// Nobody sees that before the power has gone.
    private func misdirect(_ node: Int) {
        let sectors = nodes[node].dirtySectors()
        let logs = entries.filter(\.role.isSegment)
        guard !sectors.isEmpty, !logs.isEmpty else { return nodes[node].sync() }
        let from = sectors[dice.below(sectors.count)]
        let target = logs[dice.below(logs.count)].node
        let count = SimulatedNode.sectorBytes
        let places = nodes[target].durable.count / count
        guard nodes[node].durable.count >= from + count, places > 0 else {
            return nodes[node].sync()
        }
        let place = dice.below(places) * count
        let old = Array(nodes[node].durable[from..<from + count])
        let new = Array(nodes[node].content[from..<from + count])
        nodes[node].sync()
        guard target != node || place != from else { return }
        tally.count(.misdirectedWrite)
        trace?.note("    sector \(from) lands in file \(target) at \(place)")
        nodes[node].keepOld(old, at: from)
        nodes[target].keepOld(new, at: place)
    }
}
