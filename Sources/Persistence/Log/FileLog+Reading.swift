extension FileLog {
    /// Everything was checked when the log was opened, and what was written since was written by
    /// us; so the checksums are looked at again, the chain is not.
    package func read(
        from records: [ShardID: UInt64], _ body: (LoggedSection) throws -> Void
    ) throws {
        let (segments, end) = state.withLock { ($0.segments, $0.tail.frame) }
        for (index, segment) in segments.enumerated() {
            // A segment whose successor begins at or before the wanted records has nothing to add.
            if index + 1 < segments.count,
                try everything(before: segments[index + 1], isIn: records)
            {
                continue
            }
            try read(segment: segment, upTo: end, after: records, body)
        }
    }

    private func everything(
        before segment: UInt64, isIn records: [ShardID: UInt64]
    ) throws(StorageError) -> Bool {
        let path = directory.file(FileName.segment(firstFrame: segment).text)
        let bytes = try directory.fileSystem.open(path, .reading).read(SegmentHeader.bytes, at: 0)
        let header = try SegmentHeader(bytes, file: path)
        return header.tail.streams.enumerated().allSatisfy { shard, stream in
            stream.record <= records[ShardID(UInt16(shard)), default: 0]
        }
    }

    private func read(
        segment: UInt64, upTo end: UInt64, after records: [ShardID: UInt64],
        _ body: (LoggedSection) throws -> Void
    ) throws {
        let path = directory.file(FileName.segment(firstFrame: segment).text)
        let bytes = try directory.fileSystem.open(path, .reading).readAll()
        var offset = SegmentHeader.bytes
        while case .valid(let frame) = FrameReader.read(bytes, at: offset), frame.number <= end {
            let sections: [ReadSection]
            do throws(ChainBreak) {
                sections = try FrameReader.sections(of: frame, in: bytes)
            } catch {
                throw StorageError.corrupt(
                    file: path, offset: UInt64(offset), reason: error.reason)
            }
            for section in sections {
                let last = section.firstRecord + UInt64(section.recordCount) - 1
                guard last > records[ShardID(UInt16(section.shard)), default: 0] else { continue }
                try body(section.logged(in: bytes, wallMilliseconds: frame.wallMilliseconds))
            }
            offset = frame.range.upperBound
        }
    }
}
