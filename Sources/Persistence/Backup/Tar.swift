/// The few things of a tar archive (POSIX.1-1988 ustar) that a backup needs: plain files, one after
/// the other, so that an operator can look into it with `tar` when nothing else is at hand.
enum Tar {
    static let blockBytes = 512
    /// Two blocks of zeros end an archive.
    static let end = [UInt8](repeating: 0, count: 2 * blockBytes)
    /// What eleven octal digits hold; longer sizes are written in base 256, as GNU tar does.
    private static let octalBytesMax: UInt64 = 1 << 33

    static func padding(after bytes: UInt64) -> Int {
        let rest = Int(bytes % UInt64(blockBytes))
        return rest == 0 ? 0 : blockBytes - rest
    }

    static func header(name: String, bytes: UInt64, modifiedAtSeconds: UInt64) -> [UInt8] {
        precondition(name.utf8.count < 100)
        var block = [UInt8](repeating: 0, count: blockBytes)
        func put(_ text: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in text.enumerated() { block[offset + index] = byte }
        }
        put(name.utf8, at: 0)
        put("0000600".utf8, at: 100)
        put("0000000".utf8, at: 108)
        put("0000000".utf8, at: 116)
        put(size(bytes), at: 124)
        put(octal(modifiedAtSeconds, digits: 11), at: 136)
        put("        ".utf8, at: 148)
        put("0".utf8, at: 156)
        put("ustar\u{0}00".utf8, at: 257)
        put(octal(checksum(block), digits: 6) + [0, 32], at: 148)
        return block
    }

    private static func size(_ bytes: UInt64) -> [UInt8] {
        guard bytes >= octalBytesMax else { return octal(bytes, digits: 11) }
        return [0x80, 0, 0, 0]
            + stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bytes >> $0) }
    }

    private static func octal(_ value: UInt64, digits: Int) -> [UInt8] {
        let text = String(value, radix: 8)
        return Array((String(repeating: "0", count: max(0, digits - text.utf8.count)) + text).utf8)
    }

    /// The sum of all bytes, those of the checksum itself taken as blanks.
    private static func checksum(_ block: [UInt8]) -> UInt64 {
        block.enumerated().reduce(0) { sum, byte in
            sum + UInt64((148..<156).contains(byte.offset) ? 32 : byte.element)
        }
    }

    /// One file of an archive: its name and where its bytes are.
    struct Entry: Sendable {
        let name: String
        let range: Range<UInt64>
    }

    /// - Throws: `.corrupt` where the archive is not, byte for byte, one that we would write.
    static func entries(of file: any StorageFile) throws(StorageError) -> [Entry] {
        let size = try file.size()
        var entries: [Entry] = []
        var offset: UInt64 = 0
        while true {
            let block = try file.read(blockBytes, at: offset)
            func corrupt(_ reason: String) -> StorageError {
                .corrupt(file: file.path, offset: offset, reason: reason)
            }
            guard block.count == blockBytes else { throw corrupt("the archive is cut short") }
            if ByteScan.isZero(block, in: 0..<blockBytes) {
                let rest = try file.read(end.count, at: offset)
                guard rest == end, offset + UInt64(end.count) == size else {
                    throw corrupt("the archive does not end as it was written")
                }
                return entries
            }
            let name = String(decoding: block[..<100].prefix { $0 != 0 }, as: UTF8.self)
            guard name.utf8.count < 100, let bytes = number(block[124..<136]),
                let time = number(block[136..<148]),
                block == header(name: name, bytes: bytes, modifiedAtSeconds: time)
            else { throw corrupt("no file of a backup begins here") }
            let start = offset + UInt64(blockBytes)
            guard bytes <= size, start + bytes <= size else {
                throw corrupt("the archive ends inside \(name)")
            }
            entries.append(Entry(name: name, range: start..<start + bytes))
            let gap = padding(after: bytes)
            guard try file.read(gap, at: start + bytes) == [UInt8](repeating: 0, count: gap) else {
                throw corrupt("there is something behind \(name)")
            }
            offset = start + bytes + UInt64(gap)
        }
    }

    private static func number(_ field: ArraySlice<UInt8>) -> UInt64? {
        if field.first == 0x80 {
            return field.dropFirst(field.count - 8).reduce(0) { $0 << 8 | UInt64($1) }
        }
        let digits = field.prefix { (0x30...0x37).contains($0) }
        return digits.isEmpty ? nil : digits.reduce(0) { $0 << 3 | UInt64($1 - 0x30) }
    }
}
