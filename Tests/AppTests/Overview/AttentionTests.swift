import Actors
import Persistence
import Replication
import Testing

@testable import App

@Suite("What needs attention")
struct AttentionTests {
    private static let now = Timestamp(seconds: 1_800_000_000)

    /// One fact that an admin has to know of, and nothing else.
    struct Case: Sendable, CustomTestStringConvertible {
        let code: Attention.Code
        let severity: Attention.Severity
        let change: @Sendable (inout AttentionFacts) -> Void

        var testDescription: String { code.rawValue }
    }

    private static let cases = [
        Case(code: .diskFull, severity: .critical) { $0.logHasRoom = false },
        Case(code: .diskNearlyFull, severity: .warning) {
            $0.diskFreeBytes = Attention.diskFreeBytesMin - 1
        },
        Case(code: .streamFull, severity: .critical) {
            $0.cluster = ClusterOverview(
                shards: [.init(standing: .here, isFull: true)], thisServer: "")
            // Not the disk of this machine.
            $0.logHasRoom = false
        },
        Case(code: .shardStopped, severity: .critical) {
            let others = $0.cluster?.shards ?? []
            $0.cluster = ClusterOverview(
                shards: others + [.init(standing: .stopped)], thisServer: "")
        },
        Case(code: .copyDamaged, severity: .critical) {
            let others = $0.cluster?.shards ?? []
            $0.cluster = ClusterOverview(
                shards: others, thisServer: "",
                damagedCopies: [
                    Scrubber.Finding(
                        shard: ShardID(3), server: "nats-2", sequence: 7, reason: "damaged")
                ])
        },
        Case(code: .logBehind, severity: .critical) {
            $0.logStallMilliseconds = Attention.logStallMillisecondsMax + 1
        },
        Case(code: .eventsLost, severity: .critical) { $0.eventsLost = 1 },
        Case(code: .snapshotFailed, severity: .warning) {
            $0.snapshotFailure = ("No space left on device.", now)
        },
        Case(code: .keyRotationPending, severity: .warning) { $0.hasPreviousKeys = true },
        Case(code: .secondFactorOff, severity: .warning) { $0.hasSecondFactor = false },
    ]

    @Test("each code appears when its fact says so, and alone", arguments: cases)
    func alone(row: Case) throws {
        var facts = AttentionFacts()
        row.change(&facts)
        let list = Attention.list(facts)
        #expect(list.map(\.code) == [row.code.rawValue])
        let item = try #require(list.first)
        #expect(item.severity == row.severity)
        #expect(item.integration == nil)
        for text in [item.title, item.message, item.suggestedFix] { #expect(!text.isEmpty) }
    }

    @Test("every code has its case here")
    func complete() {
        #expect(Set(Self.cases.map(\.code)) == Set(Attention.Code.allCases))
    }

    @Test("where all is well there is nothing, up to the limits themselves")
    func nothing() {
        #expect(Attention.list(AttentionFacts()).isEmpty)
        var facts = AttentionFacts()
        facts.diskFreeBytes = Attention.diskFreeBytesMin
        facts.cluster = ClusterOverview(
            shards: [.init(standing: .here), .init(standing: .elsewhere, owner: "http://b")],
            thisServer: "http://a")
        facts.logStallMilliseconds = Attention.logStallMillisecondsMax
        #expect(Attention.list(facts).isEmpty)
    }

    @Test("a full disk is told once, and not also as a nearly full one")
    func fullDisk() {
        var facts = AttentionFacts()
        facts.logHasRoom = false
        facts.diskFreeBytes = 0
        #expect(Attention.list(facts).map(\.code) == ["disk_full"])
    }

    @Test("figures and reasons are in the words")
    func words() throws {
        var facts = AttentionFacts()
        facts.diskFreeBytes = 700 << 20
        facts.eventsLost = 42
        facts.logStallMilliseconds = 61_500
        facts.snapshotFailure = ("No space left on device.", Self.now)
        let list = Attention.list(facts)
        func message(_ code: Attention.Code) throws -> String {
            try #require(list.first { $0.code == code.rawValue }).message
        }
        #expect(try message(.diskNearlyFull).hasPrefix("700 MiB"))
        #expect(try message(.eventsLost).hasPrefix("42 events"))
        #expect(try message(.logBehind).contains("61 s"))
        #expect(try message(.snapshotFailed).hasPrefix("No space left on device. "))
        #expect(list.first { $0.code == "snapshot_failed" }?.since == Self.now)
    }

    @Test("the critical come first, whatever the order of the facts")
    func order() throws {
        var facts = AttentionFacts()
        for row in Self.cases { row.change(&facts) }
        facts.integrations = [
            try AttentionSamples.status(.quotaExhausted), try AttentionSamples.status(.authFailed),
        ]
        let list = Attention.list(facts)
        // A full disk is not nearly full as well, and where a cluster has the log there is none.
        #expect(list.count == Self.cases.count - 1 + 2)
        let severities = list.map(\.severity)
        let critical = severities.prefix { $0 == .critical }.count
        #expect(critical == 6)
        #expect(severities.dropFirst(critical).allSatisfy { $0 == .warning })
    }

    // MARK: Integrations

    private func severity(of trouble: IntegrationStatus.Trouble) -> Attention.Severity? {
        switch trouble {
        case .notConfigured, .unproven: nil
        case .authFailed, .unreachable, .providerDown: .critical
        case .envMalformed, .rateLimited, .quotaExhausted: .warning
        }
    }

    @Test(
        "the trouble of an integration is told by its own code, and by how bad it is",
        arguments: IntegrationStatus.Trouble.allCases)
    func integration(trouble: IntegrationStatus.Trouble) throws {
        let status = try AttentionSamples.status(trouble)
        try #require(status.trouble == trouble)
        var facts = AttentionFacts()
        facts.integrations = [status]
        let list = Attention.list(facts)
        guard let severity = severity(of: trouble) else {
            #expect(list.isEmpty)
            return
        }
        let item = try #require(list.first)
        #expect(list.count == 1)
        #expect(item.code == trouble.rawValue && item.severity == severity)
        #expect(item.integration == IntegrationID("openai"))
        #expect(item.title.hasPrefix("OpenAI ") && item.suggestedFix == status.suggestedFix)
        #expect(item.since == status.evidence?.at)
        // What can't be called has no calls to tell of.
        #expect(item.message.contains("2 calls failed") == (trouble != .envMalformed))
        #expect(!item.message.isEmpty)
    }

    @Test("an integration that works is not mentioned")
    func works() throws {
        var facts = AttentionFacts()
        facts.integrations = [try AttentionSamples.status(nil)]
        #expect(facts.integrations.first?.isConnected == true)
        #expect(Attention.list(facts).isEmpty)
    }
}

/// The status of OpenAI in every trouble there is.
enum AttentionSamples {
    private static let now = Timestamp(seconds: 1_800_000_000)

    static func status(_ trouble: IntegrationStatus.Trouble?) throws -> IntegrationStatus {
        let entry = try CatalogUnderTest.shipped("openai")
        let key: String? =
            switch trouble {
            case .notConfigured: nil
            case .envMalformed: "a key with blanks"
            case .unproven, .authFailed, .unreachable, .providerDown, .rateLimited, .quotaExhausted,
                nil:
                "sk-proj-3fK8dLs0aQw7eRt5yUi2"
            }
        var counts = UsageCounts()
        counts.ok = 3
        counts.failures = 2
        return IntegrationStatus(
            entry, CredentialCheck(entry, environment: key.map { ["OPENAI_API_KEY": $0] } ?? [:]),
            counts, evidence(trouble), fix: { "Do something about \($0)." }, at: now)
    }

    /// What one call of a minute ago has shown.
    private static func evidence(_ trouble: IntegrationStatus.Trouble?) -> ConnectionEvidence {
        let (httpStatus, errorCode): (UInt16?, String?)
        switch trouble {
        case .notConfigured, .envMalformed, .unproven: return ConnectionEvidence()
        case .authFailed: (httpStatus, errorCode) = (401, UsageErrorCode.authFailed)
        case .unreachable: (httpStatus, errorCode) = (nil, UsageErrorCode.unreachable)
        case .providerDown: (httpStatus, errorCode) = (503, UsageErrorCode.providerDown)
        case .rateLimited: (httpStatus, errorCode) = (429, UsageErrorCode.rateLimited)
        case .quotaExhausted: (httpStatus, errorCode) = (429, UsageErrorCode.quotaExhausted)
        case nil: (httpStatus, errorCode) = (200, nil)
        }
        let at = now.advanced(bySeconds: -60)
        let facts = UsageFacts(
            integration: IntegrationID("openai"), operation: "GET /v1/models", source: .observed,
            status: errorCode == nil ? .ok : .error, at: at, httpStatus: httpStatus,
            errorCode: errorCode, trace: TraceID(high: 1, low: 2))
        var evidence = ConnectionEvidence()
        evidence.learn(facts, endedAt: at)
        return evidence
    }
}
