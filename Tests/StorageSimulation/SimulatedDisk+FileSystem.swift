package import Persistence

extension SimulatedDisk: FileSystem {
    package func createDirectory(
        _ path: String, permissions: UInt32
    ) throws(StorageError) -> Bool {
        if hasDirectory { return false }
        let isLast = try begin(.name, path)
        hasDirectory = true
        try end(isLast, .name, path)
        return true
    }

    package func names(in directory: String) throws(StorageError) -> [String] {
        guard !isOver else { throw failure(.name, directory) }
        var names = entries.map(\.name)
        // In no order: it is the reader's to sort.
        if names.count > 1, dice.oneIn(2) { names.swapAt(0, dice.below(names.count)) }
        return names
    }

    package func open(
        _ path: String, _ mode: FileOpenMode
    ) throws(StorageError) -> any StorageFile {
        guard !isOver else { throw failure(.name, path) }
        let found = entry(path)
        if let found, mode != .replacing || nodes[found.node].content.isEmpty {
            return SimulatedFile(found, of: self)
        }
        guard mode == .replacing || mode == .writingOrCreating else {
            throw failure(.name, path, errno: 2)
        }
        let isLast = try begin(.name, path)
        let entry: Entry
        if let found {
            nodes[found.node].truncate(to: 0)
            entry = found
        } else {
            nodes.append(SimulatedNode())
            entry = link(path, nodes.count - 1)
        }
        try end(isLast, .name, path)
        return SimulatedFile(entry, of: self)
    }

    package func rename(_ path: String, to newPath: String) throws(StorageError) {
        let isLast = try begin(.name, path)
        guard let node = node(path) else { throw failure(.name, path, errno: 2) }
        trace?.note("    rename \(path) \(newPath)")
        move(path, to: newPath, node)
        try end(isLast, .name, path)
    }

    package func unlink(_ path: String) throws(StorageError) {
        let isLast = try begin(.name, path)
        guard node(path) != nil else { throw failure(.name, path, errno: 2) }
        trace?.note("    unlink \(path)")
        remove(path)
        try end(isLast, .name, path)
    }

    package func fsyncDirectory(_ path: String) throws(StorageError) {
        let isLast = try begin(.syncDirectory, path)
        trace?.note("    sync directory \(path)")
        syncNames(of: path)
        try end(isLast, .syncDirectory, path)
    }

    package func freeBytes(at path: String) throws(StorageError) -> UInt64 {
        UInt64(max(0, capacityBytes - usedBytes))
    }

    var usedBytes: Int { entries.reduce(0) { $0 + nodes[$1.node].content.count } }
}

/// An open file of a `SimulatedDisk`.
///
/// Unchecked Sendable is sound: a simulation is one thread.
private final class SimulatedFile: StorageFile, @unchecked Sendable {
    let path: String
    private let node: Int
    private let role: FileRole
    private let disk: SimulatedDisk
    private var isLocked = false

    init(_ entry: SimulatedDisk.Entry, of disk: SimulatedDisk) {
        path = entry.path
        node = entry.node
        role = entry.role
        self.disk = disk
    }

    func size() throws(StorageError) -> UInt64 { UInt64(disk.nodes[node].content.count) }

    func pread(_ count: Int, at offset: UInt64) throws(StorageError) -> [UInt8] {
        guard !disk.isOver else { throw disk.failure(.name, path) }
        let size = disk.nodes[node].content.count
        let start = min(Int(offset), size)
        var count = min(count, size - start)
        if disk.plan.hasShortWrites, count > 1 { count = 1 + disk.dice.below(count) }
        if start == 0, count == size { return disk.nodes[node].content }
        return Array(disk.nodes[node].content[start..<start + count])
    }

    func pwrite(
        _ bytes: [UInt8], in range: Range<Int>, at offset: UInt64
    ) throws(StorageError) -> Int {
        let isLast = try disk.begin(.write, path)
        var count = range.count
        let (start, size) = (Int(offset), disk.nodes[node].content.count)
        if start + count > size, disk.capacityBytes < .max {
            // A write that partly fits is cut short, and the next one finds the disk full.
            let room = max(0, disk.capacityBytes - disk.usedBytes)
            count = min(count, size - min(start, size) + (start <= size ? room : 0))
            guard count > 0 else {
                disk.tally.count(.diskFull)
                throw disk.failure(.write, path, errno: 28)
            }
        }
        if disk.plan.hasShortWrites, count > 1, disk.dice.oneIn(2) {
            disk.tally.count(.shortWrite)
            count = shortened(count, at: start)
        }
        disk.trace?.note("    write \(path) [\(offset), +\(count)]")
        disk.nodes[node].write(bytes, in: range.prefix(count), at: start)
        try disk.end(isLast, .write, path)
        return count
    }

    /// A system cuts a write between pages, and never within a sector.
    private func shortened(_ count: Int, at start: Int) -> Int {
        let sector = SimulatedNode.sectorBytes
        let boundary = (start + 1 + disk.dice.below(count)) / sector * sector
        return boundary > start ? boundary - start : count
    }

    func fdatasync() throws(StorageError) { try fsync() }

    func fsync() throws(StorageError) {
        let isLast = try disk.begin(.sync, path)
        disk.trace?.note("    sync \(path)")
        try disk.sync(node, path, role)
        try disk.end(isLast, .sync, path)
    }

    func truncate(to size: UInt64) throws(StorageError) {
        guard Int(size) != disk.nodes[node].content.count else { return }
        let isLast = try disk.begin(.write, path)
        disk.nodes[node].truncate(to: Int(size))
        try disk.end(isLast, .write, path)
    }

    func reserve(_ size: UInt64) throws(StorageError) {
        if size > UInt64(disk.nodes[node].content.count) { try truncate(to: size) }
    }

    func tryLock() throws(StorageError) -> Bool {
        guard !disk.lockedNodes.contains(node) else { return false }
        disk.lockedNodes.append(node)
        isLocked = true
        return true
    }

    func close() {
        guard isLocked else { return }
        isLocked = false
        disk.lockedNodes.removeAll { $0 == node }
    }
}
