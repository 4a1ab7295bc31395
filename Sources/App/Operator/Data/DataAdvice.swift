import Persistence

/// What to do about damage, for people who have just learnt of it. One place, so that `verify` and
/// `doctor` never contradict each other.
enum DataAdvice {
    static func fix(for error: StorageError, in directory: String) -> String {
        switch error {
        case .corrupt(let file, _, _) where file.hasSuffix(".snap"):
            "A start uses the other snapshot and the longer log, where there is one. Start the "
                + "server: it writes new snapshots, and the damaged one goes. Check the disk."
        case .corrupt, .missing:
            "Copy the directory aside, check the disk, and restore the newest backup with "
                + "`countersign restore`. `countersign doctor --data-dir \(directory)` says what "
                + "else can be saved."
        case .futureVersion:
            "It is whole; use the newer program that wrote it."
        case .locked:
            "Make a backup beside the running server (`countersign backup --to FILE`) and check "
                + "that: `countersign verify --backup FILE`."
        case .system:
            "Check that the path exists and is this user's."
        }
    }

    /// The text of a finding, its file by name only.
    static func text(of error: StorageError, in directory: String) -> String {
        error.description.replacing(directory + "/", with: "")
    }
}

/// Sizes as people read them.
enum ByteText {
    static func of(_ bytes: UInt64) -> String {
        let units = ["B", "KB", "MB", "GB", "TB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(bytes) B" : "\(Decimals.one(value)) \(units[unit])"
    }
}

/// Numbers with one digit after the point.
enum Decimals {
    static func one(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
