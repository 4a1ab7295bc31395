import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks the monitoring endpoint of a NATS server how it keeps JetStream's files: `GET /jsz`.
struct MonitorClient: Sendable {
    private static let seconds: Int64 = 5
    /// An answer without streams has a few hundred bytes.
    private static let bodyBytesMax = 256 << 10
    static let defaultPort = 8222

    /// `http://host:port`, as the endpoint has no TLS unless somebody puts it in front.
    static func address(_ url: String) -> (host: String, port: Int)? {
        guard url.hasPrefix("http://"), URLText.isOrigin(url) else { return nil }
        let rest = url.dropFirst("http://".count).drop { $0 == "/" }
        let origin = rest.hasSuffix("/") ? rest.dropLast() : rest
        guard let colon = origin.lastIndex(of: ":"), !origin.hasSuffix("]") else {
            return (bare(origin), defaultPort)
        }
        guard let port = Int(origin[origin.index(after: colon)...]), (1...65_535).contains(port)
        else { return nil }
        return (bare(origin[..<colon]), port)
    }

    private static func bare(_ host: Substring) -> String {
        host.hasPrefix("[") && host.hasSuffix("]")
            ? String(host.dropFirst().dropLast()) : String(host)
    }

    func disk(of url: String) async -> ClusterFacts.Monitor {
        do {
            let body = try await body(of: url)
            return ClusterFacts.Monitor(url: url, answer: .success(try Self.read(body, url)))
        } catch let failure as ClusterFacts.MonitorFailure {
            return ClusterFacts.Monitor(url: url, answer: .failure(failure))
        } catch {
            return ClusterFacts.Monitor(
                url: url, answer: .failure(.init(reason: "\(error)")))
        }
    }

    /// `sync_always` is left out when it is false.
    static func read(_ body: [UInt8], _ url: String) throws -> ClusterFacts.Disk {
        struct Answer: Decodable {
            struct Config: Decodable { let sync_always: Bool? }
            let config: Config
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(body)) else {
            throw ClusterFacts.MonitorFailure(reason: "its answer is none of JetStream's")
        }
        return ClusterFacts.Disk(server: url, syncsAlways: answer.config.sync_always ?? false)
    }

    private func body(of url: String) async throws -> [UInt8] {
        guard let (host, port) = Self.address(url) else {
            throw ClusterFacts.MonitorFailure(reason: "it is no address such as http://host:8222")
        }
        typealias Parts = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(Self.seconds))
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try Parts(wrappingChannelSynchronously: channel)
                }
            }
        let deadline = channel.channel.eventLoop.scheduleTask(in: .seconds(Self.seconds)) {
            channel.channel.close(promise: nil)
        }
        defer { deadline.cancel() }
        return try await channel.executeThenClose { inbound, outbound in
            let head = HTTPRequestHead(
                version: .http1_1, method: .GET, uri: "/jsz",
                headers: ["host": "\(host):\(port)", "connection": "close"])
            try await outbound.write(.head(head))
            try await outbound.write(.end(nil))
            var body: [UInt8] = []
            for try await part in inbound {
                switch part {
                case .head(let head):
                    guard head.status == .ok else {
                        throw ClusterFacts.MonitorFailure(reason: "it answers \(head.status)")
                    }
                case .body(let bytes):
                    body += bytes.readableBytesView
                    guard body.count <= Self.bodyBytesMax else {
                        throw ClusterFacts.MonitorFailure(reason: "its answer has no end")
                    }
                case .end: return body
                }
            }
            throw ClusterFacts.MonitorFailure(reason: "it hung up")
        }
    }
}
