import Actors

/// Something that a person should do something about.
struct Attention: Sendable, Equatable {
    enum Severity: String, CaseIterable, Sendable {
        case warning
        /// Something does not work now, or data is at risk.
        case critical
    }

    /// What it is about, beside the error codes of integrations.
    enum Code: String, CaseIterable, Sendable {
        case diskFull = "disk_full"
        case diskNearlyFull = "disk_nearly_full"
        case streamFull = "stream_full"
        case shardStopped = "shard_stopped"
        case copyDamaged = "copy_damaged"
        case logBehind = "log_behind"
        case eventsLost = "events_lost"
        case snapshotFailed = "snapshot_failed"
        case keyRotationPending = "key_rotation_pending"
        case secondFactorOff = "second_factor_off"
    }

    let code: String
    let severity: Severity
    let title: String
    let message: String
    let suggestedFix: String
    var integration: IntegrationID?
    var since: Timestamp?
}

/// What the rules look at.
struct AttentionFacts: Sendable {
    var integrations: [IntegrationStatus] = []
    /// Nil where the file system does not say.
    var diskFreeBytes: UInt64?
    var logHasRoom = true
    /// Nil for a server with a log of its own.
    var cluster: ClusterOverview?
    /// How long the log's current write has been on its way to the disk.
    var logStallMilliseconds: Int64 = 0
    var eventsLost: UInt64 = 0
    var snapshotFailure: (reason: String, since: Timestamp)?
    var hasPreviousKeys = false
    /// Of the admin who asks.
    var hasSecondFactor = true
}

extension Attention {
    /// Room for sixteen segments: time enough to make more.
    static let diskFreeBytesMin: UInt64 = 1 << 30
    /// A disk that takes so long for one write is in trouble; a slow one takes a tenth of it.
    static let logStallMillisecondsMax: Int64 = 1000

    /// What needs attention, the critical first.
    static func list(_ facts: AttentionFacts) -> [Attention] {
        let all =
            disk(facts) + cluster(facts) + log(facts) + keys(facts)
            + facts.integrations.compactMap(integration)
        return all.filter { $0.severity == .critical } + all.filter { $0.severity == .warning }
    }

    private static func disk(_ facts: AttentionFacts) -> [Attention] {
        let fix = "Make room on the disk that holds the data directory."
        guard facts.logHasRoom || facts.cluster != nil else {
            return [
                Attention(
                    .diskFull, .critical, "The disk is full",
                    "Nothing that would have to be written is accepted; reads go on.", fix: fix)
            ]
        }
        guard let free = facts.diskFreeBytes, free < diskFreeBytesMin else { return [] }
        return [
            Attention(
                .diskNearlyFull, .warning, "The disk is nearly full",
                "\(free >> 20) MiB are free where the data is. When they are used up, the server "
                    + "refuses what it would have to write.", fix: fix)
        ]
    }

    private static func cluster(_ facts: AttentionFacts) -> [Attention] {
        guard let cluster = facts.cluster else { return [] }
        var found: [Attention] = []
        if cluster.isFull {
            found.append(
                Attention(
                    .streamFull, .critical, "A stream of the cluster is full",
                    "What would have to be written to it is refused; reads go on.",
                    fix: "Make room on the disks of the NATS servers, or raise their limits."))
        }
        if let finding = cluster.damagedCopies.first {
            found.append(
                Attention(
                    .copyDamaged, .critical, "A copy of the log is damaged",
                    "\(finding).", fix: "Do it soon: the other copies are all there is."))
        }
        if !cluster.stopped.isEmpty {
            let shards = cluster.stopped.map(String.init).joined(separator: ", ")
            found.append(
                Attention(
                    .shardStopped, .critical, "A shard's stream can't be followed",
                    "This server can't read on in shard \(shards). What it owns is served, but it "
                        + "can't take over from another one.",
                    fix: "The server's log says which message is damaged; docs/cluster.md says "
                        + "what to do."))
        }
        return found
    }

    private static func log(_ facts: AttentionFacts) -> [Attention] {
        var found: [Attention] = []
        if facts.logStallMilliseconds > logStallMillisecondsMax {
            found.append(
                Attention(
                    .logBehind, .critical, "The log is behind",
                    "The disk has not finished a write for \(facts.logStallMilliseconds / 1000) s. "
                        + "Whoever waits for it waits on.",
                    fix: "Look at the disk: is it broken, or is something else keeping it busy?"))
        }
        if facts.eventsLost > 0 {
            found.append(
                Attention(
                    .eventsLost, .critical, "Usage events were lost",
                    "\(facts.eventsLost) events of calls could not be written while the disk was "
                        + "full, so counts of use are too low by as many.",
                    fix: "Make room on the disk; the number is reset by a restart."))
        }
        if let (reason, since) = facts.snapshotFailure {
            found.append(
                Attention(
                    .snapshotFailed, .warning, "The last snapshot was not written",
                    "\(reason) Nothing is lost: the log has everything, but it grows and a start "
                        + "takes longer.",
                    fix: "Check the disk's room and health; the server tries again by itself.",
                    since: since))
        }
        return found
    }

    private static func keys(_ facts: AttentionFacts) -> [Attention] {
        var found: [Attention] = []
        if facts.hasPreviousKeys {
            found.append(
                Attention(
                    .keyRotationPending, .warning, "A key rotation is not finished",
                    "\(MasterKeys.previousVariable) is still set. The data is wrapped with the new "
                        + "key, so the old one is needed no more.",
                    fix:
                        "Remove \(MasterKeys.previousVariable) from the environment, and start the "
                        + "server again."))
        }
        if !facts.hasSecondFactor {
            found.append(
                Attention(
                    .secondFactorOff, .warning, "Your account has no second factor",
                    "Whoever learns an administrator's password can do everything here.",
                    fix: "Turn two-factor authentication on in Settings."))
        }
        return found
    }

    private static func integration(_ status: IntegrationStatus) -> Attention? {
        guard let trouble = status.trouble else { return nil }
        let (severity, title): (Severity, String)
        switch trouble {
        // Not to use an integration is no fault, nor is not having used it yet.
        case .notConfigured, .unproven: return nil
        case .authFailed: (severity, title) = (.critical, "refuses the credentials")
        case .unreachable: (severity, title) = (.critical, "can't be reached")
        case .providerDown: (severity, title) = (.critical, "is down")
        case .envMalformed: (severity, title) = (.warning, "is configured wrongly")
        case .quotaExhausted: (severity, title) = (.warning, "has no quota left")
        case .rateLimited: (severity, title) = (.warning, "wants fewer requests")
        }
        return Attention(
            code: trouble.rawValue, severity: severity, title: "\(status.name) \(title)",
            message: story(of: status),
            suggestedFix: status.suggestedFix ?? "", integration: status.entry,
            since: status.evidence?.at)
    }

    private static func story(of status: IntegrationStatus) -> String {
        guard status.isConfigured else { return "Nothing can be called until that is corrected." }
        let (failed, well) = (status.counts.failures, status.counts.ok)
        return "In the last 24 hours \(failed) \(failed == 1 ? "call" : "calls") failed and "
            + "\(well) went well."
    }

    private init(
        _ code: Code, _ severity: Severity, _ title: String, _ message: String, fix: String,
        since: Timestamp? = nil
    ) {
        self.code = code.rawValue
        self.severity = severity
        self.title = title
        self.message = message
        suggestedFix = fix
        self.since = since
    }
}
