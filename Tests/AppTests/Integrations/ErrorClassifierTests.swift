import Actors
import Testing

@testable import App

@Suite("What failures of providers mean")
struct ErrorClassifierTests {
    typealias Row = (
        id: String, status: Int, code: String?, message: String?, expected: String,
        fault: ErrorRule.Fault
    )

    @Test(
        "Twilio",
        arguments: [
            ("twilio", 401, "20003", "Authenticate", "auth_failed", .integration),
            ("twilio", 403, "20008", nil, "test_credentials", .integration),
            ("twilio", 404, "20404", nil, "not_found", .caller),
            ("twilio", 429, "20429", nil, "rate_limited", .caller),
            ("twilio", 400, "20429", nil, "rate_limited", .caller),
            ("twilio", 400, "21211", nil, "bad_recipient", .caller),
            ("twilio", 400, "21212", nil, "bad_sender", .integration),
            ("twilio", 400, "21606", nil, "bad_sender", .integration),
            ("twilio", 400, "21408", nil, "geo_permission", .integration),
            ("twilio", 400, "21604", nil, "rejected", .caller),
            ("twilio", 400, "21608", nil, "trial_unverified", .integration),
            ("twilio", 400, "21609", nil, "callback_rejected", .integration),
            ("twilio", 400, "21610", nil, "opted_out", .caller),
            ("twilio", 400, "21611", nil, "queue_full", .caller),
            ("twilio", 400, "21612", nil, "bad_recipient", .caller),
            ("twilio", 400, "21614", nil, "bad_recipient", .caller),
            ("twilio", 400, "21617", nil, "body_too_long", .caller),
            ("twilio", 400, "30034", nil, "a2p_unregistered", .integration),
            ("twilio", 500, "20500", nil, "provider_down", .provider),
            ("twilio", 400, "99999", "New.", "rejected", .caller),
        ] as [Row])
    func twilio(row: Row) throws { try check(row) }

    @Test(
        "Alpaca",
        arguments: [
            ("alpaca", 401, "40110000", "request is not authorized", "auth_failed", .integration),
            ("alpaca", 401, nil, nil, "auth_failed", .integration),
            ("alpaca", 403, nil, "forbidden.", "auth_failed", .integration),
            ("alpaca", 403, "40310000", "insufficient buying power", "insufficient_funds", .caller),
            (
                "alpaca", 403, "40310000", "insufficient qty available for order",
                "insufficient_position", .caller
            ),
            ("alpaca", 403, "40310000", "account is restricted", "order_rejected", .caller),
            ("alpaca", 403, "40310100", "pattern day trading", "order_rejected", .caller),
            ("alpaca", 422, "40010001", "qty is required", "rejected", .caller),
            ("alpaca", 404, "40410000", "order not found", "not_found", .caller),
            ("alpaca", 429, nil, "too many requests.", "rate_limited", .caller),
            (
                "alpaca-data", 403, "42210000",
                "subscription does not permit querying recent SIP data", "plan_restricted",
                .integration
            ),
            ("alpaca-data", 401, "40110000", nil, "auth_failed", .integration),
            ("alpaca-data", 503, nil, nil, "provider_down", .provider),
        ] as [Row])
    func alpaca(row: Row) throws { try check(row) }

    @Test(
        "Polygon and Finnhub",
        arguments: [
            ("polygon", 401, "ERROR", "Unknown API Key", "auth_failed", .integration),
            ("polygon", 400, "ERROR", "API Key was not provided", "auth_failed", .integration),
            ("polygon", 403, "NOT_AUTHORIZED", "Upgrade.", "plan_restricted", .integration),
            ("polygon", 200, "NOT_AUTHORIZED", "Upgrade.", "plan_restricted", .integration),
            (
                "polygon", 429, "ERROR", "You've exceeded the maximum requests per minute",
                "rate_limited", .caller
            ),
            ("polygon", 200, "ERROR", "Something broke.", "provider_error", .provider),
            ("polygon", 404, "NOT_FOUND", nil, "not_found", .caller),
            ("polygon", 200, "NOT_FOUND", nil, "not_found", .caller),
            ("finnhub", 401, nil, "Invalid API key.", "auth_failed", .integration),
            ("finnhub", 401, nil, "Please use an API key.", "auth_failed", .integration),
            (
                "finnhub", 403, nil, "You don't have access to this resource.", "plan_restricted",
                .integration
            ),
            // A plan's limit, not a bad key, whatever the status says.
            (
                "finnhub", 401, nil, "You don't have access to this resource.", "plan_restricted",
                .integration
            ),
            ("finnhub", 429, nil, "API limit reached.", "rate_limited", .caller),
            ("finnhub", 502, nil, nil, "provider_down", .provider),
        ] as [Row])
    func marketData(row: Row) throws { try check(row) }

    @Test(
        "OpenAI and Anthropic",
        arguments: [
            ("openai", 401, "invalid_api_key", nil, "auth_failed", .integration),
            ("openai", 401, "mismatched_project", nil, "organization_mismatch", .caller),
            ("openai", 429, "insufficient_quota", nil, "quota_exhausted", .integration),
            ("openai", 429, "credit_balance_exhausted", nil, "quota_exhausted", .integration),
            ("openai", 400, "billing_hard_limit_reached", nil, "quota_exhausted", .integration),
            ("openai", 429, "rate_limit_exceeded", nil, "rate_limited", .caller),
            ("openai", 404, "model_not_found", nil, "model_not_found", .caller),
            (
                "openai", 403, "unsupported_country_region_territory", nil, "region_unsupported",
                .integration
            ),
            (
                "openai", 401, "invalid_request_error",
                "You have insufficient permissions for this operation.", "permission_denied",
                .integration
            ),
            ("openai", 400, "context_length_exceeded", nil, "input_too_long", .caller),
            ("openai", 400, "invalid_request_error", nil, "rejected", .caller),
            ("openai", 404, "unknown_url", nil, "not_found", .caller),
            ("openai", 200, "server_error", "The run failed.", "provider_down", .provider),
            ("openai", 503, nil, nil, "provider_down", .provider),
            ("anthropic", 401, "authentication_error", nil, "auth_failed", .integration),
            ("anthropic", 402, "billing_error", nil, "quota_exhausted", .integration),
            (
                "anthropic", 400, "invalid_request_error",
                "Your credit balance is too low to access the API.", "quota_exhausted", .integration
            ),
            ("anthropic", 403, "permission_error", nil, "permission_denied", .integration),
            ("anthropic", 404, "not_found_error", "model: x", "not_found", .caller),
            ("anthropic", 413, "request_too_large", nil, "input_too_long", .caller),
            ("anthropic", 429, "rate_limit_error", nil, "rate_limited", .caller),
            ("anthropic", 500, "api_error", nil, "provider_down", .provider),
            ("anthropic", 529, "overloaded_error", nil, "provider_down", .provider),
            ("anthropic", 400, "invalid_request_error", "max_tokens", "rejected", .caller),
        ] as [Row])
    func models(row: Row) throws { try check(row) }

    @Test(
        "NewsAPI and FRED",
        arguments: [
            ("newsapi", 401, "apiKeyInvalid", nil, "auth_failed", .integration),
            ("newsapi", 401, "apiKeyDisabled", nil, "auth_failed", .integration),
            ("newsapi", 200, "apiKeyMissing", nil, "auth_failed", .integration),
            ("newsapi", 429, "apiKeyExhausted", nil, "quota_exhausted", .integration),
            ("newsapi", 200, "apiKeyExhausted", nil, "quota_exhausted", .integration),
            ("newsapi", 429, "rateLimited", nil, "rate_limited", .caller),
            ("newsapi", 400, "parametersMissing", nil, "rejected", .caller),
            ("newsapi", 200, "parameterInvalid", nil, "rejected", .caller),
            (
                "newsapi", 426, "parameterInvalid", "Too far in the past. Your plan permits …",
                "plan_restricted", .integration
            ),
            ("newsapi", 426, "maximumResultsReached", nil, "plan_restricted", .integration),
            ("newsapi", 400, "sourceDoesNotExist", nil, "rejected", .caller),
            ("newsapi", 500, "unexpectedError", nil, "provider_down", .provider),
            ("newsapi", 200, "error", nil, "provider_down", .provider),
            (
                "fred", 400, "400", "Bad Request.  The value for variable api_key is not set.",
                "auth_failed", .integration
            ),
            // The start of a body in XML.
            (
                "fred", 400, nil, "<error code=\"400\" message=\"variable API_KEY is not set\"/>",
                "auth_failed", .integration
            ),
            ("fred", 400, "400", "The series does not exist.", "not_found", .caller),
            ("fred", 400, "400", "Bad Request.", "rejected", .caller),
            ("fred", 429, "429", nil, "rate_limited", .caller),
        ] as [Row])
    func newsAndSeries(row: Row) throws { try check(row) }

    @Test(
        "without a rule of its own, an entry goes by the status",
        arguments: [
            ("acme", 401, nil, nil, "auth_failed", .integration),
            ("acme", 402, nil, nil, "quota_exhausted", .integration),
            ("acme", 403, nil, nil, "rejected", .caller),
            ("acme", 404, nil, nil, "not_found", .caller),
            ("acme", 429, nil, nil, "rate_limited", .caller),
            ("acme", 400, nil, nil, "rejected", .caller),
            ("acme", 499, nil, nil, "rejected", .caller),
            ("acme", 500, nil, nil, "provider_down", .provider),
            ("acme", 529, nil, nil, "provider_down", .provider),
            ("acme", 599, nil, nil, "provider_down", .provider),
        ] as [Row])
    func defaults(row: Row) throws {
        let entry = try CatalogUnderTest.entry([])
        let verdict = try #require(
            ErrorClassifier(entry).classify(status: row.status, code: nil, message: nil))
        #expect(verdict.errorCode == row.expected && verdict.fault == row.fault)
        #expect(verdict.suggestedFix.contains("Acme"))
    }

    @Test(
        "a success is no failure, whatever is in it",
        arguments: [
            ("polygon", "OK", nil), ("polygon", "DELAYED", nil), ("newsapi", "ok", nil),
            ("openai", nil, nil), ("openai", "invalid_api_key", "An error that was asked for."),
            ("anthropic", nil, nil), ("twilio", nil, "Hello."), ("fred", nil, "api_key"),
        ] as [(String, String?, String?)])
    func successes(id: String, code: String?, message: String?) throws {
        let classifier = ErrorClassifier(try CatalogUnderTest.shipped(id))
        for status in [200, 201, 204, 301, 304] {
            #expect(classifier.classify(status: status, code: code, message: message) == nil)
        }
    }

    @Test("a stream that says that it failed is judged by its code")
    func streams() throws {
        func code(_ id: String, _ code: String?) throws -> String? {
            try ErrorClassifier(CatalogUnderTest.shipped(id))
                .classify(status: 200, code: code, message: nil, hasStreamFailed: true)?.errorCode
        }
        #expect(try code("anthropic", "overloaded_error") == "provider_down")
        #expect(try code("anthropic", "rate_limit_error") == "rate_limited")
        #expect(try code("openai", "rate_limit_exceeded") == "rate_limited")
        #expect(try code("openai", "something_new") == nil)
        #expect(try code("openai", nil) == nil)
    }

    @Test("the status page has advice for every code that it shows")
    func advice() throws {
        for entry in try CatalogUnderTest.shipped().entries {
            let classifier = ErrorClassifier(entry)
            for code in [
                "auth_failed", "unreachable", "provider_down", "rate_limited", "quota_exhausted",
                "not_found", "rejected", "stream_failed", "stream_truncated", "upstream_timeout",
            ] {
                #expect(classifier.suggestedFix(for: code) != nil, "\(entry.id.text): \(code)")
            }
            #expect(classifier.suggestedFix(for: "unheard_of") == nil)
        }
        let twilio = ErrorClassifier(try CatalogUnderTest.shipped("twilio"))
        #expect(twilio.suggestedFix(for: "auth_failed")?.contains("TWILIO_AUTH_TOKEN") == true)
    }

    private func check(_ row: Row) throws {
        let classifier = ErrorClassifier(try CatalogUnderTest.shipped(row.id))
        let verdict = try #require(
            classifier.classify(status: row.status, code: row.code, message: row.message))
        #expect(verdict.errorCode == row.expected)
        #expect(verdict.fault == row.fault)
        #expect(!verdict.suggestedFix.isEmpty)
    }
}
