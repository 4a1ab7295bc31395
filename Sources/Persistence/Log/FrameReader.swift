/// A frame that was read and checked by itself; whether it continues the log is `LogTail.advance`'s
/// question.
struct ReadFrame: Sendable {
    let kind: Frame.Kind
    let number: UInt64
    let wallMilliseconds: UInt64
    let previous: ChainDigest
    let sectionCount: Int
    let range: Range<Int>
}

/// What the bytes at one place of a segment are.
enum FrameVerdict {
    case valid(ReadFrame)
    /// Not a frame. When the header's own checksum holds, its length can be believed.
    case invalid(reason: String, trustedLength: Int?)
    case futureVersion(UInt16)
}

enum FrameReader {
    /// Checks the frame at `offset` of a segment's bytes.
    static func read(_ bytes: [UInt8], at offset: Int) -> FrameVerdict {
        guard offset + Frame.headerBytes <= bytes.count else {
            return .invalid(reason: "the segment ends inside a frame's header", trustedLength: nil)
        }
        do throws(DecodingFault) {
            return try readHeader(bytes, at: offset)
        } catch {
            return .invalid(reason: "\(error)", trustedLength: nil)
        }
    }

    private static func readHeader(
        _ bytes: [UInt8], at offset: Int
    ) throws(DecodingFault) -> FrameVerdict {
        var reader = ByteReader(bytes, in: offset..<offset + Frame.headerBytes)
        guard try reader.read(UInt32.self) == Frame.magic else {
            return .invalid(reason: "no frame begins here", trustedLength: nil)
        }
        let headerChecksum = try reader.read(UInt32.self)
        let bodyChecksum = try reader.read(UInt32.self)
        let length = Int(try reader.read(UInt32.self))
        let kindByte = try reader.read(UInt8.self)
        let version = try reader.read(UInt8.self)
        let sectionCount = Int(try reader.read(UInt16.self))
        _ = try reader.read(UInt32.self)
        let number = try reader.read(UInt64.self)
        let wallMilliseconds = try reader.read(UInt64.self)
        let previous = try ChainDigest(from: &reader)
        guard CRC32C.of(bytes, in: offset + 8..<offset + Frame.headerBytes) == headerChecksum else {
            return .invalid(reason: "a frame's header fails its checksum", trustedLength: nil)
        }
        guard version <= Frame.version else { return .futureVersion(UInt16(version)) }
        guard let kind = Frame.Kind(rawValue: kindByte), length >= Frame.emptyBytes,
            length.isMultiple(of: Frame.alignment)
        else {
            return .invalid(reason: "a frame's header makes no sense", trustedLength: nil)
        }
        guard offset + length <= bytes.count else {
            return .invalid(reason: "the segment ends inside a frame", trustedLength: length)
        }
        let range = offset..<offset + length
        guard CRC32C.of(bytes, in: offset + Frame.headerBytes..<range.upperBound) == bodyChecksum
        else { return .invalid(reason: "a frame fails its checksum", trustedLength: length) }
        return .valid(
            ReadFrame(
                kind: kind, number: number, wallMilliseconds: wallMilliseconds,
                previous: previous, sectionCount: sectionCount, range: range))
    }

    /// The sections of a frame whose checksum holds.
    static func sections(
        of frame: ReadFrame, in bytes: [UInt8]
    ) throws(ChainBreak) -> [ReadSection] {
        var sections: [ReadSection] = []
        var offset = frame.range.lowerBound + Frame.headerBytes
        let end = frame.range.upperBound - Frame.trailerBytes
        for _ in 0..<frame.sectionCount {
            guard offset + Frame.sectionHeaderBytes <= end,
                let section = try? ReadSection(bytes, at: offset), section.range.upperBound <= end
            else {
                throw ChainBreak("a section does not fit into frame \(frame.number)")
            }
            sections.append(section)
            offset = section.range.upperBound
        }
        guard offset == end else {
            throw ChainBreak("frame \(frame.number) has bytes outside its sections")
        }
        return sections
    }
}

/// A section with its header, as it lies in a segment.
struct ReadSection: Sendable {
    let shard: Int
    let recordCount: Int
    let section: UInt64
    let firstRecord: UInt64
    let previous: ChainDigest
    /// The records.
    let content: Range<Int>
    /// Header, records and padding.
    let range: Range<Int>

    init(_ bytes: [UInt8], at offset: Int) throws(DecodingFault) {
        var reader = ByteReader(bytes, in: offset..<offset + Frame.sectionHeaderBytes)
        shard = Int(try reader.read(UInt16.self))
        _ = try reader.read(UInt16.self)
        recordCount = Int(try reader.read(UInt32.self))
        let length = Int(try reader.read(UInt32.self))
        _ = try reader.read(UInt32.self)
        section = try reader.read(UInt64.self)
        firstRecord = try reader.read(UInt64.self)
        previous = try ChainDigest(from: &reader)
        let start = offset + Frame.sectionHeaderBytes
        content = start..<start + length
        range = offset..<start + Frame.padded(length)
    }

    func logged(in bytes: [UInt8], wallMilliseconds: UInt64) -> LoggedSection {
        LoggedSection(
            shard: ShardID(UInt16(shard)), firstRecord: firstRecord, recordCount: recordCount,
            writtenAtMilliseconds: wallMilliseconds, reader: ByteReader(bytes, in: content))
    }
}

extension LogTail {
    /// Moves the tail past a frame when it continues the log exactly.
    mutating func advance(past frame: ReadFrame, in bytes: [UInt8]) throws(ChainBreak) {
        guard frame.number == self.frame + 1 else {
            throw ChainBreak("frame \(frame.number) follows frame \(self.frame)")
        }
        guard frame.previous == digest else {
            throw ChainBreak("frame \(frame.number) does not continue the frame before it")
        }
        for section in try FrameReader.sections(of: frame, in: bytes) {
            try advance(past: section, in: bytes)
        }
        self.frame = frame.number
        digest = digest.extended(by: bytes, in: frame.range)
    }

    private mutating func advance(
        past section: ReadSection, in bytes: [UInt8]
    ) throws(ChainBreak) {
        guard streams.indices.contains(section.shard) else {
            throw ChainBreak("a section of shard \(section.shard), which does not exist")
        }
        streams[section.shard] = try streams[section.shard].continued(by: section, in: bytes)
    }
}

extension StreamTail {
    fileprivate func continued(
        by section: ReadSection, in bytes: [UInt8]
    ) throws(ChainBreak) -> StreamTail {
        let stream = self
        guard section.section == stream.section + 1, section.firstRecord == stream.record + 1,
            section.previous == stream.digest
        else {
            throw ChainBreak("a section of shard \(section.shard) does not continue its stream")
        }
        return StreamTail(
            record: stream.record + UInt64(section.recordCount), section: stream.section + 1,
            digest: stream.digest.extended(by: bytes, in: section.range))
    }

    /// Moves the tail past the one section that fills `range`, when it is the shard's and
    /// continues its stream exactly.
    package mutating func advance(
        past bytes: [UInt8], in range: Range<Int>, of shard: ShardID, writtenAtMilliseconds: UInt64
    ) throws(ChainBreak) -> LoggedSection {
        guard range.count >= Frame.sectionHeaderBytes,
            let section = try? ReadSection(bytes, at: range.lowerBound), section.range == range,
            section.shard == Int(shard.rawValue)
        else { throw ChainBreak("no section of shard \(shard) fills the message") }
        self = try continued(by: section, in: bytes)
        return section.logged(in: bytes, wallMilliseconds: writtenAtMilliseconds)
    }
}

/// Why a frame that is whole by itself can't be what the log wrote next.
package struct ChainBreak: Error, Equatable {
    package let reason: String
    package init(_ reason: String) { self.reason = reason }
}
