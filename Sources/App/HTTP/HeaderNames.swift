import HTTPTypes

/// The header names that swift-http-types does not have.
extension HTTPField.Name {
    static let traceID = literal("x-trace-id")
    static let traceparent = literal("traceparent")
    static let xForwardedFor = literal("x-forwarded-for")
    static let hop = literal(HopSeal.header)
    static let xRealIP = literal("x-real-ip")
    static let forwarded = literal("forwarded")
    static let via = literal("via")
    static let secFetchSite = literal("sec-fetch-site")
    static let rateLimit = literal("ratelimit")
    static let rateLimitPolicy = literal("ratelimit-policy")
    static let xRateLimitLimit = literal("x-ratelimit-limit")
    static let xRateLimitRemaining = literal("x-ratelimit-remaining")
    static let xRateLimitReset = literal("x-ratelimit-reset")
    static let idempotencyKey = literal("idempotency-key")
    static let twilioSignature = literal("x-twilio-signature")
    static let twilioSignatureSettings = literal("x-twilio-webhooks-signature-settings")
    static let twilioIdempotencyToken = literal("i-twilio-idempotency-token")
    static let referrerPolicy = literal("referrer-policy")
    static let permissionsPolicy = literal("permissions-policy")
    static let crossOriginOpenerPolicy = literal("cross-origin-opener-policy")
    static let crossOriginResourcePolicy = literal("cross-origin-resource-policy")

    private static func literal(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else {
            preconditionFailure("\(text) is no header name")
        }
        return name
    }
}
