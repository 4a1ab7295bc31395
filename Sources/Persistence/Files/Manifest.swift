/// The random name of a data directory, in every file of it: files of two directories can't be
/// mixed up unnoticed.
package struct DirectoryID: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// The table of contents of a data directory, as lines of text that an operator can read:
///
///     countersign manifest 1
///     directory 5f3a…
///     shards 16
///     active wal-00000000000000000001.log
///     metadata 01…
///     crc32c 1c291ca3
///
/// The checksum covers everything before its line. Zeros may follow: the file is written over room
/// that was reserved for it, so that a full disk can't stop a segment from being put into service.
package struct Manifest: Equatable, Sendable {
    var directory: DirectoryID
    var shardCount: Int
    /// The number of the first frame of the segment that is written to.
    var activeFirstFrame: UInt64
    /// Whatever the layer above must keep beside the log; here the wrapped data keys.
    var metadata: [UInt8]

    static let version: UInt16 = 1
    /// The room that is reserved: wrapped keys take 75 bytes each, twice that in hexadecimal.
    static let bytesMax = 4096
    private static let title = "countersign manifest"
    private static let newline = UInt8(ascii: "\n")
    /// With what follows the last newline, which is nothing.
    private static let lineCount = 7

    var encoded: [UInt8] {
        let body = """
            \(Self.title) \(Self.version)
            directory \(Self.hex(directory.high.bigEndianBytes + directory.low.bigEndianBytes))
            shards \(shardCount)
            active \(FileName.segment(firstFrame: activeFirstFrame).text)
            metadata \(Self.hex(metadata))

            """
        let bytes = Array(body.utf8)
        let text = bytes + Self.checksumLine(of: bytes, in: 0..<bytes.count) + [Self.newline]
        precondition(text.count <= Self.bytesMax)
        return text + [UInt8](repeating: 0, count: Self.bytesMax - text.count)
    }

    init(directory: DirectoryID, shardCount: Int, activeFirstFrame: UInt64, metadata: [UInt8]) {
        self.directory = directory
        self.shardCount = shardCount
        self.activeFirstFrame = activeFirstFrame
        self.metadata = metadata
    }

    init(_ bytes: [UInt8], file: String) throws(StorageError) {
        func corrupt(_ reason: String) -> StorageError {
            .corrupt(file: file, offset: 0, reason: reason)
        }
        let end = ByteScan.endOfContent(bytes, in: 0..<bytes.count)
        let lines = Self.lines(of: bytes, in: 0..<end)
        // The title comes first, so that the manifest of a later version is told from a broken one.
        guard let version = lines[0].value(of: Self.title).flatMap({ UInt16($0) }) else {
            throw corrupt("the first line is not `\(Self.title) \(Self.version)`")
        }
        guard version <= Self.version else {
            throw .futureVersion(file: file, found: version, supported: Self.version)
        }
        guard lines.count == Self.lineCount, lines[6].isEmpty else {
            throw corrupt("a line is missing")
        }
        guard lines[5].elementsEqual(Self.checksumLine(of: bytes, in: 0..<lines[5].startIndex))
        else {
            throw corrupt("it fails its checksum")
        }
        guard let directory = lines[1].value(of: "directory"), directory.utf8.count == 32,
            let high = UInt64(Substring(directory.utf8.prefix(16)), radix: 16),
            let low = UInt64(Substring(directory.utf8.suffix(16)), radix: 16),
            let shards = lines[2].value(of: "shards").flatMap({ Int($0) }),
            (1...SegmentHeader.shardsMax).contains(shards),
            let active = lines[3].value(of: "active"),
            let firstFrame = FileName.firstFrame(ofSegment: active),
            let metadata = lines[4].value(of: "metadata").flatMap(Self.bytes)
        else { throw corrupt("a line makes no sense") }
        self.init(
            directory: DirectoryID(high: high, low: low), shardCount: shards,
            activeFirstFrame: firstFrame, metadata: metadata)
    }

    private static func lines(of bytes: [UInt8], in range: Range<Int>) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        lines.reserveCapacity(lineCount)
        var start = range.lowerBound
        while let end = ByteScan.first(newline, in: bytes, start..<range.upperBound) {
            lines.append(bytes[start..<end])
            start = end + 1
        }
        lines.append(bytes[start..<range.upperBound])
        return lines
    }

    private static func checksumLine(of bytes: [UInt8], in range: Range<Int>) -> [UInt8] {
        Array("crc32c ".utf8) + hexadecimal(CRC32C.of(bytes, in: range).bigEndianBytes)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        String(decoding: hexadecimal(bytes), as: UTF8.self)
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(hexDigits[Int(byte >> 4)])
            text.append(hexDigits[Int(byte & 0xf)])
        }
        return text
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    private static func bytes(_ hex: String) -> [UInt8]? {
        let digits = Array(hex.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[index..<index + 2], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}

extension FixedWidthInteger {
    fileprivate var bigEndianBytes: [UInt8] {
        stride(from: bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> $0) }
    }
}

extension ArraySlice<UInt8> {
    /// What follows the name and a space.
    fileprivate func value(of name: String) -> String? {
        let rest = dropFirst(name.utf8.count)
        guard starts(with: name.utf8), rest.first == UInt8(ascii: " ") else { return nil }
        return String(decoding: rest.dropFirst(), as: UTF8.self)
    }
}
