import Persistence
import Testing

@testable import App
@testable import Replication

@Suite("What /metrics says of shards")
struct ShardMetricsTests {
    private static func status(_ role: ShardReplica.Role) -> ShardStatus {
        var status = ShardStatus(
            role: role, mayRead: role == .owning, epoch: 3, owner: OwnerID(high: 1, low: 1),
            address: "", sequence: 1, record: 1, isFull: false, isWarm: true)
        status.leaseMilliseconds = role == .owning ? 2500 : 0
        status.silenceMilliseconds = role == .owning ? 0 : 750
        status.unreadBytes = 17
        status.tally.appends = 9
        status.tally.lost = 2
        status.tally.fenced = 1
        return status
    }

    private static func lines(_ statuses: [ShardStatus?]) -> Set<String> {
        var text = PrometheusText()
        ShardMetrics(statuses: statuses).write(to: &text)
        let all = String(decoding: text.bytes, as: UTF8.self)
        return Set(all.split(separator: "\n").map(String.init))
    }

    @Test("the owner, a follower and a shard that is not loaded")
    func samples() {
        let lines = Self.lines([Self.status(.owning), Self.status(.following), nil])
        for line in [
            "countersign_cluster_shard_role{shard=\"0\",role=\"owning\"} 1",
            "countersign_cluster_shard_role{shard=\"1\",role=\"following\"} 1",
            "countersign_cluster_shard_role{shard=\"2\",role=\"loading\"} 1",
            "countersign_cluster_shard_owner{shard=\"0\"} 1",
            "countersign_cluster_shard_owner{shard=\"1\"} 0",
            "countersign_cluster_shard_warm{shard=\"1\"} 1",
            "countersign_cluster_shard_lease_seconds{shard=\"0\"} 2.5",
            "countersign_cluster_shard_silence_seconds{shard=\"1\"} 0.75",
            "countersign_cluster_shard_unread_bytes{shard=\"1\"} 17",
            "countersign_cluster_shard_full{shard=\"0\"} 0",
            "countersign_cluster_appends_total{shard=\"0\"} 9",
            "countersign_cluster_appends_lost_total{shard=\"0\"} 2",
            "countersign_cluster_appends_fenced_total{shard=\"0\"} 1",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        #expect(!lines.contains { $0.contains("owner{shard=\"2\"}") })
    }

    @Test("every metric is described once")
    func families() {
        let lines = Self.lines([Self.status(.owning)])
        let described = lines.filter { $0.hasPrefix("# TYPE") }
        #expect(described.count == 10)
        #expect(described.count { $0.hasSuffix(" counter") } == 3)
    }
}
