import Actors
import HTTPTypes
import NIOCore

/// Text messages: people test them, programs and admins send them, Twilio reports on them.
struct AlertRoutes: Sendable {
    let service: SMSService
    let usage: UsageActor
    /// Twilio, as the gateway knows it; nil when the catalogue has none.
    let provider: GatewayProvider?
    let limits: SMSLimits

    var endpoints: [Endpoint] {
        [test, send, status, TwilioWebhook(service: service, usage: usage).endpoint]
    }

    private static let testBody =
        "Countersign: this is a test message. If you did not ask for it, tell your administrator."
    private static let testBodyBytesMax = 4096
    private static let keyBytes = 1...256
    private static let sendErrors: [ErrorCode] = [
        .headerInvalid, .validationFailed, .phoneInvalid, .idempotencyConflict, .optedOut,
        .badRecipient, .badSender, .geoPermission, .trialUnverified, .senderUnregistered,
        .queueFull, .authFailed, .providerRejected, .ambiguous, .upstreamUnreachable,
        .notConfigured, .envMalformed, .rateLimited, .storageFull, .overloaded,
    ]

    // MARK: Sending

    private struct TestBody: Decodable { let to: String? }

    private var test: Endpoint {
        Endpoint(
            .post, "/api/alerts/sms/test", "Send a test message to your own phone",
            access: .session(stepUp: false), rateClass: .smsTest,
            // Not `.json`: nothing has to be sent, not even a content type.
            request: .raw(
                contentTypes: [], bytesMax: Self.testBodyBytesMax,
                schema: .object([
                    .init(
                        "to", .nullable(.phone), isRequired: false,
                        note: "Another number than the account's; for admins only.")
                ])),
            response: .json(status: 200, AlertJSON.answerSchema), errors: Self.sendErrors
        ) { call throws(APIError) in
            let user = try call.session().user
            let to = call.body.readableBytes == 0 ? nil : try call.decode(TestBody.self).to
            return try await deliver(
                to: try Self.number(to, for: user), body: Self.testBody, .test(user.id), call)
        }
    }

    private static func number(
        _ to: String?, for user: UserView
    ) throws(APIError) -> PhoneNumber {
        if let to, to != user.phone {
            guard user.role == .admin else {
                throw APIError(
                    .forbidden, field: "to",
                    message: "Only an administrator may test another number than their own.",
                    suggestedFix: "Leave `to` out, or set your own number in your profile.")
            }
            return try to.asPhone(field: "to")
        }
        guard let phone = user.phone.flatMap({ PhoneNumber($0) }) else {
            throw APIError(
                .validationFailed, field: "phone_e164",
                message: "Your account has no phone number to send a test message to.",
                suggestedFix: "Set one with PATCH /api/auth/profile, then try again.")
        }
        return phone
    }

    private struct SendBody: Decodable {
        let to: String
        let body: String
    }

    private var send: Endpoint {
        Endpoint(
            .post, "/api/alerts/sms",
            "Send a message; an Idempotency-Key header keeps it from being sent twice",
            access: .adminOrScope(.alertsSend), rateClass: .sms,
            request: .json(
                .object([
                    .init("to", .phone),
                    .init("body", .text(1...1600), note: "Not only white space."),
                ])),
            response: .json(status: 200, AlertJSON.answerSchema), errors: Self.sendErrors
        ) { call throws(APIError) in
            let message = try call.decode(SendBody.self)
            let number = try message.to.asPhone(field: "to")
            guard message.body.unicodeScalars.count <= TwilioSender.bodyCharactersMax,
                message.body.contains(where: { !$0.isWhitespace })
            else {
                throw APIError(
                    .validationFailed, field: "body",
                    message: "A message has 1–\(TwilioSender.bodyCharactersMax) characters, and "
                        + "not only white space.")
            }
            return try await deliver(to: number, body: message.body, .alert, call)
        }
    }

    private func deliver(
        to number: PhoneNumber, body: String, _ purpose: SMSAttempt.Purpose, _ call: Call
    ) async throws(APIError) -> Reply {
        let caller: String
        switch call.caller {
        case .session(let principal): caller = principal.user.id.description
        case .token(let principal): caller = principal.id.description
        case .anonymous: throw APIError(.notSignedIn)
        }
        let answer = try await service.send(
            SMSService.Order(
                number: number, body: body, purpose: purpose, caller: caller,
                key: try Self.key(call), trace: call.trace, now: call.now))
        return AlertJSON.reply(answer)
    }

    private static func key(_ call: Call) throws(APIError) -> String? {
        guard let key = call.headers[.idempotencyKey] else { return nil }
        guard keyBytes.contains(key.utf8.count) else {
            throw APIError(
                .headerInvalid, field: "Idempotency-Key",
                message: "An Idempotency-Key has 1–256 bytes.")
        }
        return key
    }

    // MARK: Looking

    private static let listLimits = 1...200
    private static let standardLimit = 50

    private var status: Endpoint {
        Endpoint(
            .get, "/api/alerts/status", "Whether messages can be sent, and what became of the last",
            access: .sessionOrScope(.statusRead), rateClass: .reads,
            query: [
                .init(
                    "limit", .integer(in: Self.listLimits), isRequired: false,
                    note: "50 when absent.")
            ],
            response: .json(status: 200, AlertJSON.statusSchema), errors: [.validationFailed]
        ) { call throws(APIError) in
            let limit = try call.number(
                "limit", in: Self.listLimits, standard: Self.standardLimit)
            let standing = await usage.standings(at: call.now)[TwilioAccount.integration]
            return AlertJSON.status(
                service.account, provider?.status(standing, at: call.now), limits,
                await service.alerts.messages(limit: limit)
            ).unlessKnown(to: call)
        }
    }
}
