import Dispatch
import Foundation
import Synchronization

/// Where log lines go: appended under a lock, written by a background queue a moment later, so that
/// no request ever waits for the reader of the log.
///
/// The buffer is bounded. When its reader is too slow, lines are dropped and counted, and the next
/// line that fits says how many are missing.
package final class LogSink: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var isFlushScheduled = false
        var droppedLines = 0
    }

    /// A second of access lines at 20,000 requests a second.
    private static let pendingBytesMax = 4 << 20
    /// Long enough to write many lines at once, short enough for somebody who follows the log.
    private static let flushDelayMilliseconds = 50

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "countersign.log", qos: .utility)
    private let output: @Sendable ([UInt8]) -> Void

    package init(output: @escaping @Sendable ([UInt8]) -> Void) { self.output = output }

    package static func standardError() -> LogSink {
        LogSink { bytes in FileHandle.standardError.write(Data(bytes)) }
    }

    /// - Parameter line: with its line break.
    package func append(_ line: [UInt8]) {
        let mustSchedule = state.withLock { state in
            guard state.pending.count + line.count <= LogSink.pendingBytesMax else {
                state.droppedLines += 1
                return false
            }
            state.pending += line
            defer { state.isFlushScheduled = true }
            return !state.isFlushScheduled
        }
        guard mustSchedule else { return }
        let delay = DispatchTimeInterval.milliseconds(LogSink.flushDelayMilliseconds)
        queue.asyncAfter(deadline: .now() + delay) { [self] in writePending() }
    }

    /// Returns when everything appended before has been written: before the process ends.
    package func flush() {
        queue.sync { writePending() }
    }

    private func writePending() {
        let (bytes, dropped) = state.withLock { state in
            defer {
                state.pending.removeAll(keepingCapacity: true)
                state.isFlushScheduled = false
                state.droppedLines = 0
            }
            return (state.pending, state.droppedLines)
        }
        if !bytes.isEmpty { output(bytes) }
        if dropped > 0 {
            output(
                Array("{\"level\":\"warning\",\"message\":\"\(dropped) log lines dropped\"}\n".utf8)
            )
        }
    }
}
