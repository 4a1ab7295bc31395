import Glibc
import Synchronization

/// The disk of this machine, by system calls.
///
/// Every call that a signal can interrupt is repeated; every other failure is thrown with its
/// errno.
package struct POSIXFileSystem: FileSystem {
    package init() {}

    package func createDirectory(
        _ path: String, permissions: UInt32
    ) throws(StorageError) -> Bool {
        // Safe: the string lives for the call.
        if unsafe mkdir(path, permissions) == 0 { return true }
        guard errno == EEXIST else { throw .last("create directory", path) }
        return false
    }

    package func names(in directory: String) throws(StorageError) -> [String] {
        // Safe: the stream is used by this function only and closed before it returns; an entry's
        // name is copied before the next readdir may overwrite it.
        guard let stream = unsafe opendir(directory) else { throw .last("list", directory) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else { break }
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    unsafe String(cString: name)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw .last("list", directory) }
        return names
    }

    package func open(
        _ path: String, _ mode: FileOpenMode
    ) throws(StorageError) -> any StorageFile {
        let flags =
            switch mode {
            case .reading: O_RDONLY
            case .writing: O_RDWR
            case .replacing: O_RDWR | O_CREAT | O_TRUNC
            case .writingOrCreating: O_RDWR | O_CREAT
            }
        let descriptor = repeating { unsafe Glibc.open(path, flags | O_CLOEXEC, 0o600) }
        guard descriptor >= 0 else { throw .last("open", path) }
        return POSIXFile(path: path, descriptor: descriptor)
    }

    package func rename(_ path: String, to newPath: String) throws(StorageError) {
        // Safe: both strings live for the call.
        guard unsafe Glibc.rename(path, newPath) == 0 else { throw .last("rename", path) }
    }

    package func unlink(_ path: String) throws(StorageError) {
        // Safe: the string lives for the call.
        guard unsafe Glibc.unlink(path) == 0 else { throw .last("unlink", path) }
    }

    package func fsyncDirectory(_ path: String) throws(StorageError) {
        let directory = try open(path, .reading)
        defer { directory.close() }
        try directory.fsync()
    }

    package func freeBytes(at path: String) throws(StorageError) -> UInt64 {
        var status = statvfs()
        // Safe: `status` is initialised and lives for the call.
        guard unsafe statvfs(path, &status) == 0 else { throw .last("statvfs", path) }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }
}

/// An open descriptor, closed once: by `close` or with its last reference.
final class POSIXFile: StorageFile {
    let path: String
    private let descriptor: Int32
    private let isClosed = Atomic(false)

    init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close() }

    func close() {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        _ = Glibc.close(descriptor)
    }

    func size() throws(StorageError) -> UInt64 {
        var status = stat()
        // Safe: `status` is initialised and lives for the call.
        guard unsafe fstat(descriptor, &status) == 0 else { throw .last("fstat", path) }
        return UInt64(status.st_size)
    }

    func pread(_ count: Int, at offset: UInt64) throws(StorageError) -> [UInt8] {
        var failed = false
        // Safe: pread writes at most the buffer's capacity, and exactly the returned number of
        // bytes is declared initialised.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
            let result = repeating {
                unsafe Glibc.pread(descriptor, buffer.baseAddress, count, off_t(offset))
            }
            failed = result < 0
            initialised = max(0, result)
        }
        guard !failed else { throw .last("read", path) }
        return bytes
    }

    func pwrite(
        _ bytes: [UInt8], in range: Range<Int>, at offset: UInt64
    ) throws(StorageError) -> Int {
        // Safe: the slice is bounds-checked and the buffer lives for the call.
        let result = unsafe bytes[range].withUnsafeBytes { buffer in
            repeating {
                unsafe Glibc.pwrite(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            }
        }
        guard result >= 0 else { throw .last("write", path) }
        // A disk that takes nothing and names no reason would have us try for ever.
        guard result > 0 || range.isEmpty else {
            throw .system(operation: "write", path: path, errno: EIO)
        }
        return result
    }

    func fdatasync() throws(StorageError) {
        guard repeating({ Glibc.fdatasync(descriptor) }) == 0 else {
            throw .last("fdatasync", path)
        }
    }

    func fsync() throws(StorageError) {
        guard repeating({ Glibc.fsync(descriptor) }) == 0 else { throw .last("fsync", path) }
    }

    func truncate(to size: UInt64) throws(StorageError) {
        guard repeating({ ftruncate(descriptor, off_t(size)) }) == 0 else {
            throw .last("truncate", path)
        }
    }

    func reserve(_ size: UInt64) throws(StorageError) {
        while true {
            // posix_fallocate answers its error instead of setting errno.
            let error = posix_fallocate(descriptor, 0, off_t(size))
            if error == 0 { return }
            guard error == EINTR else {
                throw .system(operation: "reserve", path: path, errno: error)
            }
        }
    }

    func tryLock() throws(StorageError) -> Bool {
        if repeating({ flock(descriptor, LOCK_EX | LOCK_NB) }) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw .last("lock", path) }
        return false
    }
}

/// Repeats a system call that a signal interrupted.
func repeating<Value: SignedInteger>(_ call: () -> Value) -> Value {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

extension StorageError {
    fileprivate static func last(_ operation: String, _ path: String) -> StorageError {
        .system(operation: operation, path: path, errno: errno)
    }
}
