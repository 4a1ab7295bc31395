import ArgumentParser
import LoadCore

/// Where the load goes to.
struct TargetOptions: ParsableArguments {
    @Option(help: "The server; for the scenario `url` the whole URL.")
    var target = "http://127.0.0.1:8080"
    @Option(
        help: ArgumentHelp(
            "Starts this server in a temporary data directory, and ends it.",
            valueName: "binary"))
    var server: String?
    @Option(
        name: .customLong("server-env"),
        help: ArgumentHelp("A setting of that server.", valueName: "NAME=VALUE"))
    var serverEnvironment: [String] = []
    @Option(help: "The process of a server that is not started here, to tell what it cost.")
    var serverPid: Int32?
    @Option(help: "The session of an admin, to mint tokens; not needed on an empty server.")
    var adminToken: String?
    @Option(help: "A service token with the scopes that the scenario needs; none is minted then.")
    var token: String?
    @Flag(help: "Allows a target that is not this machine. Only for servers that are yours.")
    var allowRemote = false

    mutating func validate() throws {
        guard serverEnvironment.allSatisfy({ $0.contains("=") }) else {
            throw ValidationError("--server-env takes NAME=VALUE.")
        }
    }
}

/// How much load, and for how long.
struct ShapeOptions: ParsableArguments {
    @Option(name: [.short, .long], help: "Connections.")
    var connections = 64
    @Option(name: [.short, .long], help: "Threads, each with an event loop of its own.")
    var threads = 1
    @Option(help: "Local addresses (127.0.0.1 and up) that connections come from.")
    var sources = 1
    @Option(name: [.short, .long], help: "Measured seconds.")
    var duration = 10.0
    @Option(help: "Seconds of load before that, which are not measured.")
    var warmup = 2.0
    @Option(help: "Seconds after which an answer counts as not coming.")
    var timeout = 10.0
    @Option(help: "Seconds after the end in which answers are still waited for.")
    var drain = 2.0
    @Option(help: "Open loop: equal gaps (constant) or those of independent callers (poisson).")
    var arrivals = ArrivalSchedule.Arrivals.constant
    @Option(help: "For the gaps of poisson.")
    var seed: UInt64 = 1
    @Flag(help: "Closed loop: a connection waits as long as a Retry-After says.")
    var honourRetryAfter = false

    /// Two events loops for each core of a large machine.
    private static let threadsMax = 256
    /// What a machine has of local ports for one source address, about twice.
    private static let connectionsMax = 50_000
    /// 127.0.0.1 to 127.0.239.250.
    private static let sourcesMax = 60_000
    /// A day of load is a soak test, which this is not: it keeps each second.
    private static let secondsMax = 7200.0
    /// Below the longest latency that the histograms hold.
    private static let timeoutSecondsMax = 300.0

    mutating func validate() throws {
        try require(1...Self.connectionsMax, connections, "--connections")
        try require(1...min(connections, Self.threadsMax), threads, "--threads")
        try require(1...Self.sourcesMax, sources, "--sources")
        try require(0.1...Self.secondsMax, duration, "--duration")
        try require(0...Self.secondsMax, warmup, "--warmup")
        try require(0.01...Self.timeoutSecondsMax, timeout, "--timeout")
        try require(0...Self.timeoutSecondsMax, drain, "--drain")
    }
}

/// Throws what the argument parser tells the user when the value is not within the limits.
func require<Value: Comparable>(
    _ limits: ClosedRange<Value>, _ value: Value, _ name: String
) throws {
    guard limits.contains(value) else {
        throw ValidationError(
            "\(name) is \(value); from \(limits.lowerBound) to \(limits.upperBound) is allowed.")
    }
}

/// What single scenarios can be told.
struct ScenarioOptions: ParsableArguments {
    @Option(help: "Accounts to make for session, logins and logins-2fa (default 8; 64 with 2fa).")
    var accounts: Int?
    @Option(help: "ingest: events a request.")
    var batch = 1000
    @Flag(help: "ingest: lines of JSON instead of an array.")
    var ndjson = false
    @Option(
        help: ArgumentHelp(
            "mixed: scenarios and their weights.", valueName: "name=weight,…"))
    var mix = "session=80,events=15,gateway=5"
    @Option(help: "gateway, streams: what is called, as {integration}/{path}.")
    var call: String?
    @Option(
        help: "gateway, streams: the provider for --server, instead of one within this process.")
    var upstream: String?
    @Option(help: "gateway, streams without --server: runs a provider on this port.")
    var listenUpstream: Int?
    @Option(help: "streams: events that the tool's own provider sends before the last.")
    var streamEvents = 20
    @Option(help: "streams: milliseconds between them.")
    var streamGap = 10.0
    @Option(help: "url: the method.")
    var method = "GET"
    @Option(
        name: [.customShort("H"), .long],
        help: ArgumentHelp("url: a header.", valueName: "name: value"))
    var header: [String] = []
    @Option(help: "url: the body, or @FILE.")
    var body: String?
    @Option(help: "url: the status that counts as success.")
    var expectStatus = 200
    @Option(help: "url, gateway: what the body has to contain.")
    var expectBody: String?

    /// An account costs the server a password hash.
    private static let accountsMax = 100_000
    /// The server takes 8 MiB a request, and an event is some 140 bytes.
    private static let batchMax = 50_000

    mutating func validate() throws {
        try require(1...Self.accountsMax, accounts ?? 1, "--accounts")
        try require(1...Self.batchMax, batch, "--batch")
        try require(1...10_000, streamEvents, "--stream-events")
        try require(0...60_000, streamGap, "--stream-gap")
        try require(100...599, expectStatus, "--expect-status")
        try require(0...65_535, listenUpstream ?? 0, "--listen-upstream")
        guard header.allSatisfy({ $0.contains(":") }) else {
            throw ValidationError("--header takes 'name: value'.")
        }
        guard call.map({ CallPath($0) != nil }) ?? true else {
            throw ValidationError("--call takes INTEGRATION/PATH.")
        }
    }
}

/// Where the results go to.
struct OutputOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Writes the results as JSON.", valueName: "file"))
    var json: String?
    @Option(help: ArgumentHelp("Writes a report to look at.", valueName: "file"))
    var html: String?
    @Option(help: "The title of the report.")
    var title: String?
    @Flag(
        name: [.short, .long], help: "No progress on standard error, no table on standard output.")
    var quiet = false
}

extension ArrivalSchedule.Arrivals: ExpressibleByArgument {}
