import Actors
import HTTPTypes
import NIOCore
import Persistence

/// Twilio tells how far a message has come. Whoever calls is nobody until the signature is right,
/// and what was learnt is durable before Twilio hears that it need not say it again.
struct TwilioWebhook: Sendable {
    let service: SMSService
    let usage: UsageActor

    /// A report has about ten short fields.
    private static let bodyBytesMax = 64 << 10
    private static let form = "application/x-www-form-urlencoded"
    private static let json = "application/json"

    var endpoint: Endpoint {
        Endpoint(
            .post, TwilioAccount.callbackPath, "Twilio reports how far a message has come",
            access: .anyone,
            request: .raw(
                contentTypes: [Self.form, Self.json], bytesMax: Self.bodyBytesMax,
                schema: .object([
                    .init("MessageSid", .string()), .init("MessageStatus", .string()),
                    .init("ErrorCode", .string(), isRequired: false),
                ])),
            response: .json(status: 200, EmptyEnvelope.schema),
            errors: [.signatureInvalid, .notConfigured, .storageFull, .overloaded]
        ) { call throws(APIError) in
            try await learn(from: try verified(call), call)
            return .object(EmptyEnvelope())
        }
    }

    // MARK: Who is it

    /// The fields of a request that is Twilio's.
    private func verified(_ call: Call) throws(APIError) -> [(name: String, value: String)] {
        let account = service.account
        guard let base = account.publicURL else {
            throw APIError(
                .notConfigured,
                message: "Without public_url nobody can tell whether a report is Twilio's.",
                suggestedFix: "Set COUNTERSIGN_PUBLIC_URL to where the outside reaches the server.")
        }
        guard !account.authToken.value.isEmpty else {
            throw APIError(
                .notConfigured,
                message: "Without TWILIO_AUTH_TOKEN nobody can tell whether a report is Twilio's.")
        }
        let body = Array(call.body.readableBytesView)
        let isJSON = call.headers[.contentType]?.lowercased().hasPrefix(Self.json) ?? false
        let fields =
            isJSON
            ? Self.members(body)
            : PercentEncoding.pairs(query: String(decoding: body, as: UTF8.self)[...])
        let signature = TwilioSignature(
            authToken: account.authToken, sharedKey: account.sharedKey)
        guard let fields, let claimed = call.headers[.twilioSignature],
            signature.isValid(
                claimed, settings: call.headers[.twilioSignatureSettings], base: base,
                path: TwilioAccount.callbackPath, query: call.rawQuery,
                isJSON ? .body(body) : .form(fields))
        else { throw APIError(.signatureInvalid) }
        return fields
    }

    /// The members that are strings; nil for what is no JSON object.
    private static func members(_ body: [UInt8]) -> [(name: String, value: String)]? {
        var members: [(name: String, value: String)] = []
        var scanner = JSONScanner(body)
        do throws(JSONFault) {
            try scanner.object { scanner, name throws(JSONFault) in
                guard case .string(let text) = try scanner.value() else { return }
                members.append((name, text))
            }
            try scanner.finish()
        } catch {
            return nil
        }
        return members
    }

    // MARK: What does it say

    /// A status that we don't know, and a message that is not ours, are no reason for Twilio to
    /// call again.
    private func learn(
        from fields: [(name: String, value: String)], _ call: Call
    ) async throws(APIError) {
        func field(_ names: String...) -> String? {
            for name in names {
                if let found = fields.first(where: { $0.name == name }) { return found.value }
            }
            return nil
        }
        guard let id = field("MessageSid", "SmsSid"), TwilioMessageID.isValid(id),
            let status = SMSStatus(provider: field("MessageStatus", "SmsStatus") ?? "")
        else { return }
        let report = SMSReport(
            providerMessageID: id, status: status, errorCode: Self.errorCode(field("ErrorCode")),
            at: call.now, token: call.headers[.twilioIdempotencyToken].map(service.hash(ofReport:)))
        do throws(AppendError) {
            // Only what is new shows that Twilio is at work: a report that somebody has recorded
            // and plays again shows nothing.
            guard try await service.alerts.take(report) else { return }
            try await usage.record([
                .callback(TwilioAccount.integration, at: call.now, trace: call.trace)
            ])
        } catch {
            throw APIError(error)
        }
    }

    /// Twilio's numbers have five digits; zero and nothing mean that all is well.
    private static func errorCode(_ text: String?) -> String? {
        guard let text, let number = UInt32(text), number > 0 else { return nil }
        return String(number)
    }
}
