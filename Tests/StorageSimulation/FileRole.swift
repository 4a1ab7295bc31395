/// What a file of a data directory is, by its name: asked at every operation, and read once.
enum FileRole: Equatable {
    case segment(firstFrame: UInt64)
    case snapshot
    case newSnapshot
    case manifest
    case lock
    case otherTemporary
    case other

    init(_ path: String) {
        let name = path.utf8.dropFirst(SimulatedDisk.directory.utf8.count + 1)
        if name.starts(with: "wal-0".utf8) {
            self = .segment(firstFrame: UInt64(Substring(name.dropFirst(4).prefix(20))) ?? 0)
        } else if name.starts(with: "snapshot-0".utf8) {
            self = .snapshot
        } else if path.hasSuffix(".tmp") {
            self = path.hasSuffix("/snapshot-new.tmp") ? .newSnapshot : .otherTemporary
        } else if path.hasSuffix("/manifest") {
            self = .manifest
        } else {
            self = path.hasSuffix("/lock") ? .lock : .other
        }
    }

    var isSegment: Bool {
        if case .segment = self { true } else { false }
    }

    var isTemporary: Bool { self == .newSnapshot || self == .otherTemporary }
}
