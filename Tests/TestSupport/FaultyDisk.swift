import Persistence
import Synchronization

/// The state of a `FaultyFileSystem`: what a process sees, and what the platters are known to hold.
struct Disk: Sendable {
    enum Entry: Equatable, Sendable {
        case directory
        case file(node: Int)
    }

    struct Fault: Sendable {
        let operation: FaultyFileSystem.Operation
        let namePrefix: String
        var skipped: Int
        let errno: Int32
    }

    /// A change of names that no `fsyncDirectory` has made durable.
    struct Change: Sendable {
        /// The entries it sets, together; nil removes one.
        let entries: [String: Entry?]
        func concerns(_ directory: String) -> Bool {
            entries.keys.contains { Disk.parent(of: $0) == directory }
        }
    }

    var capacityBytes: Int
    var transferBytesMax = Int.max
    /// By path.
    var names: [String: Entry] = [:]
    private var durableNames: [String: Entry] = [:]
    private var changes: [Change] = []
    var nodes: [Int: Node] = [:]
    private var nextNode = 0
    var locks: [Int: ObjectIdentifier] = [:]

    var fault: Fault?
    var operations = 0
    var operationsLeft = Int.max
    var isLastCarriedOut = false
    private(set) var isDead = false
    var watchers: [CheckedContinuation<Void, Never>] = []

    init(capacityBytes: Int) { self.capacityBytes = capacityBytes }

    /// The root's name is the empty one as a parent.
    static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    func children(of directory: String) -> [String] {
        names.keys.filter { Self.parent(of: $0) == directory }
            .map { String($0.dropFirst(directory.utf8.count + 1)) }
    }

    func find(_ path: String) throws(StorageError) -> Int? {
        guard !isDead else { throw .system(operation: "open", path: path, errno: 5) }
        guard case .file(let node) = names[path] else { return nil }
        return node
    }

    func file(_ path: String) -> Node? {
        guard case .file(let node) = names[path] else { return nil }
        return nodes[node]
    }

    // MARK: Faults

    /// - Returns: whether the power goes off with this operation.
    mutating func begin(
        _ operation: FaultyFileSystem.Operation, _ path: String
    ) throws(StorageError) -> Bool {
        let failure = StorageError.system(operation: "\(operation)", path: path, errno: 5)
        guard !isDead else { throw failure }
        operations += 1
        operationsLeft -= 1
        if operationsLeft < 0 {
            guard isLastCarriedOut else {
                die()
                throw failure
            }
            return true
        }
        let name = path.split(separator: "/").last ?? ""
        if let fault, fault.operation == operation, name.hasPrefix(fault.namePrefix) {
            guard fault.skipped == 0 else {
                self.fault?.skipped -= 1
                return false
            }
            self.fault = nil
            throw .system(operation: "\(operation)", path: path, errno: fault.errno)
        }
        return false
    }

    mutating func die() { isDead = true }

    func copy() -> Disk {
        var copy = self
        copy.isDead = false
        copy.locks = [:]
        copy.watchers = []
        copy.fault = nil
        copy.operationsLeft = .max
        return copy
    }

    func afterPowerLoss(_ random: SeededRandom) -> Disk {
        var after = Disk(capacityBytes: capacityBytes)
        after.transferBytesMax = transferBytesMax
        after.nextNode = nextNode
        var kept = durableNames
        for change in changes where random.below(2) == 0 {
            for (path, entry) in change.entries { kept[path] = entry }
        }
        // In a fixed order, so that a seed always gives the same disk.
        for (path, entry) in kept.sorted(by: { $0.key < $1.key }) {
            guard isReachable(path, in: kept) else { continue }
            after.names[path] = entry
            if case .file(let node) = entry, after.nodes[node] == nil {
                after.nodes[node] = nodes[node]?.afterPowerLoss(random)
            }
        }
        after.durableNames = after.names
        return after
    }

    private func isReachable(_ path: String, in kept: [String: Entry]) -> Bool {
        let parent = Self.parent(of: path)
        return parent.isEmpty || (kept[parent] == .directory && isReachable(parent, in: kept))
    }

    // MARK: Names

    mutating func create(_ path: String) -> Int {
        if case .file(let node) = names[path] {
            nodes[node]?.resize(to: 0)
            return node
        }
        nextNode += 1
        nodes[nextNode] = Node()
        link(path, .file(node: nextNode))
        return nextNode
    }

    mutating func link(_ path: String, _ entry: Entry?) {
        names[path] = entry
        changes.append(Change(entries: [path: entry]))
    }

    mutating func rename(_ path: String, to newPath: String, _ entry: Entry) {
        names[path] = nil
        names[newPath] = entry
        changes.append(Change(entries: [path: nil, newPath: entry]))
    }

    mutating func syncDirectory(_ path: String) {
        let path = path == "/" ? "" : path
        for change in changes where change.concerns(path) {
            for (path, entry) in change.entries { durableNames[path] = entry }
        }
        changes.removeAll { $0.concerns(path) }
    }

    mutating func replace(_ path: String, with content: [UInt8]?) {
        guard let content else {
            names[path] = nil
            durableNames[path] = nil
            return
        }
        let node = create(path)
        nodes[node] = Node(content)
        durableNames[path] = .file(node: node)
    }

    // MARK: Content

    var usedBytes: Int {
        names.values.reduce(0) { sum, entry in
            guard case .file(let node) = entry else { return sum }
            return sum + (nodes[node]?.content.count ?? 0)
        }
    }

    mutating func write(
        _ bytes: [UInt8], in range: Range<Int>, at offset: Int, of node: Int, path: String
    ) throws(StorageError) -> Int {
        var count = min(range.count, transferBytesMax)
        let size = nodes[node, default: Node()].content.count
        if offset + count > size {
            // A write that partly fits is cut short, and the next one finds the disk full.
            let room = max(0, capacityBytes - usedBytes)
            count = min(count, max(0, size - offset) + (offset <= size ? room : 0))
            guard count > 0 else { throw .system(operation: "write", path: path, errno: 28) }
        }
        nodes[node]?.write(bytes, in: range.prefix(count), at: offset)
        return count
    }

    mutating func resize(_ node: Int, to size: Int, path: String) throws(StorageError) {
        let growth = size - nodes[node, default: Node()].content.count
        guard growth <= 0 || growth <= capacityBytes - usedBytes else {
            throw .system(operation: "resize", path: path, errno: 28)
        }
        nodes[node]?.resize(to: size)
    }
}

/// The content of a file, whatever its names.
struct Node: Sendable {
    private(set) var content: [UInt8] = []
    private var durable: [UInt8] = []
    /// What was written since the last sync.
    private var dirty: [Range<Int>] = []
    private(set) var syncs = 0

    private static let sectorBytes = 512

    init() {}

    init(_ content: [UInt8]) {
        self.content = content
        durable = content
    }

    mutating func write(_ bytes: [UInt8], in range: Range<Int>, at offset: Int) {
        if offset + range.count > content.count { resize(to: offset + range.count) }
        // Safe: both slices are bounds-checked and as long as each other.
        unsafe content[offset..<offset + range.count].withUnsafeMutableBytes { target in
            unsafe bytes[range].withUnsafeBytes { unsafe target.copyMemory(from: $0) }
        }
        dirty.append(offset..<offset + range.count)
    }

    mutating func resize(to size: Int) {
        let old = content.count
        if size < old {
            content.removeLast(old - size)
        } else {
            content += [UInt8](repeating: 0, count: size - old)
        }
        dirty.append(min(old, size)..<max(old, size))
    }

    mutating func sync() {
        let missing = content.count - durable.count
        if missing < 0 { durable.removeLast(-missing) }
        durable += [UInt8](repeating: 0, count: max(0, missing))
        for range in dirty where !range.isEmpty {
            let start = min(range.lowerBound / Self.sectorBytes * Self.sectorBytes, content.count)
            let last = (range.upperBound - 1) / Self.sectorBytes
            let end = max(start, min((last + 1) * Self.sectorBytes, content.count))
            durable.replaceSubrange(start..<end, with: content[start..<end])
        }
        dirty = []
        syncs += 1
    }

    /// A sync has failed: processes go on seeing what the platter will never get.
    mutating func losePages() { dirty = [] }

    /// Every unsynced sector is old or new, and the size is the old, the new or one between.
    func afterPowerLoss(_ random: SeededRandom) -> Node {
        guard !dirty.isEmpty else { return Node(durable) }
        var size = content.count
        switch random.below(3) {
        case 0: size = durable.count
        case 1: size = min(size, durable.count) + random.below(abs(size - durable.count) + 1)
        default: break
        }
        var after = Array(durable.prefix(size))
        after += [UInt8](repeating: 0, count: size - after.count)
        var sectors: Set<Int> = []
        for range in dirty where !range.isEmpty {
            let last = (range.upperBound - 1) / Self.sectorBytes
            sectors.formUnion(range.lowerBound / Self.sectorBytes...last)
        }
        // Now and then nothing or everything: half of the sectors is all too ordinary.
        let share = random.below(5)
        for sector in sectors.sorted() where share == 4 || random.below(4) < share {
            let start = sector * Self.sectorBytes
            let end = min(start + Self.sectorBytes, size, content.count)
            guard start < end else { continue }
            after.replaceSubrange(start..<end, with: content[start..<end])
        }
        return Node(after)
    }
}
