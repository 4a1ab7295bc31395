import Foundation
import Persistence

/// Appends to a log on the real disk from 1, 16, 64 and 256 writers at once, each of which waits
/// until its own record is durable, and prints how many became so a second.
@main
struct LogAppends {
    private static let secondsPerRound = 3.0
    private static let recordBytes = 256

    static func main() async throws {
        let place = FileManager.default.temporaryDirectory
            .appending(path: "countersign-bench-\(ProcessInfo.processInfo.processIdentifier)")
        defer { try? FileManager.default.removeItem(at: place) }
        let directory = try DataDirectory.open(
            place.path, in: POSIXFileSystem(), segmentBytes: 64 << 20,
            id: DirectoryID(high: 1, low: 1), newMetadata: { [] })
        let log = try FileLog.open(directory, segmentBytes: 64 << 20) { error in
            fatalError("\(error)")
        }
        print("| writers | durable appends/s | ratio to one writer |\n|---:|---:|---:|")
        var single = 0.0
        for writers in [1, 16, 64, 256] {
            let rate = try await round(log, writers: writers)
            if writers == 1 { single = rate }
            print("| \(writers) | \(Int(rate)) | \(String(format: "%.1f", rate / single)) |")
        }
        await log.close()
        directory.close()
    }

    private static func round(_ log: FileLog, writers: Int) async throws -> Double {
        let clock = ContinuousClock()
        let began = clock.now
        let end = began.advanced(by: .seconds(secondsPerRound))
        let total = try await withThrowingTaskGroup(of: Int.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    let shard = ShardID(UInt16(writer % log.shardCount))
                    var count = 0
                    while clock.now < end {
                        do {
                            let position = try log.append([Filler()], to: shard)
                            await log.durable(through: position)
                            count += 1
                        } catch AppendError.overloaded {
                            // The next segment is still being prepared.
                            try await Task.sleep(for: .milliseconds(1))
                        }
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        return Double(total) / ((clock.now - began) / .seconds(1))
    }

    private struct Filler: LogRecord {
        let kind: UInt16 = 60_000
        let version: UInt8 = 1
        init() {}
        init(kind: UInt16, version: UInt8, from reader: inout ByteReader) throws(DecodingFault) {
            _ = try reader.readBytes()
        }
        func encode(into writer: inout ByteWriter) {
            writer.write([UInt8](repeating: 0x5a, count: LogAppends.recordBytes))
        }
    }
}
