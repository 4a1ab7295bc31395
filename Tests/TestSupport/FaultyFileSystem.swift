package import Persistence
import Synchronization

/// A disk in memory that keeps POSIX's promises and not one more.
///
/// What is written is lost with the power until `fsync` or `fdatasync` of its file; a name, until
/// `fsyncDirectory`. Until then any 512-byte sector may be old or new, and any new, changed or
/// removed name may be or not be there, in no order. The disk also fills up, fails and rots on
/// demand.
///
/// A test that cuts the power goes on with what `powerLoss` answers: the old object is dead and
/// fails every operation, so that threads which still use it come to their end.
package final class FaultyFileSystem: FileSystem {
    /// What changes a disk, and so can be counted and made to fail.
    package enum Operation: Sendable {
        case write, sync, name, syncDirectory
    }

    private let disk: Mutex<Disk>

    package init(capacityBytes: Int = .max) {
        disk = Mutex(Disk(capacityBytes: capacityBytes))
    }

    private init(_ disk: sending Disk) { self.disk = Mutex(disk) }

    // MARK: Faults

    /// Bytes of content that fit; may change at any time.
    package var capacityBytes: Int {
        get { disk.withLock { $0.capacityBytes } }
        set { disk.withLock { $0.capacityBytes = newValue } }
    }

    package var usedBytes: Int { disk.withLock { $0.usedBytes } }

    /// The most that one read or write transfers.
    package func limitTransfers(toBytes bytes: Int) {
        disk.withLock { $0.transferBytesMax = bytes }
    }

    /// Fails one operation on a file whose name begins like this, after `skipped` successful ones.
    package func failOnce(
        _ operation: Operation, namePrefix: String, skipping skipped: Int = 0, errno: Int32 = 5
    ) {
        disk.withLock {
            $0.fault = Disk.Fault(
                operation: operation, namePrefix: namePrefix, skipped: skipped, errno: errno)
        }
    }

    /// Cuts the power at the operation after `count` more that change the disk.
    ///
    /// - Parameter isCarriedOut: whether that operation still takes place, unheard of by its
    ///   caller.
    package func cutPower(afterOperations count: Int, isCarriedOut: Bool) {
        disk.withLock {
            $0.operationsLeft = count
            $0.isLastCarriedOut = isCarriedOut
        }
    }

    package var isDead: Bool { disk.withLock { $0.isDead } }

    /// Cuts the power now, unless that has happened, and answers what the disk may look like after
    /// it.
    package func powerLoss(random: SeededRandom) -> FaultyFileSystem {
        FaultyFileSystem(
            disk.withLock { disk in
                disk.die()
                return disk.afterPowerLoss(random)
            })
    }

    /// The disk as a process sees it that starts after another was killed, with the power still on.
    package func copy() -> FaultyFileSystem { FaultyFileSystem(disk.withLock { $0.copy() }) }

    // MARK: Looking at and changing files behind the log's back

    /// The content of every file in a directory.
    package func contents(of directory: String) -> [String: [UInt8]] {
        disk.withLock { disk in
            var contents: [String: [UInt8]] = [:]
            for name in disk.children(of: directory) {
                contents[name] = disk.file(directory + "/" + name)?.content
            }
            return contents
        }
    }

    /// Replaces a file's content durably, or removes the file.
    package func replace(_ path: String, with content: [UInt8]?) {
        disk.withLock { $0.replace(path, with: content) }
    }

    /// Turns a bit over, as rot does. The bit counts from the file's first, lowest bits first.
    package func flip(bit: Int, of path: String) {
        disk.withLock { disk in
            guard var content = disk.file(path)?.content else { return }
            content[bit / 8] ^= 1 << UInt8(bit % 8)
            disk.replace(path, with: content)
        }
    }

    /// How often the file of this path was synced, under whichever names it had.
    package func syncs(of path: String) -> Int { disk.withLock { $0.file(path)?.syncs ?? 0 } }

    /// Returns when `condition` holds; it is asked now and after every operation that changes the
    /// disk.
    package func wait(until condition: @escaping @Sendable (FaultyFileSystem) -> Bool) async {
        while true {
            let seen = disk.withLock { $0.operations }
            if condition(self) { return }
            await withCheckedContinuation { continuation in
                let isLate = disk.withLock { disk in
                    if disk.operations != seen || disk.isDead { return true }
                    disk.watchers.append(continuation)
                    return false
                }
                if isLate { continuation.resume() }
            }
        }
    }

    // MARK: FileSystem

    package func createDirectory(
        _ path: String, permissions: UInt32
    ) throws(StorageError) -> Bool {
        try change(.name, path) { (disk) throws(StorageError) in
            if disk.names[path] == .directory { return false }
            disk.link(path, .directory)
            return true
        }
    }

    package func names(in directory: String) throws(StorageError) -> [String] {
        try disk.withLock { (disk) throws(StorageError) in
            guard disk.names[directory] == .directory else {
                throw .system(operation: "list", path: directory, errno: 2)
            }
            return disk.children(of: directory)
        }
    }

    package func open(
        _ path: String, _ mode: FileOpenMode
    ) throws(StorageError) -> any StorageFile {
        let known = try disk.withLock { (disk) throws(StorageError) in try disk.find(path) }
        if let known, mode != .replacing { return FaultyFile(path: path, node: known, of: self) }
        let node = try change(.name, path) { (disk) throws(StorageError) in
            switch mode {
            case .reading, .writing: throw .system(operation: "open", path: path, errno: 2)
            case .replacing, .writingOrCreating: disk.create(path)
            }
        }
        return FaultyFile(path: path, node: node, of: self)
    }

    package func rename(_ path: String, to newPath: String) throws(StorageError) {
        try change(.name, path) { (disk) throws(StorageError) in
            guard let entry = disk.names[path] else {
                throw .system(operation: "rename", path: path, errno: 2)
            }
            disk.rename(path, to: newPath, entry)
        }
    }

    package func unlink(_ path: String) throws(StorageError) {
        try change(.name, path) { (disk) throws(StorageError) in
            guard disk.names[path] != nil else {
                throw .system(operation: "unlink", path: path, errno: 2)
            }
            disk.link(path, nil)
        }
    }

    package func fsyncDirectory(_ path: String) throws(StorageError) {
        try change(.syncDirectory, path) { $0.syncDirectory(path) }
    }

    package func freeBytes(at path: String) throws(StorageError) -> UInt64 {
        disk.withLock { UInt64(max(0, $0.capacityBytes - $0.usedBytes)) }
    }

    /// Carries out what changes the disk, unless a fault is due, and tells who watches.
    fileprivate func change<Value: Sendable>(
        _ operation: Operation, _ path: String,
        _ body: (inout Disk) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        let (result, watchers) = disk.withLock { disk in
            let result: Result<Value, StorageError>
            do throws(StorageError) {
                let isLast = try disk.begin(operation, path)
                let value = try body(&disk)
                if isLast {
                    disk.die()
                    throw .system(operation: "\(operation)", path: path, errno: 5)
                }
                result = .success(value)
            } catch {
                result = .failure(error)
            }
            defer { disk.watchers = [] }
            return (result, disk.watchers)
        }
        for watcher in watchers { watcher.resume() }
        return try result.get()
    }

    fileprivate func look<Value: Sendable>(
        _ body: (inout Disk) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        try disk.withLock { (disk) throws(StorageError) in try body(&disk) }
    }
}

/// An open file of a `FaultyFileSystem`.
private final class FaultyFile: StorageFile {
    let path: String
    private let node: Int
    private let fileSystem: FaultyFileSystem

    init(path: String, node: Int, of fileSystem: FaultyFileSystem) {
        self.path = path
        self.node = node
        self.fileSystem = fileSystem
    }

    deinit { close() }

    func size() throws(StorageError) -> UInt64 {
        try fileSystem.look { UInt64($0.nodes[node, default: Node()].content.count) }
    }

    func pread(_ count: Int, at offset: UInt64) throws(StorageError) -> [UInt8] {
        try fileSystem.look { disk in
            let content = disk.nodes[node, default: Node()].content
            let start = min(Int(offset), content.count)
            let end = min(start + min(count, disk.transferBytesMax), content.count)
            return Array(content[start..<end])
        }
    }

    func pwrite(
        _ bytes: [UInt8], in range: Range<Int>, at offset: UInt64
    ) throws(StorageError) -> Int {
        try fileSystem.change(.write, path) { (disk) throws(StorageError) in
            try disk.write(bytes, in: range, at: Int(offset), of: node, path: path)
        }
    }

    func fdatasync() throws(StorageError) { try fsync() }

    func fsync() throws(StorageError) {
        do throws(StorageError) {
            try fileSystem.change(.sync, path) { $0.nodes[node]?.sync() }
        } catch {
            // As Linux does it: the pages count as clean from now on.
            try? fileSystem.look { if !$0.isDead { $0.nodes[node]?.losePages() } }
            throw error
        }
    }

    func truncate(to size: UInt64) throws(StorageError) {
        try fileSystem.change(.write, path) { (disk) throws(StorageError) in
            try disk.resize(node, to: Int(size), path: path)
        }
    }

    func reserve(_ size: UInt64) throws(StorageError) {
        try fileSystem.change(.write, path) { (disk) throws(StorageError) in
            let known = disk.nodes[node, default: Node()].content.count
            if Int(size) > known { try disk.resize(node, to: Int(size), path: path) }
        }
    }

    func tryLock() throws(StorageError) -> Bool {
        try fileSystem.look { disk in
            let me = ObjectIdentifier(self)
            if let holder = disk.locks[node], holder != me { return false }
            disk.locks[node] = me
            return true
        }
    }

    func close() {
        // Looking never fails by itself; only the protocol's signature says that it could.
        try? fileSystem.look { disk in
            if disk.locks[node] == ObjectIdentifier(self) { disk.locks[node] = nil }
        }
    }
}
