/// A log without threads: what its two threads would do, as steps that somebody else takes. For a
/// simulation, where one thread does everything in an order that a seed decides.
package final class LogSteps {
    package let log: FileLog
    private let writer: LogWriter
    private var keeper: SpareKeeper

    /// As `FileLog.open`, with segments of any size that one append fits into.
    package init(_ directory: DataDirectory, segmentBytes: Int) throws(StorageError) {
        var recovery = try LogRecovery(directory)
        try recovery.repair(segmentBytes: segmentBytes)
        let parts = try FileLog.Parts(recovery, segmentBytes: segmentBytes, sealMilliseconds: 0)
        log = FileLog(recovery, parts, threads: [])
        writer = parts.writer
        keeper = parts.keeper
    }

    /// Where the next frame goes, in the newest segment.
    package var writeOffset: UInt64 { writer.offset }
    /// The first frame of the newest segment.
    package var newestSegment: UInt64 { log.state.withLock { $0.segments.last ?? 0 } }
    package var owesSeal: Bool { writer.owesSeal }
    package var wantsSpare: Bool { log.state.withLock { $0.makerOrder == .make } }

    package enum Outcome: Sendable {
        /// There was nothing to do.
        case idle
        case wrote
        /// The log is closed and everything is written.
        case stopped
    }

    /// - Throws: what ends the process.
    package func write() throws(StorageError) -> Outcome {
        guard let work = writer.workAtOnce() else { return .idle }
        return try writer.perform(work) ? .wrote : .stopped
    }

    /// What the writer does when nothing has come for a while.
    package func seal() throws(StorageError) { _ = try writer.perform(.mark(.seal)) }

    /// False when there is no room.
    package func makeSpare() -> Bool { keeper.makeOne() }
}
