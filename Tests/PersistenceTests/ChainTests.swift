import TestSupport
import Testing

@testable import Persistence

/// Frames that are whole by themselves and are not what the log wrote next.
@Suite("The chain")
struct ChainTests {
    private static let section = PendingSection(
        shard: 1, recordCount: 1, lastRecord: 1, bytes: RecordBatch([TestRecord("x")]).bytes)

    /// A log of one frame.
    private static func tail() -> LogTail {
        var tail = LogTail(shardCount: 4)
        _ = tail.encode(.batch, [section], wallMilliseconds: 1)
        return tail
    }

    @Test("the frame that comes next is taken")
    func next() throws {
        var writer = Self.tail()
        try Self.read(writer.encode(.batch, [Self.section], wallMilliseconds: 2))
    }

    private static func read(_ bytes: [UInt8]) throws(ChainBreak) {
        var reader = tail()
        guard case .valid(let frame) = FrameReader.read(bytes, at: 0) else {
            throw ChainBreak("not valid by itself")
        }
        try reader.advance(past: frame, in: bytes)
    }

    enum Break: CaseIterable {
        case number, digest, sectionNumber, sectionRecord, sectionDigest
    }

    @Test("one that differs in a single link is refused", arguments: Break.allCases)
    func broken(link: Break) throws {
        var writer = Self.tail()
        switch link {
        case .number: writer.frame += 1
        case .digest: writer.digest = .zero
        case .sectionNumber: writer.streams[1].section += 1
        case .sectionRecord: writer.streams[1].record += 1
        case .sectionDigest: writer.streams[1].digest = .zero
        }
        let bytes = writer.encode(.batch, [Self.section], wallMilliseconds: 2)
        do throws(ChainBreak) {
            try Self.read(bytes)
            Issue.record("\(link) was not noticed")
        } catch {
            #expect(error.reason != "not valid by itself")
        }
    }
}
