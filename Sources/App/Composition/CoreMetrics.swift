import Actors
import Persistence

/// What `GET /metrics` shows of the parts behind HTTP.
struct CoreMetrics: Sendable {
    let core: Core
    /// Connections of clients that are open now.
    let connections: @Sendable () -> Int
    let bodies: BodyBudget

    private static let microsecondsPerSecond = 1e6

    func write(to text: inout PrometheusText) async {
        writeProcess(to: &text)
        if core.holds.holdsAny { await writeAccounts(to: &text) }
        writeLog(to: &text)
        writeSnapshots(to: &text)
        writeHashing(to: &text)
        await writeLimits(to: &text)
        // Who does not have them would show zeros that others' figures jump up from.
        if core.holds.holds(RecoveredState.commonShard) { await writeUsage(to: &text) }
    }

    /// By the names that Prometheus' own client libraries have for them.
    private func writeProcess(to text: inout PrometheusText) {
        text.family("countersign_build_info", .gauge, "1, with the version as a label.")
        text.sample(labels: [("version", Version.text)], 1)
        text.family(
            "process_cpu_seconds_total", .counter, "Processor time of all threads, in seconds.")
        text.sample(Machine.processorSeconds)
        if let bytes = Machine.residentBytes {
            text.gauge("process_resident_memory_bytes", "Memory that is really in use.", bytes)
        }
        if let bytes = Machine.virtualBytes {
            text.gauge("process_virtual_memory_bytes", "Address space.", bytes)
        }
        if let descriptors = Machine.descriptors {
            text.gauge("process_open_fds", "Open file descriptors.", descriptors.open)
            text.gauge("process_max_fds", "How many there may be.", descriptors.max)
        }
        text.gauge(
            "countersign_http_connections_open", "Connections of clients that are open now.",
            connections())
        text.gauge(
            "countersign_http_body_bytes", "Memory that the bodies of requests take now.",
            bodies.bytesUsed)
        text.gauge(
            "countersign_http_body_bytes_max", "What they may take; more is answered 503.",
            bodies.bytesMax)
    }

    private func writeAccounts(to text: inout PrometheusText) async {
        let (users, sessions) = await core.accounts.countsHere()
        text.gauge("countersign_users", "Accounts, disabled ones included.", users)
        text.gauge("countersign_sessions", "Sessions that have not ended.", sessions)
    }

    private func writeLog(to text: inout PrometheusText) {
        if let local = core.local { writeDisk(local, to: &text) }
        text.gauge(
            "countersign_log_has_room", "0 while the disk has no room for more.",
            core.log.hasRoom ? 1 : 0)
        text.gauge(
            "countersign_log_bytes_since_snapshot", "Bytes of log that a start has to replay.",
            core.log.bytesSinceSnapshot)
    }

    private func writeDisk(_ local: Core.LocalStore, to text: inout PrometheusText) {
        let (log, meter) = (local.log, local.log.meter)
        text.histogram(
            "countersign_log_commit_duration_seconds",
            "Time of one write and sync of the log.", meter.commitMicroseconds,
            dividedBy: Self.microsecondsPerSecond)
        text.histogram(
            "countersign_log_commit_records", "Records that one sync made durable.",
            meter.recordsPerCommit)
        text.histogram(
            "countersign_log_commit_bytes", "Bytes that one sync made durable.",
            meter.bytesPerCommit)
        let lag = log.lag
        text.gauge(
            "countersign_log_lag_records", "Records that wait for the disk now.", lag.records)
        text.gauge("countersign_log_lag_bytes", "Bytes that wait for the disk now.", lag.bytes)
        text.family(
            "countersign_log_write_stall_seconds", .gauge,
            "How long the write under way has been on its way to the disk; 0 without one.")
        text.sample(Double(log.stallMilliseconds) / 1e3)
        if let bytes = local.directory.freeBytes {
            text.gauge("countersign_disk_free_bytes", "Room on the data directory's disk.", bytes)
        }
    }

    private func writeSnapshots(to text: inout PrometheusText) {
        let health = core.snapshots
        text.gauge(
            "countersign_snapshot_bytes", "Size of the newest snapshot.", core.log.snapshotBytes)
        text.family(
            "countersign_snapshots_total", .counter, "Snapshots of this process, by outcome.")
        let counts = health.counts
        text.sample(labels: [("outcome", "written")], Double(counts.written))
        text.sample(labels: [("outcome", "failed")], Double(counts.failed))
        guard let success = health.lastSuccess else { return }
        let age = core.clock.now().milliseconds - success.at.milliseconds
        text.family(
            "countersign_snapshot_age_seconds", .gauge,
            "Since the newest snapshot of this process was written.")
        text.sample(Double(max(0, age)) / 1e3)
        text.family(
            "countersign_snapshot_duration_seconds", .gauge,
            "What the newest snapshot took, from the first copy to its name.")
        text.sample(Double(success.took.microseconds) / Self.microsecondsPerSecond)
    }

    private func writeHashing(to text: inout PrometheusText) {
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
        text.family(
            "countersign_password_hash_average_seconds", .gauge,
            "The moving average of one password hash.")
        text.sample(hashing.averageMilliseconds / 1e3)
        text.histogram(
            "countersign_password_hash_wait_seconds",
            "How long password hashes waited for a thread.", core.hasher.waits,
            dividedBy: Self.microsecondsPerSecond)
    }

    private func writeLimits(to text: inout PrometheusText) async {
        text.family(
            "countersign_rate_limit_refusals_total", .counter,
            "Requests that a rate limit refused, by its class.")
        let refusals = core.limiters.refusals
        for rateClass in RateClass.allCases {
            text.sample(
                labels: [("class", rateClass.rawValue)], Double(refusals[rateClass] ?? 0))
        }
        text.gauge(
            "countersign_rate_limit_buckets", "Callers that have used up some of a limit.",
            await core.limiters.bucketCount())
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
        let fill = await core.usage.fill()
        text.family(
            "countersign_usage_ring_fill_ratio", .gauge,
            "How much of an integration's ring of listed events is in use.")
        for (integration, ring) in fill.rings.sorted(by: { $0.key < $1.key }) {
            text.sample(
                labels: [("integration", integration.text)],
                Double(ring.count) / Double(ring.capacity))
        }
        text.gauge(
            "countersign_usage_dedup_keys", "Keys by which duplicates are recognised.",
            fill.dedupKeys)
        text.gauge(
            "countersign_usage_dedup_keys_max", "How many there may be; then the oldest go.",
            fill.dedupKeysMax)
        text.family(
            "countersign_usage_events_total", .counter,
            "Events ever, probes included, by integration.")
        for (integration, count) in fill.recorded.sorted(by: { $0.key < $1.key }) {
            text.sample(labels: [("integration", integration.text)], Double(count))
        }
    }
}
