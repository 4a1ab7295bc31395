import Actors
import Logging
import Persistence
import TestSupport
import Testing

@testable import App

/// From an order to what is kept and told, with a provider that answers as it is told.
@Suite(.timeLimit(.minutes(1))) struct SMSServiceTests {
    private static let environment = [
        "TWILIO_ACCOUNT_SID": "ACca7a51e5ca7a51e5ca7a51e5ca7a51e5",
        "TWILIO_AUTH_TOKEN": "canarytwilio5f0e1d2c3b4a59687766",
        "TWILIO_FROM_NUMBER": "+15005550006",
    ]
    private static let limits = SMSLimits(
        testsPerUserDay: 2, testsPerInstallationDay: 9, perNumberHour: 3)

    private let log = MemoryLog()
    private let clock = SettableClock()
    private let keyring = DataKeyring.generate(random: SeededRandom(seed: 3))

    /// A server's part in this, or a later one on the same log.
    private struct World {
        let service: SMSService
        let usage: UsageActor
        let provider: FakeProvider
    }

    private func world(
        _ answers: [ProviderAnswer] = [], environment: [String: String] = environment
    ) throws -> World {
        let catalog = try Settings().catalog()
        var alerts = AlertsState()
        var usage = UsageState(integrations: catalog.ids, ringEvents: 1000, dedupKeysMax: 1000)
        try log.read(from: [:]) { section in
            var reader = section.reader
            var record = section.firstRecord
            while !reader.isAtEnd {
                let stored = try RecordBatch.next(from: &reader)
                if AlertsEvent.kinds.contains(stored.kind) {
                    try alerts.replay(stored, record: record)
                } else {
                    try usage.replay(stored, record: record)
                }
                record += 1
            }
        }
        let journal = CallJournal(log: log)
        let provider = FakeProvider(answers)
        let service = SMSService(
            alerts: AlertsActor(recovered: alerts, limits: Self.limits, log: log),
            account: TwilioAccount(catalog, environment: environment, publicURL: ""),
            calls: provider, journal: journal, keyring: keyring, clock: clock,
            random: SeededRandom(seed: 4), logger: Logger(label: "test"))
        return World(
            service: service, usage: UsageActor(recovered: usage, log: log, journal: journal),
            provider: provider)
    }

    private func order(
        _ number: String = "+14155550100", body: String = "Hello", key: String? = nil,
        caller: String = "tok_1", purpose: SMSAttempt.Purpose = .alert
    ) throws -> SMSService.Order {
        SMSService.Order(
            number: try #require(PhoneNumber(number)), body: body, purpose: purpose, caller: caller,
            key: key, trace: TraceID(high: 3, low: UInt64.random(in: 1...(.max))),
            now: clock.now())
    }

    private func refusal(
        _ world: World, _ order: SMSService.Order
    ) async throws -> APIError {
        do throws(APIError) {
            _ = try await world.service.send(order)
        } catch {
            return error
        }
        throw Missing()
    }

    private struct Missing: Error {}

    private func extra(_ error: APIError) -> [String: APIError.Value] {
        Dictionary(error.extra.map { ($0.name, $0.value) }) { first, _ in first }
    }

    // MARK: Keys

    @Test("a key is answered as the first time, within its caller's own keys, after a restart too")
    func keys() async throws {
        let first = try world()
        let answer = try await first.service.send(try order(key: "k"))
        #expect(try await first.service.send(try order(key: "k")) == answer)
        for other in [
            try order(body: "Other", key: "k"), try order("+14155550101", key: "k"),
            try order(key: "k", purpose: .test(user)),
        ] {
            #expect(try await refusal(first, other).code == .idempotencyConflict)
        }
        #expect(first.provider.calls.count == 1)
        _ = try await first.service.send(try order(key: "k", caller: "tok_2"))
        _ = try await first.service.send(try order(key: "K"))
        #expect(first.provider.calls.count == 3)
        let second = try world()
        #expect(try await second.service.send(try order(key: "k")) == answer)
        #expect(second.provider.calls.isEmpty)
    }

    private let user = UserID(EntityID(shard: ShardID(1), high: 1, low: 1))

    @Test("a failure is told again as it was, with its event")
    func failure() async throws {
        let world = try world([.refused(21211, "bad_recipient")])
        for _ in 0..<2 {
            let error = try await refusal(world, try order(key: "k"))
            #expect(error.code == .badRecipient && error.suggestedFix == "The catalogue's fix.")
            #expect(
                extra(error) == [
                    "status": .string("failed"), "provider_message_id": .null,
                    "event_id": .string("evt_000000000009"),
                ])
        }
        #expect(world.provider.calls.count == 1)
    }

    @Test("a caller that hangs up changes nothing: the message goes out and its answer is kept")
    func hangUp() async throws {
        let world = try world()
        world.provider.close()
        let order = try order(key: "k")
        let request = Task { try await world.service.send(order) }
        request.cancel()
        await world.provider.open()
        let answer = try await request.value
        #expect(answer.status == .queued)
        #expect(try await world.service.send(order) == answer)
        #expect(world.provider.calls.count == 1)
    }

    @Test("what a crash has cut off is ambiguous, with the event that it began")
    func crash() async throws {
        let first = try world()
        first.provider.close()
        let order = try order(key: "k")
        let attempt = CallJournal(log: log)
        let cut = Task { try await first.service.send(order) }
        while first.provider.calls.isEmpty { await Task.yield() }
        let row = try attempt.append(
            .attempt(
                UsageFacts(
                    integration: TwilioAccount.integration, operation: TwilioSender.operation,
                    source: .observed, status: .pending, at: clock.now(), trace: order.trace))
        ).record
        let second = try world()
        await second.service.closeInterrupted(second.usage)
        let error = try await refusal(second, order)
        #expect(error.code == .ambiguous && second.provider.calls.isEmpty)
        #expect(extra(error)["event_id"] == .string(UsageEvent.id(ofRow: row)))
        #expect(extra(error)["status"] == .string("ambiguous"))
        await first.provider.open()
        _ = try await cut.value
    }

    // MARK: Rules

    @Test("limits and opt-outs say when, and an opt-out is an event")
    func rules() async throws {
        let world = try world([.refused(21610, "opted_out")])
        #expect(try await refusal(world, try order("+14155550111")).code == .optedOut)
        let again = try await refusal(world, try order("+14155550111"))
        #expect(again.code == .optedOut && extra(again)["status"] == .string("refused"))
        #expect(world.provider.calls.count == 1)
        let events = await world.usage.events(
            of: TwilioAccount.integration, before: nil, limit: 5
        ).events
        #expect(events.map(\.facts.status) == [.refused])
        #expect(events.first?.facts.errorCode == "opted_out")
        #expect(extra(again)["event_id"] == events.first.map { .string($0.id) })
        for _ in 0..<3 { _ = try await world.service.send(try order()) }
        clock.advance(seconds: 600)
        let limited = try await refusal(world, try order())
        #expect(limited.code == .rateLimited && limited.retryAfterSeconds == 3000)
        for _ in 0..<2 {
            _ = try await world.service.send(try order("+14155550102", purpose: .test(user)))
        }
        let tests = try await refusal(world, try order("+14155550103", purpose: .test(user)))
        #expect(tests.code == .rateLimited && tests.retryAfterSeconds == 86_400)
    }

    @Test(
        "without usable variables nothing is sent, and an event says so",
        arguments: [
            ("TWILIO_FROM_NUMBER", nil, ErrorCode.notConfigured),
            ("TWILIO_FROM_NUMBER", "555", .envMalformed),
            ("TWILIO_ACCOUNT_SID", "AC1", .envMalformed), ("TWILIO_AUTH_TOKEN", "", .notConfigured),
        ] as [(String, String?, ErrorCode)])
    func obstacle(variable: String, value: String?, code: ErrorCode) async throws {
        var environment = Self.environment
        environment[variable] = value
        let world = try world(environment: environment)
        let error = try await refusal(world, try order(key: "k"))
        #expect(error.code == code && error.suggestedFix.contains(variable))
        #expect(world.provider.calls.isEmpty)
        let events = await world.usage.events(
            of: TwilioAccount.integration, before: nil, limit: 5
        ).events
        #expect(events.map(\.facts.errorCode) == [code.rawValue])
        #expect(events.map(\.facts.status) == [.refused])
        // Once the variable is there the same key sends.
        let repaired = try self.world()
        #expect(try await repaired.service.send(try order(key: "k")).status == .queued)
        // And what was sent is known, whatever becomes of the variables.
        let broken = try self.world(environment: environment)
        #expect(try await broken.service.send(try order(key: "k")).status == .queued)
    }

    @Test("neither numbers nor texts nor keys are in the log")
    func private_() async throws {
        let world = try world([.created(1), .refused(21610, "opted_out"), .created(3)])
        _ = try await world.service.send(try order(body: "the text", key: "the key"))
        _ = try await refusal(world, try order("+14155550123"))
        _ = try await refusal(world, try order("+14155550123"))
        var bytes: [UInt8] = []
        try log.read(from: [:]) { section in
            var reader = section.reader
            bytes += try reader.readRaw(reader.remaining)
        }
        for part in await world.service.alerts.snapshotParts() {
            while let chunk = part.nextChunk() { bytes += chunk }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("opted_out"))
        for secret in ["4155550100", "4155550123", "5005550006", "the text", "the key", "tok_1"] {
            #expect(!text.contains(secret), "\(secret)")
        }
    }
}
