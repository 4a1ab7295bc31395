/// Whole frames that follow each other without a hole, each proven by the digest of the one before.
package struct FrameRun: Sendable {
    /// Where the log stood before the first of them.
    private(set) var start: LogTail
    /// Where it stands after the last.
    private(set) var tail: LogTail
    /// The shards whose place in the log is known: all of them behind a segment's header, otherwise
    /// those that a frame of the run has shown.
    private(set) var isKnown: [Bool]
    /// Where the log stood after each frame that somebody asked for.
    private(set) var marks: [UInt64: LogTail] = [:]
    package private(set) var records = 0
    package private(set) var recordsByKind: [UInt16: Int] = [:]
    /// Unix milliseconds, by the clock of the machine that wrote them; nil without a frame.
    package private(set) var writtenAt: ClosedRange<UInt64>?

    package var firstFrame: UInt64 { start.frame + 1 }
    package var lastFrame: UInt64 { tail.frame }
    package var frames: UInt64 { tail.frame - start.frame }

    /// Goes on behind the header of a segment.
    init(after header: LogTail, marksWanted: Set<UInt64>) {
        start = header
        tail = header
        isKnown = Array(repeating: true, count: header.streams.count)
        mark(marksWanted)
    }

    /// Begins with a frame whose predecessor is not whole.
    init(at frame: ReadFrame, shardCount: Int, marksWanted: Set<UInt64>) {
        start = LogTail(shardCount: shardCount)
        start.frame = frame.number - 1
        start.digest = frame.previous
        tail = start
        isKnown = Array(repeating: false, count: shardCount)
        mark(marksWanted)
    }

    /// Takes the next frame; throws, and stays as it was, when it does not continue the run.
    mutating func take(
        _ frame: ReadFrame, in bytes: [UInt8], marksWanted: Set<UInt64>
    ) throws(ChainBreak) {
        var next = self
        var kinds: [UInt16: Int] = [:]
        for section in try FrameReader.sections(of: frame, in: bytes) {
            next.learn(section)
            var reader = ByteReader(bytes, in: section.content)
            while !reader.isAtEnd, let stored = try? RecordBatch.next(from: &reader) {
                kinds[stored.kind, default: 0] += 1
            }
        }
        try next.tail.advance(past: frame, in: bytes)
        next.recordsByKind.merge(kinds) { $0 + $1 }
        next.records += kinds.values.reduce(0, +)
        let time = frame.wallMilliseconds
        let known = writtenAt ?? time...time
        // Somebody may have set the clock back.
        next.writtenAt = min(known.lowerBound, time)...max(known.upperBound, time)
        next.mark(marksWanted)
        self = next
    }

    /// The first section of a shard says where its stream stood.
    private mutating func learn(_ section: ReadSection) {
        guard isKnown.indices.contains(section.shard), !isKnown[section.shard],
            section.firstRecord > 0, section.section > 0
        else { return }
        let stream = StreamTail(
            record: section.firstRecord - 1, section: section.section - 1,
            digest: section.previous)
        isKnown[section.shard] = true
        start.streams[section.shard] = stream
        tail.streams[section.shard] = stream
    }

    private mutating func mark(_ wanted: Set<UInt64>) {
        if wanted.contains(tail.frame) { marks[tail.frame] = tail }
    }
}
