/// The names of the files in a data directory.
///
/// Numbers are padded to 20 digits, the width of the largest `UInt64`, so that a plain listing
/// shows the files in their order.
enum FileName: Equatable {
    case segment(firstFrame: UInt64)
    case snapshot(frame: UInt64)
    /// A segment being prepared, before it has a place in the log.
    case spareSegment(number: Int)
    /// Room on the disk for the manifest that will name the spare segment of the same number.
    case spareManifest(number: Int)

    static let manifest = "manifest"
    static let newManifest = "manifest-new.tmp"
    static let lock = "lock"
    /// Says that the directory is still being written. With a manifest beside it, it is a leftover.
    static let unfinished = "manifest-unfinished.tmp"
    static let newTorn = "torn-new.tmp"
    static let newSnapshot = "snapshot-new.tmp"

    var text: String {
        switch self {
        case .segment(let firstFrame): Self.text("wal-", firstFrame, ".log")
        case .snapshot(let frame): Self.text("snapshot-", frame, ".snap")
        case .spareSegment(let number): "wal-spare-\(number).tmp"
        case .spareManifest(let number): "manifest-spare-\(number).tmp"
        }
    }

    /// Where the bytes of a torn write are kept. A later tear at the same place gets a number of
    /// its own, so that nothing kept is ever overwritten.
    static func torn(firstFrame: UInt64, offset: UInt64, attempt: Int) -> String {
        "torn-\(firstFrame)-\(offset)\(attempt == 0 ? "" : "-\(attempt + 1)").bin"
    }

    static func firstFrame(ofSegment name: String) -> UInt64? {
        number(in: name, between: "wal-", and: ".log")
    }

    static func frame(ofSnapshot name: String) -> UInt64? {
        number(in: name, between: "snapshot-", and: ".snap")
    }

    /// Whether the file is a leftover of an interrupted write of ours.
    static func isTemporary(_ name: String) -> Bool {
        name.hasSuffix(".tmp") && temporaryStems.contains { name.hasPrefix($0) }
    }

    private static let temporaryStems = ["manifest-", "wal-", "snapshot-", "torn-"]

    private static let digits = 20

    private static func text(_ prefix: String, _ number: UInt64, _ suffix: String) -> String {
        let digitsEnd = prefix.utf8.count + digits
        let count = digitsEnd + suffix.utf8.count
        // Safe: the buffer has room for exactly these bytes, and each of them is written.
        return unsafe String(unsafeUninitializedCapacity: count) { text in
            _ = unsafe text.initialize(fromContentsOf: prefix.utf8)
            var rest = number
            for index in (digitsEnd - digits..<digitsEnd).reversed() {
                unsafe text[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            let end = unsafe UnsafeMutableBufferPointer(rebasing: text[digitsEnd...])
            _ = unsafe end.initialize(fromContentsOf: suffix.utf8)
            return count
        }
    }

    private static func number(
        in name: String, between prefix: String, and suffix: String
    ) -> UInt64? {
        guard name.utf8.count == prefix.utf8.count + digits + suffix.utf8.count,
            name.hasPrefix(prefix), name.hasSuffix(suffix)
        else { return nil }
        var number: UInt64 = 0
        // Only digits: UInt64's own parser would also take a sign.
        for byte in name.utf8.dropFirst(prefix.utf8.count).prefix(digits) {
            guard (0x30...0x39).contains(byte) else { return nil }
            let (tens, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isStillTooLarge) = tens.addingReportingOverflow(UInt64(byte - 0x30))
            guard !isTooLarge, !isStillTooLarge else { return nil }
            number = sum
        }
        return number
    }
}
