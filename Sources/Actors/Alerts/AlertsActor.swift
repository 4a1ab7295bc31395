package import Persistence

/// Owns what is known of text messages, in shard 0. An attempt is durable before its caller sends
/// anything, and its answer is durable before anybody is told.
package actor AlertsActor {
    package static let shard = ShardID(0)

    private let log: any EventLog
    private let limits: SMSLimits
    private var state: AlertsState
    /// The state as the log has it, while `state` has answers that the log had no room for.
    private var logged: AlertsState?
    /// The attempts of this process, each with those who have asked again under its key. What is
    /// under way and not in here was cut off by the end of a former process.
    private var waiters: [UInt64: [CheckedContinuation<SMSAnswer, Never>]] = [:]
    /// Reports of messages whose answers are still on their way to us.
    private var early: [SMSReport] = []
    /// Answers that the log had no room for; they count already.
    private var postponed: [AlertsEvent] = []
    private var changedAt: UInt64

    /// More attempts than can be under way at a time.
    private static let earlyMax = 4096

    package init(recovered: AlertsState, limits: SMSLimits, log: any EventLog) {
        state = recovered
        self.limits = limits
        self.log = log
        changedAt = recovered.appliedRecord
    }

    // MARK: Taking over and giving up

    package func adopt(_ recovered: AlertsState) {
        state = recovered
        logged = nil
        changedAt = recovered.appliedRecord
    }

    /// Gives up what the log knows, all of which has to be durable. Attempts that are under way are
    /// closed by the next owner; whoever waits for one here still hears of it.
    package func surrender() -> AlertsState {
        let given = logged ?? state
        adopt(AlertsState())
        return given
    }

    // MARK: The turn

    private func append(_ events: [AlertsEvent]) throws(AppendError) -> LogPosition {
        let all = postponed + events
        let last = try log.append(all, to: Self.shard)
        for (offset, event) in all.enumerated() {
            state.apply(event, record: last.record - UInt64(all.count - 1 - offset))
        }
        postponed = []
        logged = nil
        changedAt = last.record
        return last
    }

    private func settled() async {
        let position = LogPosition(shard: Self.shard, record: changedAt)
        if !log.isDurable(position) { await log.durable(through: position) }
    }

    // MARK: Sending

    package enum Start: Sendable, Equatable {
        /// The attempt is durable: the caller sends, and `finish` must follow.
        case send(attempt: UInt64)
        /// The key was used before, and this came of it.
        case answered(SMSAnswer)
    }

    /// Waits for the answer of an attempt that is under way with the same key.
    package func begin(_ attempt: SMSAttempt) async throws(AlertsState.Refusal) -> Start {
        if let known = try state.known(attempt) {
            return .answered(await answer(known, at: attempt.at))
        }
        let events = try state.begin(attempt, limits)
        let position: LogPosition
        do throws(AppendError) {
            position = try append(events)
        } catch {
            throw .storage(error)
        }
        waiters[position.record] = []
        await log.durable(through: position)
        return .send(attempt: position.record)
    }

    /// What came of an earlier attempt with this key, for when no new one can be made.
    package func recall(
        _ attempt: SMSAttempt
    ) async throws(AlertsState.Refusal) -> SMSAnswer? {
        guard let known = try state.known(attempt) else { return nil }
        return await answer(known, at: attempt.at)
    }

    private func answer(_ known: AlertsState.Known, at now: Timestamp) async -> SMSAnswer {
        switch known {
        case .answered(let answer):
            await settled()
            return answer
        case .underWay(let attempt):
            guard waiters[attempt] != nil else { return .lost(at: now) }
            return await withCheckedContinuation { waiters[attempt]?.append($0) }
        }
    }

    /// Keeps what came of an attempt, and tells everybody who waits for it. A full disk does not
    /// change what has happened: the answer counts, and is written when there is room.
    package func finish(_ attempt: UInt64, _ answer: SMSAnswer) async {
        let events = state.finish(attempt, answer)
        // Nothing to say of an attempt that is another owner's by now.
        if !events.isEmpty { await keep(events, answer) }
        for waiter in waiters.removeValue(forKey: attempt) ?? [] {
            waiter.resume(returning: answer)
        }
        if waiters.isEmpty { early = [] }
    }

    private func keep(_ events: [AlertsEvent], _ answer: SMSAnswer) async {
        do throws(AppendError) {
            let last = try append(events)
            takeEarly(of: answer)
            await log.durable(through: last)
        } catch {
            logged = logged ?? state
            for event in events { state.apply(event, record: state.appliedRecord) }
            postponed += events
        }
    }

    /// Attempts that a former process has left without an answer. Each is to be finished.
    package var interrupted: [(attempt: UInt64, trace: TraceID)] {
        state.underWay.filter { waiters[$0.key] == nil }.sorted { $0.key < $1.key }
            .map { ($0.key, $0.value.trace) }
    }

    // MARK: Reports

    /// Answers whether it has told anything new.
    package func take(_ report: SMSReport) async throws(AppendError) -> Bool {
        let events = state.decide(report)
        guard !events.isEmpty else {
            if !waiters.isEmpty, !state.isKnown(report.providerMessageID) {
                early.append(report)
                if early.count > Self.earlyMax { early.removeFirst() }
            }
            await settled()
            return false
        }
        await log.durable(through: try append(events))
        return true
    }

    /// The provider's report can be here before the answer that names the message.
    private func takeEarly(of answer: SMSAnswer) {
        guard let id = answer.providerMessageID else { return }
        for report in early where report.providerMessageID == id {
            let events = state.decide(report)
            // Without room for it, the next report says as much or more.
            if !events.isEmpty { _ = try? append(events) }
        }
        early.removeAll { $0.providerMessageID == id }
    }

    // MARK: Questions

    /// Newest first.
    package func messages(limit: Int) async -> [SMSMessage] {
        let messages = state.messages(limit: limit)
        await settled()
        return messages
    }

    /// Those that were tried under this trace id.
    package func messages(under trace: TraceID) async -> [SMSMessage] {
        let messages = state.messages(limit: MessageHistory.messagesMax)
        await settled()
        return messages.filter { $0.trace == trace }
    }

    package func snapshotParts() -> [SnapshotPart] { state.snapshotParts(shard: Self.shard) }
}

extension SMSAnswer {
    /// Of an attempt whose answer nobody has seen.
    package static func lost(at now: Timestamp, row: UInt64? = nil) -> SMSAnswer {
        SMSAnswer(
            at: now, status: .ambiguous, row: row,
            failure: Failure(
                errorCode: "ambiguous",
                message: "The server stopped while this message was being sent; it may have been "
                    + "sent or not.",
                suggestedFix: "Look for the message in the provider's own log before sending it "
                    + "again under a new key."))
    }
}
