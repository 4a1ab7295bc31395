/// The few things that the log asks of a disk.
///
/// The server uses `POSIXFileSystem`; tests use one that loses power, fills up and rots on demand.
/// The names are those of the system calls behind them, because their exact promises are what
/// matters here: a write is durable only after `fsync` or `fdatasync` of the file, a new name only
/// after `fsyncDirectory`.
package protocol FileSystem: Sendable {
    /// Creates one directory and answers true, or answers false when it was there already.
    func createDirectory(_ path: String, permissions: UInt32) throws(StorageError) -> Bool
    /// The names in a directory, in no order, without `.` and `..`.
    func names(in directory: String) throws(StorageError) -> [String]
    func open(_ path: String, _ mode: FileOpenMode) throws(StorageError) -> any StorageFile
    /// Replaces `newPath` when it exists: at any moment it names either the old or the new file.
    func rename(_ path: String, to newPath: String) throws(StorageError)
    func unlink(_ path: String) throws(StorageError)
    func fsyncDirectory(_ path: String) throws(StorageError)
    /// Bytes that an unprivileged process may still allocate.
    func freeBytes(at path: String) throws(StorageError) -> UInt64
}

package enum FileOpenMode: Sendable {
    /// An existing file, for reading only.
    case reading
    /// An existing file, for reading and writing.
    case writing
    /// A new or emptied file, readable by its owner only.
    case replacing
    /// As `writing`, and creates the file (0600) when it is absent.
    case writingOrCreating
}

/// One open file. Offsets and sizes are in bytes from the start of the file.
package protocol StorageFile: AnyObject, Sendable {
    var path: String { get }
    func size() throws(StorageError) -> UInt64
    /// At most `count` bytes; fewer when the system felt like it, none at the end of the file.
    func pread(_ count: Int, at offset: UInt64) throws(StorageError) -> [UInt8]
    /// Writes a part of `range`, at least one byte, and answers how many.
    func pwrite(
        _ bytes: [UInt8], in range: Range<Int>, at offset: UInt64
    ) throws(StorageError) -> Int
    /// The content and what is needed to find it are on the disk.
    func fdatasync() throws(StorageError)
    func fsync() throws(StorageError)
    /// Cuts the file, or extends it with zeros.
    func truncate(to size: UInt64) throws(StorageError)
    /// Allocates room for the first `size` bytes: writing them can't meet a full disk afterwards.
    func reserve(_ size: UInt64) throws(StorageError)
    /// Takes an exclusive lock that ends with `close` or with the process; false when another has
    /// it.
    func tryLock() throws(StorageError) -> Bool
    func close()
}

extension StorageFile {
    /// Reads exactly `count` bytes, or fewer where the file ends.
    package func read(_ count: Int, at offset: UInt64) throws(StorageError) -> [UInt8] {
        var bytes = try pread(count, at: offset)
        while bytes.count < count {
            let more = try pread(count - bytes.count, at: offset + UInt64(bytes.count))
            guard !more.isEmpty else { break }
            bytes += more
        }
        return bytes
    }

    package func readAll() throws(StorageError) -> [UInt8] {
        try read(Int(clamping: try size()), at: 0)
    }

    /// Writes all of `range`, however short the single writes are.
    package func write(
        _ bytes: [UInt8], in range: Range<Int>, at offset: UInt64
    ) throws(StorageError) {
        var rest = range
        while !rest.isEmpty {
            let written = try pwrite(
                bytes, in: rest, at: offset + UInt64(rest.lowerBound - range.lowerBound))
            rest = rest.lowerBound + written..<rest.upperBound
        }
    }

    package func write(_ bytes: [UInt8], at offset: UInt64) throws(StorageError) {
        try write(bytes, in: 0..<bytes.count, at: offset)
    }

    /// Writes zeros over `range`.
    ///
    /// Zeros that are really written, and not only allocated, halve the time of every later
    /// fdatasync: an allocated but unwritten extent makes the file system change its own records at
    /// each sync.
    package func zero(_ range: Range<UInt64>) throws(StorageError) {
        let piece = [UInt8](repeating: 0, count: min(Self.zeroPieceBytes, range.count))
        var offset = range.lowerBound
        var unsynced = 0
        while offset < range.upperBound {
            let count = Int(min(UInt64(piece.count), range.upperBound - offset))
            try write(piece, in: 0..<count, at: offset)
            offset += UInt64(count)
            unsynced += count
            if unsynced >= Self.zeroUnsyncedBytesMax {
                try fdatasync()
                unsynced = 0
            }
        }
        try fsync()
    }

    private static var zeroPieceBytes: Int { 1 << 20 }
    /// Synced in pieces, so that the log's own fdatasync never queues behind a whole segment.
    private static var zeroUnsyncedBytesMax: Int { 4 << 20 }
}
