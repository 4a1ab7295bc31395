/// Why a data directory can't be opened or a snapshot can't be written. Each case carries what the
/// operator must know; nothing on the disk has been changed when one is thrown.
package enum StorageError: Error, Equatable, Sendable {
    /// Bytes that were durable once are not what they were.
    case corrupt(file: String, offset: UInt64, reason: String)
    /// A file that the manifest or the chain promises is not there.
    case missing(file: String, reason: String)
    /// Written by a newer version than this one can read.
    case futureVersion(file: String, found: UInt16, supported: UInt16)
    /// Another process holds the directory.
    case locked(directory: String, pid: Int32?)
    /// The operating system refused.
    case system(operation: String, path: String, errno: Int32)

    package var isNoSpace: Bool {
        if case .system(_, _, let errno) = self { return errno == 28 || errno == 122 }
        return false
    }

    /// EPERM or EACCES.
    var isForbidden: Bool {
        if case .system(_, _, let errno) = self { return errno == 1 || errno == 13 }
        return false
    }

    var isNoSuchFile: Bool {
        if case .system(_, _, let errno) = self { return errno == 2 }
        return false
    }
}

extension StorageError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .corrupt(let file, let offset, let reason):
            "\(file) is corrupt at offset \(offset): \(reason)"
        case .missing(let file, let reason):
            "\(file) is missing: \(reason)"
        case .futureVersion(let file, let found, let supported):
            "\(file) has format version \(found); this program reads up to \(supported)"
        case .locked(let directory, let pid):
            "\(directory) is in use\(pid.map { " by process \($0)" } ?? "")"
        case .system(let operation, let path, let errno):
            "\(operation) \(path): error \(errno)"
        }
    }
}
