/// What recovery found and dealt with: nothing is lost, but an operator should read it.
package enum StorageNotice: Equatable, Sendable, CustomStringConvertible {
    /// An unfinished, never acknowledged write at the log's end; its bytes are kept aside.
    case tornWrite(file: String, offset: UInt64, keptIn: String)
    /// A snapshot that can't be used; an older one and a longer log took its place.
    case snapshotUnusable(file: String, reason: String)

    package var description: String {
        switch self {
        case .tornWrite(let file, let offset, let keptIn):
            "\(file): an unfinished write at offset \(offset) was cut off; "
                + "its bytes are in \(keptIn)"
        case .snapshotUnusable(let file, let reason):
            "\(file) was not used: \(reason)"
        }
    }
}
