import Actors
import Persistence

/// What callers are told of a message: the provider's answer, or why there is none. A message that
/// a rule of ours stood against is an event like any other.
extension SMSService {
    /// A failure is thrown, with the fields of an answer beside the error's own.
    static func told(_ answer: SMSAnswer) throws(APIError) -> SMSAnswer {
        guard let failure = answer.failure else { return answer }
        throw APIError(
            ErrorCode(rawValue: failure.errorCode) ?? .providerRejected,
            message: failure.message, suggestedFix: failure.suggestedFix,
            retryAfterSeconds: failure.retryAfterSeconds.map(Int.init),
            extra: extra(answer.status.text, answer.providerMessageID, answer.row))
    }

    private static func extra(
        _ status: String, _ providerMessageID: String?, _ row: UInt64?
    ) -> [(name: String, value: APIError.Value)] {
        [
            ("status", .string(status)),
            ("provider_message_id", providerMessageID.map { .string($0) } ?? .null),
            ("event_id", row.map { .string(UsageEvent.id(ofRow: $0)) } ?? .null),
        ]
    }

    func refusal(_ refusal: AlertsState.Refusal, _ order: Order) async -> APIError {
        switch refusal {
        case .optedOut: await self.refusal(.optedOut, message: nil, fix: nil, order)
        case .keyConflict, .limited, .storage: APIError(refusal)
        }
    }

    func refusal(
        _ code: ErrorCode, message: String?, fix: String?, _ order: Order
    ) async -> APIError {
        let facts = UsageFacts(
            integration: TwilioAccount.integration, operation: TwilioSender.operation,
            source: .observed, status: .refused, at: order.now, errorCode: code.rawValue,
            trace: order.trace)
        // Nothing has left, so a full log leaves it at the answer.
        let row = try? await record(facts)
        return APIError(
            code, message: message, suggestedFix: fix,
            extra: Self.extra(UsageStatus.refused.text, nil, row))
    }

    private func record(_ facts: UsageFacts) async throws(AppendError) -> UInt64 {
        let position = try journal.append(
            UsageRecord(facts: facts, report: nil, arrivedAt: clock.now()))
        await withCheckedContinuation { continuation in
            journal.whenDurable(position) { continuation.resume() }
        }
        return position.record
    }
}

extension APIError {
    init(_ refusal: AlertsState.Refusal) {
        switch refusal {
        case .keyConflict:
            self.init(ErrorCode.idempotencyConflict, field: "Idempotency-Key")
        case .optedOut:
            self.init(ErrorCode.optedOut, field: "to")
        case .limited(let limit, let seconds):
            self.init(
                ErrorCode.rateLimited, message: limit.text, retryAfterSeconds: seconds)
        case .storage(let reason):
            self.init(reason)
        }
    }
}

extension AlertsState.Limit {
    fileprivate var text: String {
        switch self {
        case .testsOfUser:
            "You have sent as many test messages within 24 hours as one user may."
        case .testsOfInstallation:
            "This installation has sent as many test messages within 24 hours as it may."
        case .number:
            "This number has been sent as many messages within an hour as it may."
        }
    }
}
