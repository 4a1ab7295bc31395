/// The rule that tells a torn write from rot (docs/formats/log.md, "Torn or rotten").
///
/// Segments are zeroed before use and never recycled, and a disk writes 512-byte sectors whole. So
/// what an interrupted write leaves has at least one sector that is still all zero where the frame
/// should be, or the file ends there. Damage that leaves neither happened to bytes that had been
/// written: rot.
enum TornTail {
    static let sectorBytes = 512

    /// Whether the invalid frame at `offset` can be an interrupted write.
    ///
    /// - Parameters:
    ///   - contentEnd: behind the last byte that is not zero.
    ///   - trustedLength: the frame's length when its header is intact; without it only the header
    ///     itself is judged.
    static func isTorn(
        _ bytes: [UInt8], at offset: Int, contentEnd: Int, trustedLength: Int?
    ) -> Bool {
        // What lies behind a frame was written after it was durable.
        if let trustedLength, contentEnd > offset + trustedLength { return false }
        let end = offset + (trustedLength ?? Frame.headerBytes)
        if end > bytes.count { return true }
        var start = offset
        while start < end {
            let sectorEnd = min((start / sectorBytes + 1) * sectorBytes, end)
            if ByteScan.isZero(bytes, in: start..<sectorEnd) { return true }
            start = sectorEnd
        }
        return false
    }

    /// The place of a whole frame of the same log after an invalid one: the proof of rot.
    static func laterFrame(_ bytes: [UInt8], after offset: Int, newerThan frame: UInt64) -> Int? {
        let end = ByteScan.endOfContent(bytes, in: offset..<bytes.count)
        var place = (offset / Frame.alignment + 1) * Frame.alignment
        while place + Frame.emptyBytes <= end {
            if case .valid(let found) = FrameReader.read(bytes, at: place), found.number > frame {
                return place
            }
            place += Frame.alignment
        }
        return nil
    }
}
