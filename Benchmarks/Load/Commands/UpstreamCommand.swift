import ArgumentParser
import LoadCore
import NIOCore

/// The tool's own provider as a process of its own, so that its cost is not the generator's.
struct UpstreamCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upstream",
        abstract: "Runs a provider for the gateway's scenarios on loopback, until Ctrl-C.")

    @Option(help: "The port; 0 picks a free one.")
    var port = 0
    @Option(help: "Events of a stream before the last.")
    var streamEvents = 20
    @Option(help: "Milliseconds between them.")
    var streamGap = 10.0

    private static let watchGap = Duration.milliseconds(100)

    mutating func validate() throws {
        try require(0...65_535, port, "--port")
        try require(1...10_000, streamEvents, "--stream-events")
        try require(0...60_000, streamGap, "--stream-gap")
    }

    func run() async throws {
        let interrupt = Interrupt.watch()
        let upstream = try await Upstream.start(
            port: port, stream: .init(events: streamEvents, gapMilliseconds: streamGap))
        Output.say("listening on \(upstream.url)")
        while !interrupt.isSet { try await Task.sleep(for: Self.watchGap) }
        try await upstream.stop()
    }
}

extension Upstream.Stream {
    init(events: Int, gapMilliseconds: Double) {
        self.init(events: events, gap: .nanoseconds(Int64(gapMilliseconds * 1e6)))
    }
}
