import Actors
import Persistence
import Replication

/// What `GET /metrics` shows of the cluster's log, on every server of it.
struct ClusterMetrics: Sendable {
    let log: JetStreamLog
    let gates: ServingGates

    func write(to text: inout PrometheusText) {
        let statuses = (0..<log.shardCount).map { log.status(of: ShardID(UInt16($0))) }
        text.gauge(
            "countersign_cluster_owner",
            "1 on the server of shard 0, which has what there is once in an installation.",
            gates[RecoveredState.commonShard].isOpen ? 1 : 0)
        text.gauge(
            "countersign_cluster_shards_served", "Shards that this server owns and serves.",
            gates.openCount)
        text.gauge(
            "countersign_cluster_shards_loaded", "Shards whose state is in memory.",
            statuses.count { $0 != nil })
        text.family(
            "countersign_cluster_records", .gauge, "The last record that is known, by shard.")
        for (shard, status) in statuses.enumerated() {
            guard let status else { continue }
            text.sample(labels: [("shard", "\(shard)")], Double(status.record))
        }
        text.family(
            "countersign_cluster_epoch", .gauge, "How often the shard changed its owner.")
        for (shard, status) in statuses.enumerated() {
            guard let status else { continue }
            text.sample(labels: [("shard", "\(shard)")], Double(status.epoch))
        }
        ShardMetrics(statuses: statuses).write(to: &text)
    }
}
