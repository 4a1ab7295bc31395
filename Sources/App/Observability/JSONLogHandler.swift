package import Actors
package import Logging

/// swift-log's records as JSON lines, through the same sink as the access log. Metadata become
/// members behind the message; a nested value is written as swift-log describes it.
package struct JSONLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]

    private let label: String
    private let sink: LogSink
    private let clock: any WallClock

    package init(label: String, level: Logger.Level, sink: LogSink, clock: any WallClock) {
        self.label = label
        logLevel = level
        self.sink = sink
        self.clock = clock
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = LogLine(at: clock.now(), kind: "log")
        line.member("level", event.level.rawValue)
        line.member("logger", label)
        line.member("message", JSONLogHandler.clipped("\(event.message)"))
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            line.member(key, JSONLogHandler.clipped("\(value)"))
        }
        if let error = event.error { line.member("error", JSONLogHandler.clipped("\(error)")) }
        sink.append(line.finished)
        // Whatever follows a critical record may be the end of the process.
        if event.level == .critical { sink.flush() }
    }

    /// A value that somebody else chose must not fill the disk.
    private static let valueBytesMax = 4096

    private static func clipped(_ text: String) -> String {
        guard text.utf8.count > valueBytesMax else { return text }
        return String(decoding: text.utf8.prefix(valueBytesMax), as: UTF8.self) + "…"
    }
}
