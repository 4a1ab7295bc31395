import Actors
import Logging
import NATS
import NIOPosix
import Persistence
import Replication

/// Collects what there is to see of a cluster. It asks and changes nothing.
struct ClusterProbe: Sendable {
    let settings: Settings
    let keys: MasterKeys?
    let monitors: [String]

    private static let connectMilliseconds: Int64 = 5000

    func facts() async -> ClusterFacts {
        let cluster = settings.cluster
        var facts = ClusterFacts(replicas: cluster.replicas, name: cluster.name)
        var first: NATSClient?
        for address in cluster.addresses {
            let (engine, client) = await look(at: address)
            facts.engines.append(engine)
            if first == nil { first = client } else { client?.close() }
        }
        if let first {
            await look(at: JetStream(first), &facts)
            first.close()
        }
        let client = MonitorClient()
        for url in monitors { facts.monitors.append(await client.disk(of: url)) }
        return facts
    }

    /// Each server by itself: a client of all of them would tell of the first that answers.
    private func look(
        at address: ServerAddress
    ) async -> (ClusterFacts.Engine, NATSClient?) {
        var cluster = settings.cluster
        cluster.servers = [address.description]
        let client: NATSClient
        do {
            client = try ClusterMember.client(
                cluster,
                Logger(label: "doctor") { _ in
                    SwiftLogNoOpLogHandler()
                })
        } catch {
            let reason = NATSError.refusedByServer("\(error)")
            return (.init(address: address.description, answer: .failure(reason)), nil)
        }
        client.start()
        do throws(NATSError) {
            try await client.connected(withinMilliseconds: Self.connectMilliseconds)
        } catch {
            client.close()
            return (.init(address: address.description, answer: .failure(error)), nil)
        }
        guard let info = client.serverInfo else {
            client.close()
            return (.init(address: address.description, answer: .failure(.notConnected)), nil)
        }
        return (.init(address: address.description, answer: .success(info)), client)
    }

    private func look(at jetStream: JetStream, _ facts: inout ClusterFacts) async {
        let registry = ClusterRegistry.self
        var shardCount = DataDirectory.defaultShardCount
        do {
            if let metadata = try await registry.stored(in: jetStream) {
                shardCount = metadata.shardCount
                facts.metadata =
                    metadata.movedAwayAt.map { .movedAway(name: metadata.name, at: $0) }
                    ?? .found(name: metadata.name, key: key(of: metadata))
            }
        } catch {
            facts.metadata = .unknown("\(error)")
        }
        var wanted = [registry.configuration(replicas: facts.replicas)]
        for shard in 0..<shardCount {
            wanted += StreamNames(ShardID(UInt16(shard)))
                .configurations(replicas: facts.replicas)
        }
        for each in wanted {
            let answer: Result<StreamInfo, JetStreamError>
            do throws(JetStreamError) {
                answer = .success(try await jetStream.info(of: each.name))
            } catch {
                answer = .failure(error)
            }
            facts.streams.append(ClusterFacts.Stream(wanted: each, answer: answer))
        }
    }

    private func key(of metadata: ClusterMetadata) -> ClusterFacts.Key {
        guard let keys else { return .missing }
        do throws(KeyRejection) {
            let opened = try WrappedDataKeys.unwrap(
                metadata.wrappedKeys, with: keys.current, previous: keys.previous)
            return opened.needsRewrap ? .needsRewrap : .opens
        } catch {
            return .doesNot("\(error)")
        }
    }
}
