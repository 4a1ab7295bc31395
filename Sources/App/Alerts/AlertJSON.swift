import Actors
import HTTPTypes
import NIOCore

/// Alerts as they go over the wire. No number is in any of it.
enum AlertJSON {
    // MARK: A message that was sent

    static func reply(_ answer: SMSAnswer) -> Reply {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.member("status", answer.status.text)
        json.member("provider_message_id", answer.providerMessageID)
        json.member("event_id", answer.row.map { UsageEvent.id(ofRow: $0) })
        return Reply(.ok, .openObject(ByteBuffer(bytes: json.bytes)))
    }

    static var answerSchema: Schema {
        .named(
            "SentMessage",
            .object([
                .init("status", .enumeration(SMSStatus.allCases.map(\.text))),
                .init("provider_message_id", .nullable(.string(example: "SM" + zeros))),
                .init("event_id", .nullable(.string(example: "evt_00000000002a"))),
            ]))
    }

    private static let zeros = String(repeating: "0", count: 32)

    // MARK: All of them

    /// - Parameter status: nil when an operator's own catalogue has no Twilio.
    static func status(
        _ account: TwilioAccount, _ status: IntegrationStatus?, _ limits: SMSLimits,
        _ messages: [SMSMessage]
    ) -> Reply {
        var json = JSONWriter(capacity: 1024 + messages.count * 320)
        json.beginObject()
        if let status {
            status.writeMembers(to: &json)
        } else {
            writeAbsence(account, to: &json)
        }
        json.member("delivery_reports", account.publicURL != nil)
        json.key("limits")
        json.beginObject()
        json.member("test_per_user_day", limits.testsPerUserDay)
        json.member("test_per_installation_day", limits.testsPerInstallationDay)
        json.member("per_number_hour", limits.perNumberHour)
        json.endObject()
        json.key("messages")
        json.beginArray()
        for message in messages { write(message, to: &json) }
        json.endArray()
        return Reply(.ok, .openObject(ByteBuffer(bytes: json.bytes)))
    }

    private static func writeAbsence(_ account: TwilioAccount, to json: inout JSONWriter) {
        json.member("configured", false)
        json.member("connected", false)
        json.key("missing_env_vars")
        json.beginArray()
        json.endArray()
        json.member("error_code", account.obstacle?.code.rawValue)
        json.member("suggested_fix", account.obstacle?.suggestedFix)
    }

    static func write(_ message: SMSMessage, to json: inout JSONWriter) {
        json.beginObject()
        json.member("provider_message_id", message.providerMessageID)
        json.member("status", message.status.text)
        json.member("event_id", message.row.map { UsageEvent.id(ofRow: $0) })
        json.member("at", message.at)
        json.member("updated_at", message.updatedAt)
        json.member("trace_id", message.trace)
        json.member("error_code", message.errorCode)
        json.member("test", message.isTest)
        json.endObject()
    }

    /// Beside the members of the integration's own status.
    static var statusSchema: Schema {
        .object([
            .init("configured", .boolean),
            .init("connected", .boolean),
            .init("missing_env_vars", .array(.string())),
            .init("error_code", .nullable(.string())),
            .init("suggested_fix", .nullable(.string())),
            .init(
                "delivery_reports", .boolean,
                note: "Whether Twilio is asked to tell; needs public_url."),
            .init(
                "limits",
                .object([
                    .init("test_per_user_day", .integer),
                    .init("test_per_installation_day", .integer),
                    .init("per_number_hour", .integer),
                ])),
            .init("messages", .array(messageSchema), note: "Newest first."),
        ])
    }

    static var messageSchema: Schema {
        .named(
            "Message",
            .object([
                .init("provider_message_id", .nullable(.string())),
                .init("status", .enumeration(SMSStatus.allCases.map(\.text))),
                .init("event_id", .nullable(.string())),
                .init("at", .string(format: "date-time"), note: "When it was tried."),
                .init(
                    "updated_at", .string(format: "date-time"),
                    note: "When the status was last heard of."),
                .init("trace_id", .string()),
                .init(
                    "error_code", .nullable(.string()),
                    note: "One of ours when it was refused, Twilio's number when it failed later."),
                .init("test", .boolean),
            ]))
    }
}
