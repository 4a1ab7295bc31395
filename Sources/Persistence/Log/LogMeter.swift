/// What the log's commits were like since the start.
package final class LogMeter: Sendable {
    /// Microseconds from the first byte of a commit on its way to the disk to the end of its sync:
    /// from a fast NVMe to a disk that hangs.
    package let commitMicroseconds = Histogram(bounds: LogMeter.microseconds)
    /// How many records one sync made durable.
    package let recordsPerCommit = Histogram(bounds: LogMeter.records)
    /// Their encoded size.
    package let bytesPerCommit = Histogram(bounds: LogMeter.bytes)

    private static let microseconds: [Int64] = [
        100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000,
    ]
    private static let records: [Int64] = [
        1, 2, 4, 8, 16, 32, 64, 128, 256, 1_024, 4_096, 16_384,
    ]
    private static let bytes: [Int64] = [
        256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216,
    ]

    package init() {}

    func committed(records: Int, bytes: Int, took: Duration) {
        let (seconds, attoseconds) = took.components
        commitMicroseconds.add(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
        recordsPerCommit.add(Int64(records))
        bytesPerCommit.add(Int64(bytes))
    }
}
