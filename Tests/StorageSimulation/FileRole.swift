/// What a file of a data directory is, by its name: asked at every operation, and read once.
enum FileRole: Equatable {
    case segment(firstFrame: UInt64)
    case snapshot
    case newSnapshot
    case manifest
    case lock
    case otherTemporary
    case other

    init(_ name: String) {
        if name.hasSuffix(".tmp") {
            self = name == "snapshot-new.tmp" ? .newSnapshot : .otherTemporary
        } else if name.hasPrefix("wal-") {
            let digits = name.utf8.dropFirst(4).prefix(20)
            self = .segment(firstFrame: digits.reduce(0) { $0 &* 10 &+ UInt64($1) &- 48 })
        } else if name.hasPrefix("snapshot-") {
            self = .snapshot
        } else if name == "manifest" {
            self = .manifest
        } else {
            self = name == "lock" ? .lock : .other
        }
    }

    var isSegment: Bool {
        if case .segment = self { true } else { false }
    }

    var isTemporary: Bool { self == .newSnapshot || self == .otherTemporary }
}
