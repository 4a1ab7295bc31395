import Actors
import App
import NIOCore
import Persistence
import TestSupport

/// The pieces, and what they work on.
struct MicroStage {
    private let now = SystemWallClock().now()
    private let random = SystemRandomSource()
    private let shard = ShardID(0)
    private static let integration = IntegrationID("openai")
    private static let batch = 1000

    var pieces: [Piece] { codec() + usage() + json() + accounts() }

    private func facts(_ number: Int) -> UsageFacts {
        UsageFacts(
            integration: Self.integration, operation: "POST /v1/chat/completions",
            source: .reported, status: .ok, at: now, httpStatus: 200, latencyMilliseconds: 412,
            units: [UsageUnit(name: "input_tokens", amount: 1200)], trace: TraceID(random: random),
            reporter: "worker-7", eventID: "event-\(number)")
    }

    private func report(_ number: Int) -> UsageReport {
        UsageReport(
            facts: facts(number), key: ReportKey(high: 7, low: UInt64(number)),
            content: UInt64(number))
    }

    private func emptyUsage(keys: Int = 1_000_000) -> UsageState {
        UsageState(integrations: [Self.integration], ringEvents: 10_000, dedupKeysMax: keys)
    }

    // MARK: Codec and log

    private func codec() -> [Piece] {
        let record = UsageRecord.event(facts(1), report: nil, arrivedAt: now)
        var stored = RecordBatch()
        for number in 0..<Self.batch {
            let report = report(number)
            stored.add(
                UsageRecord.event(
                    report.facts,
                    report: UsageRecord.Report(key: report.key, content: report.content),
                    arrivedAt: now))
        }
        let bytes = stored.bytes
        let block = [UInt8](repeating: 0x5a, count: 4096)
        return [
            Piece(name: "CRC32C of 4 KiB", thresholdRatio: 1.0) {
                keep(CRC32C.of(block, in: 0..<block.count))
            },
            Piece(name: "encode an event into a batch", thresholdRatio: 1.0) {
                var batch = RecordBatch(capacity: 320)
                batch.add(record)
                keep(batch.bytes.count)
            },
            Piece(name: "decode an event", thresholdRatio: 2.0, repeats: Self.batch) {
                var reader = ByteReader(bytes)
                while !reader.isAtEnd {
                    guard let stored = try? RecordBatch.next(from: &reader) else { return }
                    var body = stored.reader
                    keep(try? UsageRecord(kind: stored.kind, version: stored.version, from: &body))
                }
            },
            Piece(name: "replay an event", thresholdRatio: 3.0, repeats: Self.batch) {
                var state = emptyUsage()
                var reader = ByteReader(bytes)
                var row: UInt64 = 0
                while !reader.isAtEnd {
                    guard let stored = try? RecordBatch.next(from: &reader) else { return }
                    row += 1
                    try? state.replay(stored, record: row)
                }
                keep(state.appliedRecord)
            },
        ]
    }

    // MARK: Usage

    private func usage() -> [Piece] {
        let reports = (0..<Self.batch).map(report)
        var full = emptyUsage()
        for (row, record) in full.decide(reports, at: now).records.enumerated() {
            full.apply(record, row: UInt64(row + 1))
        }
        return [
            Piece(name: "judge and apply a report", thresholdRatio: 3.0, repeats: Self.batch) {
                var state = emptyUsage()
                for (row, record) in state.decide(reports, at: now).records.enumerated() {
                    state.apply(record, row: UInt64(row + 1))
                }
                keep(state.appliedRecord)
            },
            Piece(name: "recognise a duplicate", thresholdRatio: 1.0, repeats: Self.batch) {
                keep(full.decide(reports, at: now).records.count)
            },
            Piece(name: "snapshot an event", thresholdRatio: 2.0, repeats: Self.batch) {
                for part in full.snapshotParts(shard: shard) {
                    while let chunk = part.nextChunk() { keep(chunk.count) }
                }
            },
        ]
    }

    // MARK: JSON

    private func json() -> [Piece] {
        let item = """
            {"source":"worker-7","id":"event-1234567","integration":"openai",\
            "operation":"POST /v1/chat/completions","status":"ok","latency_ms":412,\
            "http_status":200,"units":{"input_tokens":1200,"output_tokens":310}}
            """
        let parser = UsageReportParser(
            integrations: [Self.integration], now: now, trace: TraceID(random: random))
        let one = Array("[\(item)]".utf8)
        let many = Array(
            "[\(Array(repeating: item, count: Self.batch).joined(separator: ","))]".utf8)
        let principal = principal()
        return [
            Piece(name: "parse a body of one report", thresholdRatio: 4.0) {
                keep(try? parser.parse(array: one).reports.count)
            },
            Piece(name: "parse a report of a thousand", thresholdRatio: 4.0, repeats: Self.batch) {
                keep(try? parser.parse(array: many).reports.count)
            },
            Piece(name: "write the answer to a session check", thresholdRatio: 2.0) {
                keep(SessionAnswer.bytes(principal).readableBytes)
            },
        ]
    }

    // MARK: Accounts

    private var user: User {
        User(
            id: UserID(shard: shard, at: now, random: random), email: "someone@example.com",
            passwordHash: "$argon2id$", role: .member, phone: nil, createdAt: now)
    }

    private func session(of user: User, _ secret: BearerSecret) -> Session {
        Session(
            id: SessionID(shard: shard, at: now, random: random), digest: secret.digest,
            user: user.id, createdAt: now, authenticatedAt: now,
            expiresAt: now.advanced(bySeconds: 86_400), userAgent: "curl/8.5.0",
            address: "127.0.0.1")
    }

    private func principal() -> SessionPrincipal {
        let user = user
        let secret = BearerSecret(.session, shard: shard, random: random)
        return AccountState().principal(
            session(of: user, secret), of: user, lastSeen: now, policy: AccountPolicy())
    }

    private func accounts() -> [Piece] {
        let policy = AccountPolicy()
        var recovered = RecoveredAccounts()
        var secrets: [BearerSecret] = []
        for number in 0..<Self.batch {
            var user = user
            user.email = "user-\(number)@example.com"
            let secret = BearerSecret(.session, shard: shard, random: random)
            secrets.append(secret)
            recovered.state.restore(user)
            recovered.state.restore(session(of: user, secret))
        }
        let actor = AccountActor(
            shard: shard, recovered: recovered, log: MemoryLog(),
            keyring: DataKeyring.generate(random: random),
            hasher: PasswordHasher(threads: 1, queueLengthMax: 1), policy: policy, random: random)
        let text = secrets[0].text.value
        let limiter = RateLimitTable(policies: [
            .reads: RateLimitPolicy(quota: 1_000_000, windowSeconds: 1, burst: 1_000_000)
        ])
        let secret = TOTP.generateSecret(random: random).value
        let step = TOTP.step(at: now)
        return [
            Piece(name: "read a session token", thresholdRatio: 2.0) {
                keep(BearerSecret(.session, presented: text))
            },
            Piece(name: "check a session", thresholdRatio: 2.0, repeats: Self.batch) {
                for secret in secrets { keep(actor.authenticateNow(secret.digest, at: now)) }
            },
            Piece(name: "take from a rate limit", thresholdRatio: 1.0) {
                var table = limiter
                keep(table.take(.reads, .source(.v4(7)), at: now))
            },
            Piece(name: "a TOTP code", thresholdRatio: 6.0) {
                keep(TOTP.code(secret: secret, step: step))
            },
        ]
    }
}
