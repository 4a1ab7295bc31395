import Actors
import Persistence
import Replication

/// What `GET /metrics` shows of the cluster's log, on every server of it.
struct ClusterMetrics: Sendable {
    let log: JetStreamLog
    let gates: ServingGates

    func write(to text: inout PrometheusText) {
        let statuses = log.statuses
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
        writeCopies(to: &text)
    }

    /// Only the shards that this server owns: it is their owner who looks after the copies.
    private func writeCopies(to text: inout PrometheusText) {
        let standings = log.copies.all.sorted { $0.key < $1.key }
        text.family(
            "countersign_cluster_scrubbed_timestamp_seconds", .gauge,
            "When all copies of the shard were looked at.")
        for (shard, standing) in standings {
            text.sample(labels: [("shard", "\(shard)")], Double(standing.scrubbedAtSeconds))
        }
        text.family(
            "countersign_cluster_damaged_copies", .gauge,
            "Copies of the shard that were found damaged. The log names server and message.")
        for (shard, standing) in standings {
            text.sample(
                labels: [("shard", "\(shard)")], Double(standing.report.findings.count))
        }
    }
}
