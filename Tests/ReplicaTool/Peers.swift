import Crypto
import NATS
import Persistence
import Replication

/// The tool as a server among others: it gives shards away as the placement wants, and answers what
/// the others ask.
struct Peers: Sendable {
    let log: JetStreamLog
    private let membership: Membership
    private let spreader: ShardSpreader
    private let caller: PeerCaller
    private let listener: PeerListener

    private static let askMilliseconds: UInt64 = 2000

    /// - Parameter secret: what all servers of the cluster know.
    init(
        _ log: JetStreamLog, _ client: NATSClient, name: String, secret: String,
        settledMilliseconds: UInt64
    ) {
        self.log = log
        let me = log.settings.owner
        let cluster = log.settings.cluster
        let key = SymmetricKey(data: SHA256.hash(data: Array(secret.utf8)))
        let seal = PeerSeal(key, me: me)
        caller = PeerCaller(client, seal: seal, cluster: cluster)
        listener = PeerListener(client, seal: seal, cluster: cluster) { question in
            Array("\(name):".utf8) + question
        }
        membership = Membership(
            MemberAnnouncement(
                id: me, address: name, ordinal: 0, version: "tool",
                startedAtMilliseconds: PeerClock.now()),
            of: cluster, on: client
        ) { ShardSpreader.warm(log) }
        var times = HandOverPlan.Times()
        times.settledMilliseconds = settledMilliseconds
        times.pauseMilliseconds = min(times.pauseMilliseconds, settledMilliseconds)
        spreader = ShardSpreader(log, membership, times: times) { move in
            log.release(move.shard)
            while log.status(of: move.shard).map({ $0.role == .owning || $0.role == .releasing })
                ?? false
            {
                try? await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    func start() {
        listener.start()
        Task { [spreader] in await spreader.run() }
    }

    func leave() { membership.setStopping() }

    /// - Returns: whether it was a command for this.
    func perform(_ words: [String]) async -> Bool {
        switch words.first {
        case "members":
            let names = membership.living()?.map(\.address) ?? []
            ReplicaTool.say("members \(names.count) \(names.joined(separator: ","))")
        case "owned":
            let owned = log.shards.filter { log.status(of: $0)?.role == .owning }
            let names = owned.map(\.description).joined(separator: ",")
            ReplicaTool.say("owned \(owned.count) \(names)")
        case "ask":
            guard words.count == 3, let number = UInt16(words[1]) else { return false }
            await ask(ShardID(number), words[2])
        default: return false
        }
        return true
    }

    private func ask(_ shard: ShardID, _ text: String) async {
        guard let owner = log.status(of: shard)?.owner, owner != .none else {
            return ReplicaTool.say("asked nobody owns it")
        }
        do throws(PeerCallError) {
            let answer = try await caller.ask(
                owner, Array(text.utf8), withinMilliseconds: Self.askMilliseconds)
            ReplicaTool.say("asked answer \(String(decoding: answer, as: UTF8.self))")
        } catch {
            ReplicaTool.say("asked \(error)")
        }
    }
}
