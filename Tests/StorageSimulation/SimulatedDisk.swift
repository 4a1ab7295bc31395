import Persistence

/// A disk in memory that keeps POSIX's promises and not one more, made for millions of short lives
/// of one data directory.
///
/// What is written is lost with the power until a sync of its file; a name, until a sync of the
/// directory. Until then any 512-byte sector may be old or new, and any new, changed or removed
/// name may be or not be there, in no order. On demand it fails once, fills up, lies and rots.
///
/// Unchecked Sendable is sound: a simulation is one thread, and nothing in it starts another.
package final class SimulatedDisk: @unchecked Sendable {
    /// A name and the file behind it. A class, because lists of them are copied again and again.
    final class Entry: Sendable {
        let path: String
        let name: String
        let node: Int
        let role: FileRole

        init(path: String, node: Int) {
            self.path = path
            name = String(Substring(path.utf8.dropFirst(directory.utf8.count + 1)))
            self.node = node
            role = FileRole(name)
        }

        @inline(__always) func has(_ path: String) -> Bool {
            path.utf8.count == self.path.utf8.count && path == self.path
        }
    }

    /// A change of names that no sync of the directory has made durable.
    enum NameChange {
        case set(Entry)
        case remove(String)
        case move(String, Entry)
    }

    /// What goes wrong, each counted down to.
    struct Plan {
        /// Operations until the process ends in the middle of one.
        var endAfter = Int.max
        /// Whether that operation still takes place, unheard of by its caller.
        var isLastCarriedOut = false
        var failSyncAfter = Int.max
        var failWriteAfter = Int.max
        var failNameAfter = Int.max
        var failDirectorySyncAfter = Int.max
        var misdirectAfter = Int.max
        var garbleSnapshotAfter = Int.max
        var hasShortWrites = false

        /// Counts down; true once, when the count is over.
        @inline(__always) static func isDue(_ counter: inout Int) -> Bool {
            guard counter < .max else { return false }
            counter -= 1
            guard counter < 0 else { return false }
            counter = .max
            return true
        }
    }

    static let directory = "/data"

    let dice: Dice
    var tally = Tally()
    var plan = Plan()
    var capacityBytes = Int.max
    /// Called before whatever changes the disk: others may act in between.
    var beforeOperation: (() -> Void)?
    var trace: Trace?

    var nodes: [SimulatedNode] = []
    private(set) var entries: [Entry] = []
    var hasDirectory = false
    private var durableEntries: [Entry] = []
    private var hasDurableDirectory = false
    private var changes: [NameChange] = []
    var lockedNodes: [Int] = []
    /// Files that were written wrong without a word.
    var garbledNodes: Set<Int> = []
    /// Whether any call has failed since the process started.
    private(set) var hasFailed = false
    /// The process has ended: nothing works for it any more.
    private(set) var isOver = false

    init(_ dice: Dice) { self.dice = dice }

    // MARK: Operations

    enum Operation: String { case write, sync, name, syncDirectory }

    /// Begins what changes the disk; true when the process ends with it.
    func begin(_ operation: Operation, _ path: String) throws(StorageError) -> Bool {
        beforeOperation?()
        guard !isOver else { throw failure(operation, path) }
        plan.endAfter -= 1
        guard plan.endAfter < 0 else {
            try fail(operation, path)
            return false
        }
        trace?.note("    the process ends with \(operation) \(path)")
        isOver = !plan.isLastCarriedOut
        guard plan.isLastCarriedOut else { throw failure(operation, path) }
        return true
    }

    func end(_ isLast: Bool, _ operation: Operation, _ path: String) throws(StorageError) {
        guard isLast else { return }
        isOver = true
        throw failure(operation, path)
    }

    private func fail(_ operation: Operation, _ path: String) throws(StorageError) {
        let fault: Tally.Fault
        switch operation {
        case .write:
            guard Plan.isDue(&plan.failWriteAfter) else { return }
            fault = .writeFailed
        case .name:
            guard Plan.isDue(&plan.failNameAfter) else { return }
            fault = .nameFailed
        case .syncDirectory:
            guard Plan.isDue(&plan.failDirectorySyncAfter) else { return }
            fault = .directorySyncFailed
        case .sync: return
        }
        tally.count(fault)
        trace?.note("    \(operation) \(path) fails")
        throw failure(operation, path)
    }

    func failure(_ operation: Operation, _ path: String, errno: Int32 = 5) -> StorageError {
        hasFailed = true
        return .system(operation: operation.rawValue, path: path, errno: errno)
    }

    /// The process ends, whatever it was about to do.
    func endProcess() { isOver = true }

    /// What a process finds that starts now, with the power on all the time.
    func startProcess() {
        isOver = false
        hasFailed = false
        lockedNodes = []
        plan = Plan()
    }

    // MARK: Names

    func node(_ path: String) -> Int? { entry(path)?.node }

    func entry(_ path: String) -> Entry? { entries.first { $0.has(path) } }

    func has(_ role: FileRole) -> Bool { entries.contains { $0.role == role } }

    /// Whether the name and all of its content survive the loss of power.
    func isDurable(_ path: String) -> Bool {
        guard let node = node(path), !nodes[node].isDirty else { return false }
        return durableEntries.contains { $0.path == path && $0.node == node }
            && nodes[node].durable.count == nodes[node].content.count
    }

    func link(_ path: String, _ node: Int) -> Entry {
        let entry = Entry(path: path, node: node)
        set(entry, in: &entries)
        changes.append(.set(entry))
        return entry
    }

    func remove(_ path: String) {
        entries.removeAll { $0.has(path) }
        changes.append(.remove(path))
    }

    func move(_ path: String, to newPath: String, _ node: Int) {
        let entry = Entry(path: newPath, node: node)
        entries.removeAll { $0.has(path) }
        set(entry, in: &entries)
        changes.append(.move(path, entry))
    }

    private func set(_ entry: Entry, in entries: inout [Entry]) {
        if let index = entries.firstIndex(where: { $0.has(entry.path) }) {
            entries[index] = entry
        } else {
            entries.append(entry)
        }
    }

    private func carryOut(_ change: NameChange, in entries: inout [Entry]) {
        switch change {
        case .set(let entry): set(entry, in: &entries)
        case .remove(let path): entries.removeAll { $0.has(path) }
        case .move(let path, let entry):
            entries.removeAll { $0.has(path) }
            set(entry, in: &entries)
        }
    }

    func syncNames(of directory: String) {
        guard directory == Self.directory else {
            hasDurableDirectory = hasDirectory
            return
        }
        for change in changes { carryOut(change, in: &durableEntries) }
        changes.removeAll(keepingCapacity: true)
    }

    // MARK: The end of the power

    /// The bytes that were synced once and are not what they were, as the next start will find
    /// them.
    struct Damage {
        let entry: Entry
        let range: Range<Int>
        /// What was there.
        let original: [UInt8]

        var node: Int { entry.node }
    }

    /// The power goes, and comes back.
    ///
    /// - Returns: what the disk had only pretended to write, and unsynced bytes that came through
    ///   wrong.
    func losePower() -> [Damage] {
        var kept = durableEntries
        for change in changes {
            guard dice.oneIn(2) else {
                if case .remove = change { tally.count(.staleName) }
                tally.count(.nameChangeLost)
                continue
            }
            carryOut(change, in: &kept)
        }
        hasDirectory = hasDurableDirectory || (hasDirectory && dice.oneIn(2))
        hasDurableDirectory = hasDirectory
        if !hasDirectory { kept = [] }
        changes = []
        entries = kept
        durableEntries = kept
        var damage: [Damage] = []
        var done: [Int] = []
        for entry in kept where !done.contains(entry.node) {
            done.append(entry.node)
            guard nodes[entry.node].hasUnsynced else {
                nodes[entry.node].losePower()
                continue
            }
            let node = nodes[entry.node]
            let remains = remains(of: node, entry.path)
            nodes[entry.node] = remains.node
            for lie in node.damage(in: remains.node) {
                damage.append(Damage(entry: entry, range: lie.range, original: lie.honest))
            }
            guard let byte = remains.unsyncedByte, dice.oneIn(Self.unsyncedRotOneIn),
                node.lies.isEmpty
            else { continue }
            tally.count(.rotInUnsyncedBytes)
            trace?.note("    \(entry.path) has a wrong bit in unsynced byte \(byte)")
            damage.append(rot(entry, at: byte, isWholeSector: false))
        }
        return damage
    }

    private func remains(of node: SimulatedNode, _ path: String) -> NodeRemains {
        let remains = node.afterPowerLoss(dice)
        if remains.droppedSectors > 0 { tally.count(.sectorDropped) }
        if remains.isTorn { tally.count(.sectorTorn) }
        if remains.hasSizeWithoutContent { tally.count(.sizeWithoutContent) }
        if remains.droppedSectors > 0 {
            trace?.note("    \(path) loses \(remains.droppedSectors) unsynced sectors")
        }
        return remains
    }

    private static let unsyncedRotOneIn = 24
}
