import Actors
import Persistence

/// What `GET /metrics` shows of the parts behind HTTP.
struct CoreMetrics: Sendable {
    let core: Core

    func write(to text: inout PrometheusText) async {
        let (users, sessions) = await core.accounts.counts()
        text.gauge("countersign_users", "Accounts, disabled ones included.", users)
        text.gauge("countersign_sessions", "Sessions that have not ended.", sessions)
        text.gauge(
            "countersign_log_bytes_since_snapshot", "Bytes of log that a start has to replay.",
            Int(clamping: core.log.bytesSinceSnapshot))
        text.gauge(
            "countersign_snapshot_bytes", "Size of the newest snapshot.",
            Int(clamping: core.log.snapshotBytes))
        text.gauge(
            "countersign_log_has_room", "0 while the disk has no room for more.",
            core.log.hasRoom ? 1 : 0)
        let hashing = core.hasher.statistics
        text.gauge(
            "countersign_password_hashes_queued", "Password hashes that wait.", hashing.queued)
        text.gauge(
            "countersign_password_hashes_running", "Password hashes under way.", hashing.running)
        text.family(
            "countersign_password_hashes_total", .counter,
            "Password hashes, by what became of them.")
        text.sample(labels: [("outcome", "done")], Double(hashing.done))
        text.sample(labels: [("outcome", "shed")], Double(hashing.shed))
        await writeUsage(to: &text)
    }

    private func writeUsage(to text: inout PrometheusText) async {
        let counts = await core.usage.counts(at: core.clock.now()).sorted { $0.key < $1.key }
        text.family(
            "countersign_usage_events_24h", .gauge,
            "Events of the last 24 hours, probes excluded, by integration and outcome.")
        for (integration, count) in counts {
            text.sample(
                labels: [("integration", integration.text), ("outcome", "ok")], Double(count.ok))
            text.sample(
                labels: [("integration", integration.text), ("outcome", "failed")],
                Double(count.failures))
        }
    }
}

extension PrometheusText {
    fileprivate mutating func gauge(_ name: String, _ help: String, _ value: Int) {
        family(name, .gauge, help)
        sample(labels: [], Double(value))
    }
}
