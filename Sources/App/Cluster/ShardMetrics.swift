import Persistence
import Replication

/// What `GET /metrics` shows of each shard, as this server sees it.
struct ShardMetrics: Sendable {
    /// By the number of the shard; nil while it is not loaded.
    let statuses: [ShardStatus?]

    func write(to text: inout PrometheusText) {
        writeRoles(to: &text)
        gauge(
            "countersign_cluster_shard_owner", "1 on the server that owns the shard.", &text
        ) { $0.role == .owning ? 1 : 0 }
        gauge(
            "countersign_cluster_shard_warm", "1 where the shard could be taken over at once.",
            &text
        ) { $0.isWarm ? 1 : 0 }
        gauge(
            "countersign_cluster_shard_lease_seconds",
            "How long the owner may still answer without hearing from the stream.", &text
        ) { Double($0.leaseMilliseconds) / 1000 }
        gauge(
            "countersign_cluster_shard_silence_seconds",
            "How long a follower has heard nothing of the stream.", &text
        ) { Double($0.silenceMilliseconds) / 1000 }
        gauge(
            "countersign_cluster_shard_unread_bytes",
            "What has arrived and is not in the state yet.", &text
        ) { Double($0.unreadBytes) }
        gauge(
            "countersign_cluster_shard_full", "1 while the stream takes nothing more.", &text
        ) { $0.isFull ? 1 : 0 }
        write(
            "countersign_cluster_appends_total", .counter, "Batches that this server appended.",
            &text
        ) { Double($0.tally.appends) }
        write(
            "countersign_cluster_appends_lost_total", .counter,
            "Callers whose append was lost to another owner.", &text
        ) { Double($0.tally.lost) }
        write(
            "countersign_cluster_appends_fenced_total", .counter,
            "Appends that were refused because the shard is another server's.", &text
        ) { Double($0.tally.fenced) }
    }

    /// One sample with 1: the role as a label is what dashboards count by.
    private func writeRoles(to text: inout PrometheusText) {
        text.family(
            "countersign_cluster_shard_role", .gauge,
            "1 with the role that this server has for the shard.")
        for (shard, status) in statuses.enumerated() {
            text.sample(
                labels: [("shard", "\(shard)"), ("role", Self.name(of: status?.role))], 1)
        }
    }

    private static func name(of role: ShardReplica.Role?) -> String {
        switch role {
        case nil: "loading"
        case .following: "following"
        case .claiming: "claiming"
        case .owning: "owning"
        case .releasing: "releasing"
        case .ended: "stopped"
        }
    }

    private func gauge(
        _ name: String, _ help: String, _ text: inout PrometheusText,
        _ value: (ShardStatus) -> Double
    ) {
        write(name, .gauge, help, &text, value)
    }

    private func write(
        _ name: String, _ kind: PrometheusText.Kind, _ help: String, _ text: inout PrometheusText,
        _ value: (ShardStatus) -> Double
    ) {
        text.family(name, kind, help)
        for (shard, status) in statuses.enumerated() {
            guard let status else { continue }
            text.sample(labels: [("shard", "\(shard)")], value(status))
        }
    }
}
