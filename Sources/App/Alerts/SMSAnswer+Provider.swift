import Actors

// What an answer of Twilio means for a message. Only two things are certain: Twilio says that it
// has the message, or it says that it does not want it. All else is ambiguous, unless nothing ever
// left here.

extension SMSAnswer {
    init(_ answer: ProviderAnswer, at now: Timestamp) {
        switch Finding(answer) {
        case .taken(let id, let status):
            self.init(at: now, status: status, providerMessageID: id, row: answer.row)
        case .failedAtOnce(let id):
            self.init(
                at: now, status: .failed, providerMessageID: id, row: answer.row,
                failure: Failure(
                    .providerRejected, message: "Twilio took the message and failed to send it.",
                    fix: nil))
        case .refused(let code, let providerCode):
            self.init(
                at: now, status: .failed, row: answer.row,
                failure: Failure(
                    code, message: Self.refusal(code, providerCode), fix: answer.suggestedFix),
                effect: code == .optedOut ? .optedOut : .none)
        case .tooMany(let seconds):
            self.init(
                at: now, status: .failed, row: answer.row,
                failure: Failure(
                    .rateLimited, message: "Twilio takes no more messages at the moment.",
                    fix: answer.suggestedFix, retryAfterSeconds: seconds),
                effect: .keyIsFree)
        case .neverSent(let code):
            self.init(
                at: now, status: .failed, row: answer.row,
                failure: Failure(
                    code, message: nil, fix: answer.suggestedFix,
                    retryAfterSeconds: answer.retryAfterSeconds),
                effect: .keyIsFree)
        case .ambiguous:
            self.init(
                at: now, status: .ambiguous, row: answer.row,
                failure: Failure(
                    .ambiguous,
                    message: "Twilio gave no clear answer: the message may have been sent or not.",
                    fix: "Look for the message in Twilio's message log before sending it again "
                        + "under a new key."))
        }
    }

    /// Twilio's own text is left out: it repeats the number.
    private static func refusal(_ code: ErrorCode, _ providerCode: String?) -> String {
        let text = code.definition.message
        guard let providerCode, providerCode.utf8.count <= 8 else { return text }
        return text.dropLast() + " (Twilio's error \(providerCode))."
    }
}

extension SMSAnswer.Failure {
    /// - Parameters:
    ///   - message: the catalogue's when nil.
    ///   - fix: the catalogue's when nil.
    init(_ code: ErrorCode, message: String?, fix: String?, retryAfterSeconds: Int? = nil) {
        let definition = code.definition
        self.init(
            errorCode: code.rawValue, message: message ?? definition.message,
            suggestedFix: fix ?? definition.suggestedFix,
            retryAfterSeconds: retryAfterSeconds.map { UInt32(clamping: $0) })
    }
}

/// What Twilio has said.
private enum Finding {
    case taken(id: String, SMSStatus)
    /// It has a name and is over already.
    case failedAtOnce(id: String)
    case refused(ErrorCode, providerCode: String?)
    /// Not processed, however often we asked.
    case tooMany(retryAfterSeconds: Int)
    case neverSent(ErrorCode)
    case ambiguous

    init(_ answer: ProviderAnswer) {
        guard let status = answer.httpStatus else {
            self = Finding(withoutAnswer: answer)
            return
        }
        switch status {
        case 200..<300:
            self = Finding(TwilioMessage(answer.body))
        // 408: the provider gave up on the request; what it had done by then, nobody knows.
        case 408, 500...:
            self = .ambiguous
        case 429:
            self = .tooMany(retryAfterSeconds: max(1, answer.retryAfterSeconds ?? 1))
        case _ where answer.providerCode == "20429":
            self = .tooMany(retryAfterSeconds: max(1, answer.retryAfterSeconds ?? 1))
        case _ where answer.status == .ambiguous:
            self = .ambiguous
        default:
            self = .refused(Self.code(answer.errorCode), providerCode: answer.providerCode)
        }
    }

    private init(_ message: TwilioMessage) {
        guard let id = message.sid else {
            // It was taken, and we don't know under which name.
            self = .ambiguous
            return
        }
        switch SMSStatus(provider: message.status ?? "") {
        case .failed?, .undelivered?, .canceled?: self = .failedAtOnce(id: id)
        case let status?: self = .taken(id: id, status)
        case nil: self = .taken(id: id, .queued)
        }
    }

    private init(withoutAnswer answer: ProviderAnswer) {
        switch answer.status {
        case .refused:
            let code = answer.errorCode.flatMap(ErrorCode.init(rawValue:))
            self = .neverSent(code.flatMap { Self.ours.contains($0) ? $0 : nil } ?? .notReady)
        // No connection was ever there, so nothing can have left.
        case .error where answer.errorCode == UsageErrorCode.unreachable:
            self = .neverSent(.upstreamUnreachable)
        case .ok, .error, .timeout, .abortedClient, .abortedUpstream, .interrupted, .ambiguous,
            .pending:
            self = .ambiguous
        }
    }

    /// Why the gateway refuses a call of the server's own.
    private static let ours: Set<ErrorCode> = [
        .overloaded, .storageFull, .shuttingDown, .notConfigured, .envMalformed,
    ]

    /// The event's code, where callers know it under the same name.
    private static func code(_ errorCode: String?) -> ErrorCode {
        guard let code = errorCode.flatMap(ErrorCode.init(rawValue:)), told.contains(code) else {
            return .providerRejected
        }
        return code
    }

    private static let told: Set<ErrorCode> = [
        .authFailed, .badRecipient, .badSender, .geoPermission, .optedOut, .queueFull,
        .senderUnregistered, .trialUnverified,
    ]
}
