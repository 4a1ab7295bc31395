import Foundation
import LoadCore
import NIOCore

/// What a run needs to stand: the server, the provider behind it, accounts, tokens, scenarios.
struct Rig {
    let scenarios: [any Scenario]
    let weights: [Int]
    let target: Target
    let url: String
    let serverProcess: Int32?
    private let server: ServerProcess?
    private let upstream: Upstream?
    private let sources: [SocketAddress]

    static func prepare(
        _ name: ScenarioName, target options: TargetOptions, shape: ShapeOptions,
        settings: ScenarioOptions, _ progress: Progress
    ) async throws -> Rig {
        let mix = try ScenarioName.mix(name, settings.mix)
        let needsProvider = mix.contains { $0.name == .gateway || $0.name == .streams }
        var upstream: Upstream?
        if needsProvider {
            let stream = Upstream.Stream(
                events: settings.streamEvents, gapMilliseconds: settings.streamGap)
            if let port = settings.listenUpstream {
                upstream = try await Upstream.start(port: port, stream: stream)
            } else if options.server != nil, settings.upstream == nil {
                upstream = try await Upstream.start(port: 0, stream: stream)
            }
        }
        var server: ServerProcess?
        if let binary = options.server {
            server = try start(
                binary, options, provider: settings.upstream ?? upstream?.url,
                connections: shape.connections)
        }
        do {
            let url = server?.url ?? options.target
            let target = try Target(url, allowsRemote: options.allowRemote)
            let sources = try Target.sources(shape.sources)
            let text = RequestText(authority: target.authority)
            let client = SetupClient(text: text, address: target.address, sources: sources)
            let fitter = ScenarioFitter(
                text: text, target: target, options: options, settings: settings,
                ownsUpstream: upstream != nil,
                installation: Installation(client: client, progress: progress))
            let scenarios = try await fitter.scenarios(mix.map(\.name))
            return Rig(
                scenarios: scenarios, weights: mix.map(\.weight), target: target, url: url,
                serverProcess: server?.id ?? options.serverPid, server: server,
                upstream: upstream, sources: sources)
        } catch {
            server?.stop()
            try? await upstream?.stop()
            throw error
        }
    }

    private static func start(
        _ binary: String, _ options: TargetOptions, provider: String?, connections: Int
    ) throws -> ServerProcess {
        var settings: [String: String] = [:]
        if let provider {
            settings["COUNTERSIGN_OPENAI_BASE_URL"] = provider
            settings["OPENAI_API_KEY"] = "sk-load-\(UInt64.random(in: 0 ... .max))"
        }
        for pair in options.serverEnvironment {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            settings[String(parts[0])] = String(parts[1])
        }
        return try ServerProcess(
            binary, settings: settings,
            arguments: provider == nil ? [] : ["--allow-private-upstreams"],
            connections: connections)
    }

    /// A closed loop without an end by count; commands change what they want otherwise.
    func plan(_ shape: ShapeOptions) -> Plan {
        Plan(
            mode: .closed(expectedInterval: 0), connections: shape.connections,
            threads: shape.threads, address: target.address, sources: sources,
            warmup: Clock.span(seconds: shape.warmup),
            duration: Clock.span(seconds: shape.duration),
            operationsMax: .max, timeout: Clock.span(seconds: shape.timeout),
            drain: Clock.span(seconds: shape.drain), honoursRetryAfter: shape.honourRetryAfter,
            weights: weights, seed: shape.seed)
    }

    func stop() async {
        server?.stop()
        try? await upstream?.stop()
    }
}

/// The address that the load goes to.
struct Target {
    let authority: String
    /// With the query, if there is one.
    let path: String
    let address: SocketAddress

    init(_ text: String, allowsRemote: Bool) throws {
        guard let url = URL(string: text), url.scheme == "http", let host = url.host() else {
            throw LoadError.badTarget(text)
        }
        let port = url.port ?? 80
        authority = url.port == nil ? host : "\(host):\(port)"
        let query = url.query(percentEncoded: true).map { "?" + $0 } ?? ""
        let plain = url.path(percentEncoded: true)
        path = (plain.isEmpty ? "/" : plain) + query
        do {
            address = try SocketAddress.makeAddressResolvingHost(host, port: port)
        } catch {
            throw LoadError.badTarget(text)
        }
        guard allowsRemote || Self.isLoopback(address) else { throw LoadError.notLoopback(host) }
    }

    /// 127.0.0.0/8 and ::1.
    static func isLoopback(_ address: SocketAddress) -> Bool {
        let text = address.ipAddress ?? ""
        return text.hasPrefix("127.") || text == "::1"
    }

    /// 127.0.0.1 to 127.0.0.250, then 127.0.1.1 and on; none when one is enough.
    static func sources(_ count: Int) throws -> [SocketAddress] {
        guard count > 1 else { return [] }
        return try (0..<count).map {
            try SocketAddress(ipAddress: "127.0.\($0 / 250).\($0 % 250 + 1)", port: 0)
        }
    }
}
