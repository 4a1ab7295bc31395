import Glibc

/// The files of a data directory as they were at one moment, for reading only.
///
/// A running server goes on writing and deletes what it no longer needs; these are opened before
/// anything is read and end where they ended then. A backup is the same thing inside one file. So
/// whatever reads a directory reads both, and changes neither.
package struct ReadOnlyFiles: FileSystem {
    private let directory: String
    private let files: [String: any StorageFile]

    /// - Parameter files: by name inside `directory`.
    package init(_ directory: String, files: [String: any StorageFile]) {
        self.directory = directory
        self.files = files
    }

    package func names(in directory: String) throws(StorageError) -> [String] {
        Array(files.keys)
    }

    package func open(
        _ path: String, _ mode: FileOpenMode
    ) throws(StorageError) -> any StorageFile {
        switch mode {
        case .reading: break
        case .writing, .replacing, .writingOrCreating: throw refusal("write", path)
        }
        guard path.hasPrefix(directory + "/"),
            let file = files[String(path.dropFirst(directory.utf8.count + 1))]
        else { throw .system(operation: "open", path: path, errno: ENOENT) }
        return file
    }

    package func createDirectory(_ path: String, permissions: UInt32) throws(StorageError) -> Bool {
        throw refusal("create directory", path)
    }

    package func rename(_ path: String, to newPath: String) throws(StorageError) {
        throw refusal("rename", path)
    }

    package func unlink(_ path: String) throws(StorageError) { throw refusal("unlink", path) }

    package func fsyncDirectory(_ path: String) throws(StorageError) {
        throw refusal("sync", path)
    }

    package func freeBytes(at path: String) throws(StorageError) -> UInt64 { 0 }
}

private func refusal(_ operation: String, _ path: String) -> StorageError {
    .system(operation: operation, path: path, errno: EROFS)
}

/// A stretch of an open file, as a file of its own that can only be read.
final class FileSlice: StorageFile {
    let path: String
    private let file: any StorageFile
    private let range: Range<UInt64>

    init(_ path: String, of file: any StorageFile, _ range: Range<UInt64>) {
        self.path = path
        self.file = file
        self.range = range
    }

    func size() throws(StorageError) -> UInt64 { UInt64(range.count) }

    func pread(_ count: Int, at offset: UInt64) throws(StorageError) -> [UInt8] {
        guard offset < UInt64(range.count) else { return [] }
        let available = UInt64(range.count) - offset
        return try file.pread(
            Int(min(UInt64(count), available)), at: range.lowerBound + offset)
    }

    func pwrite(
        _ bytes: [UInt8], in range: Range<Int>, at offset: UInt64
    ) throws(StorageError) -> Int { throw refusal("write", path) }

    func fdatasync() throws(StorageError) { throw refusal("sync", path) }
    func fsync() throws(StorageError) { throw refusal("sync", path) }
    func truncate(to size: UInt64) throws(StorageError) { throw refusal("truncate", path) }
    func reserve(_ size: UInt64) throws(StorageError) { throw refusal("reserve", path) }
    func tryLock() throws(StorageError) -> Bool { true }
    /// The file around it is others' as well, and closes with its last reference.
    func close() {}
}

/// Bytes in memory that read like a file.
final class FileBytes: StorageFile {
    let path: String
    private let bytes: [UInt8]

    init(_ path: String, _ bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }

    func size() throws(StorageError) -> UInt64 { UInt64(bytes.count) }

    func pread(_ count: Int, at offset: UInt64) throws(StorageError) -> [UInt8] {
        guard offset < UInt64(bytes.count) else { return [] }
        let start = Int(offset)
        return Array(bytes[start..<min(bytes.count, start + count)])
    }

    func pwrite(
        _ bytes: [UInt8], in range: Range<Int>, at offset: UInt64
    ) throws(StorageError) -> Int { throw refusal("write", path) }

    func fdatasync() throws(StorageError) { throw refusal("sync", path) }
    func fsync() throws(StorageError) { throw refusal("sync", path) }
    func truncate(to size: UInt64) throws(StorageError) { throw refusal("truncate", path) }
    func reserve(_ size: UInt64) throws(StorageError) { throw refusal("reserve", path) }
    func tryLock() throws(StorageError) -> Bool { true }
    func close() {}
}
