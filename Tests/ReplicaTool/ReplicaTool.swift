import FoundationEssentials
import NATS
import NIOCore
import NIOPosix
import Persistence
import Replication
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A server that has nothing but the log of a cluster, for the tests with real NATS servers: it
/// reads commands, one a line, and says what happens, one line each.
@main
struct ReplicaTool {
    static func main() async {
        let options = Options(CommandLine.arguments.dropFirst())
        do {
            let client = try makeClient(options)
            try await client.connected(withinMilliseconds: 10_000)
            say("connected \(client.serverInfo?.version ?? "")")
            let jetStream = JetStream(client)
            if options["only"] == "client" { return await clientCommands(jetStream) }
            try await serve(jetStream, options)
        } catch {
            say("error \(error)")
            exit(1)
        }
    }

    static let say: @Sendable (String) -> Void = { line in
        let bytes = Array((line.replacing("\n", with: " ") + "\n").utf8)
        // Safe: the buffer lives for the call. Whoever reads these lines has gone when it fails.
        _ = unsafe bytes.withUnsafeBytes { unsafe write(1, $0.baseAddress, $0.count) }
    }

    private static func makeClient(_ options: Options) throws -> NATSClient {
        let servers = options["servers", default: "127.0.0.1:4222"].split(separator: ",")
            .compactMap { ServerAddress(String($0)) }
        var terms = Session.Terms(name: options["name", default: "tool"])
        terms.credentials = try options.credentials()
        let tls = try options["tls"].map { try ClientConfiguration.tls(authorities: $0) }
        let client = NATSClient(
            ClientConfiguration(servers: servers, terms: terms, tls: tls),
            on: MultiThreadedEventLoopGroup.singleton.next()
        ) { say("client \($0)") }
        client.start()
        return client
    }

    private static func serve(_ jetStream: JetStream, _ options: Options) async throws {
        let cluster = DirectoryID(high: 0xc0, low: UInt64(options["cluster", default: "1"]) ?? 1)
        var settings = ReplicatedLogSettings(
            cluster: cluster, shardCount: Int(options["shards", default: "1"]) ?? 1,
            address: options["name", default: "tool"])
        settings.replicas = Int(options["replicas", default: "3"]) ?? 3
        settings.notice = { say("notice \($0)") }
        let log = try await JetStreamLog.open(jetStream, settings: settings) { shard in
            say("fatal \(shard)")
            exit(3)
        }
        let models = (0..<log.shardCount).map {
            ShardModel(ShardID(UInt16($0)), log: log, say: say)
        }
        for model in models { Task { await model.follow() } }
        if let rank = options["rank"].flatMap({ Int($0) }) {
            for model in models { log.setCandidate(model.shard, rank: rank) }
        }
        let peers = options["peers"].map { secret in
            Peers(
                log, jetStream.client, name: settings.address, secret: secret,
                settledMilliseconds: UInt64(options["settled", default: "5000"]) ?? 5000)
        }
        peers?.start()
        say("open")
        let commands = Commands(log: log, models: models, jetStream: jetStream, peers: peers)
        for await line in Lines.stream() where await !commands.perform(line) { break }
        peers?.leave()
        await log.close()
        say("closed")
    }

    /// `publish SUBJECT TEXT`, `echo SUBJECT`: what shows that a connection works.
    private static func clientCommands(_ jetStream: JetStream) async {
        for await line in Lines.stream() {
            let words = line.split(separator: " ").map(String.init)
            switch words.first {
            case "echo":
                let client = jetStream.client
                _ = client.subscribe(to: words[1]) { message in
                    guard let reply = message.reply else { return }
                    try? client.publish(Publication(reply, payload: message.payload))
                }
                say("listening")
            case "ask":
                let question = Publication(words[1], payload: Array(words[2].utf8))
                do throws(NATSError) {
                    let answer = try await jetStream.client.request(
                        question, timeoutMilliseconds: 2000)
                    say("answer \(String(decoding: answer.payload, as: UTF8.self))")
                } catch {
                    say("no answer \(error)")
                }
            default: return
            }
        }
    }
}

/// `--name value` pairs.
struct Options {
    private var values: [String: String] = [:]

    init(_ arguments: some Sequence<String>) {
        var name: String?
        for argument in arguments {
            if argument.hasPrefix("--") {
                name = String(argument.dropFirst(2))
            } else if let known = name {
                values[known] = argument
                name = nil
            }
        }
    }

    subscript(name: String) -> String? { values[name] }
    subscript(name: String, default other: String) -> String { values[name] ?? other }

    func credentials() throws -> Credentials {
        if let file = self["creds"] {
            return try .file(String(contentsOfFile: file, encoding: .utf8))
        }
        if let seed = self["seed"] { return .key(try NKey(seed: seed)) }
        if let token = self["token"] { return .token(token) }
        if let user = self["user"] {
            return .user(name: user, password: self["password", default: ""])
        }
        return .none
    }
}

enum Lines {
    /// The lines of the standard input, read by a thread of their own.
    static func stream() -> AsyncStream<String> {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        NIOThreadPool.singleton.submit { _ in
            while let line = readLine() { continuation.yield(line) }
            continuation.finish()
        }
        return stream
    }
}
