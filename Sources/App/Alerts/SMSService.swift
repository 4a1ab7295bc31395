import Actors
import Logging
import Persistence

/// Sends text messages by the rules: what may be sent is decided and written down first, then it is
/// sent once, then what came of it is kept and told.
struct SMSService: Sendable {
    let alerts: AlertsActor
    let account: TwilioAccount
    private let sender: TwilioSender
    /// For the events of messages that never left.
    let journal: CallJournal
    private let keyring: DataKeyring
    let clock: any WallClock
    private let logger: Logger

    init(
        alerts: AlertsActor, account: TwilioAccount, calls: any ProviderCalling,
        journal: CallJournal, keyring: DataKeyring, clock: any WallClock, random: any RandomSource,
        logger: Logger
    ) {
        self.alerts = alerts
        self.account = account
        self.journal = journal
        self.keyring = keyring
        self.clock = clock
        self.logger = logger
        sender = TwilioSender(
            calls: calls, from: account.from, callbackURL: account.callbackURL, clock: clock,
            random: random)
    }

    /// A message that somebody wants to be sent.
    struct Order: Sendable {
        let number: PhoneNumber
        let body: String
        let purpose: SMSAttempt.Purpose
        /// Who asks, as text: keys of different callers have nothing to do with each other.
        let caller: String
        let key: String?
        let trace: TraceID
        let now: Timestamp
    }

    /// - Returns: the answer of the provider, the stored one where the key was used before.
    /// - Throws: whatever kept the message from being sent, or may have.
    func send(_ order: Order) async throws(APIError) -> SMSAnswer {
        let attempt = attempt(order)
        if let obstacle = account.obstacle {
            if let known = try await recall(attempt) { return try Self.told(known) }
            throw await refusal(
                obstacle.code, message: obstacle.message, fix: obstacle.suggestedFix, order)
        }
        let start: AlertsActor.Start
        do throws(AlertsState.Refusal) {
            start = try await alerts.begin(attempt)
        } catch {
            throw await refusal(error, order)
        }
        switch start {
        case .answered(let answer):
            return try Self.told(answer)
        case .send(let attempt):
            // Whoever asked may hang up meanwhile; the message is on its way all the same, and what
            // comes of it is kept.
            let answer = await Task { await carryOut(order, attempt) }.value
            return try Self.told(answer)
        }
    }

    private func carryOut(_ order: Order, _ attempt: UInt64) async -> SMSAnswer {
        let (answer, refusedCallback) = await sender.send(
            to: order.number, body: order.body, trace: order.trace)
        if refusedCallback {
            logger.warning(
                "Twilio takes public_url for no public address, so it reports no deliveries",
                metadata: ["trace_id": "\(order.trace)"])
        }
        await alerts.finish(attempt, answer)
        return answer
    }

    private func recall(_ attempt: SMSAttempt) async throws(APIError) -> SMSAnswer? {
        do throws(AlertsState.Refusal) {
            return try await alerts.recall(attempt)
        } catch {
            throw APIError(error)
        }
    }

    // MARK: After a crash

    /// Answers what a former process has left without an answer: it may have been sent.
    ///
    /// - Parameter usage: has the interrupted events already.
    func closeInterrupted(_ usage: UsageActor) async {
        let interrupted = await alerts.interrupted
        guard !interrupted.isEmpty else { return }
        let rows = await usage.events(
            of: TwilioAccount.integration, before: nil, limit: Self.interruptedRowsMax)
        for (attempt, trace) in interrupted {
            let row = rows.events.first { $0.facts.trace == trace }?.row
            await alerts.finish(attempt, .lost(at: clock.now(), row: row))
        }
    }

    /// What was under way when the server ended is among the newest events.
    private static let interruptedRowsMax = 10_000

    // MARK: Hashes

    /// The number and the text go no further than the provider: what is kept are keyed hashes.
    private func attempt(_ order: Order) -> SMSAttempt {
        let number = Array(order.number.e164.utf8)
        let key = order.key.map { key in
            SMSAttempt.Key(
                name: hash("idempotency key", [order.caller, key]),
                request: hash(
                    "message", [order.purpose.text, order.number.e164, order.body]))
        }
        return SMSAttempt(
            at: order.now, purpose: order.purpose,
            recipient: KeyedHash(keyring.fingerprint("phone number", number)), key: key,
            trace: order.trace)
    }

    /// Each part with its length before it, so that no two lists give the same bytes.
    private func hash(_ purpose: String, _ parts: [String]) -> KeyedHash {
        var writer = ByteWriter()
        for part in parts { writer.write(part) }
        return KeyedHash(keyring.fingerprint(purpose, writer.bytes))
    }

    func hash(ofReport token: String) -> KeyedHash { hash("report", [token]) }
}

extension SMSAttempt.Purpose {
    fileprivate var text: String {
        switch self {
        case .test: "test"
        case .alert: "alert"
        }
    }
}
