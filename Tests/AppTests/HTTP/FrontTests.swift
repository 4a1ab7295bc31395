import Actors
import App
import HTTPTypes
import NIOCore
import Persistence
import Testing

@Suite("The way of a request through the front")
struct FrontTests {
    private static let echo = Endpoint(
        .post, "/api/echo", "Answers what it was sent", access: .anyone,
        request: .json(.object([])), response: .json(status: 200, .object([]))
    ) { call throws(APIError) in
        struct Body: Codable { let text: String }
        return .object(try call.decode(Body.self))
    }

    private static func hello(_ access: Access, rateClass: RateClass? = nil) -> Endpoint {
        Endpoint(
            .get, "/api/hello", "Greets", access: access, rateClass: rateClass,
            response: .json(status: 200, .object([]))
        ) { _ throws(APIError) in Reply(.ok, .openObject(ByteBuffer(string: "{\"hello\":true"))) }
    }

    @Test("a valid traceparent is continued; a malformed one is replaced")
    func traceparent() async throws {
        let under = try FrontUnderTest([Self.hello(.anyone)])
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        let continued = try await under.answer(
            .get, "/api/hello", headers: [.init("traceparent")!: "00-\(trace)-00f067aa0ba902b7-01"])
        #expect(try continued.json["trace_id"] as? String == trace)
        #expect(continued.headers[.init("traceparent")!]?.hasPrefix("00-\(trace)-") == true)
        for bad in ["00-\(trace)-00f067aa0ba902b7", "ff-\(trace)-00f067aa0ba902b7-01", "x"] {
            let answer = try await under.answer(
                .get, "/api/hello", headers: [.init("traceparent")!: bad])
            #expect(try answer.json["trace_id"] as? String != trace)
        }
    }

    @Test("an unknown path is 404, another method 405 with Allow, HEAD has no body")
    func routing() async throws {
        let under = try FrontUnderTest([Self.hello(.anyone)])
        #expect(try await under.answer(.get, "/api/nothing").status == 404)
        #expect(try await under.answer(.get, "/api/hello/").status == 404)
        let refused = try await under.answer(.delete, "/api/hello")
        #expect(refused.status == 405)
        #expect(refused.headers[.init("allow")!] == "GET, HEAD, OPTIONS")
        let head = try await under.answer(.head, "/api/hello")
        #expect(head.status == 200 && head.body.isEmpty)
    }

    @Test(
        "a body that is no JSON object of the right shape is named",
        arguments: [
            ("{", 400, "malformed_json"), ("[]", 422, "validation_failed"),
            ("{}", 422, "validation_failed"), ("{\"text\":1}", 422, "validation_failed"),
            ("{\"text\":null}", 422, "validation_failed"),
            (String(repeating: "x", count: 2000), 413, "body_too_large"),
        ] as [(String, Int, String)])
    func bodies(body: String, status: Int, code: String) async throws {
        let under = try FrontUnderTest([Self.echo])
        let answer = try await under.answer(
            .post, "/api/echo", headers: [.contentType: "application/json"], body: body)
        #expect(answer.status == status)
        #expect(try answer.json["error_code"] as? String == code)
    }

    @Test("another media type is 415")
    func mediaType() async throws {
        let under = try FrontUnderTest([Self.echo])
        let answer = try await under.answer(
            .post, "/api/echo", headers: [.contentType: "text/plain"], body: "{\"text\":\"a\"}")
        #expect(answer.status == 415)
    }

    @Test("the limit is counted per source, and the headers say how much is left")
    func rateLimit() async throws {
        let policy = RateLimitPolicy(quota: 2, windowSeconds: 60, burst: 2)
        let under = try FrontUnderTest(
            [Self.hello(.anyone, rateClass: .signIn)], limits: [.signIn: policy])
        for remaining in ["1", "0"] {
            let answer = try await under.answer(.get, "/api/hello")
            #expect(answer.status == 200)
            #expect(answer.headers[.init("x-ratelimit-remaining")!] == remaining)
        }
        let refused = try await under.answer(.get, "/api/hello")
        #expect(refused.status == 429)
        #expect(refused.headers[.retryAfter] == "30")
        #expect(refused.headers[.init("ratelimit-policy")!] == "\"sign_in\";q=2;w=60")
        #expect(try await under.answer(.get, "/api/hello", peer: "192.0.2.2").status == 200)
    }

    @Test("who may call is decided by scope and session, and each refusal says what is missing")
    func access() async throws {
        let secret = BearerSecret(.service, shard: ShardID(0), random: SystemRandomSource())
        var holders = Holders()
        holders.tokens[secret.digest] = TokenPrincipal(
            id: ServiceTokenID(
                shard: ShardID(0), at: Timestamp(seconds: 1), random: SystemRandomSource()),
            name: "test", scopes: [.usageRead])
        let bearer: HTTPFields = [.authorization: "Bearer \(secret.text.value)"]
        let reads = try FrontUnderTest([Self.hello(.scope(.usageRead))], accounts: holders)
        #expect(try await reads.answer(.get, "/api/hello", headers: bearer).status == 200)
        #expect(try await reads.answer(.get, "/api/hello").status == 401)
        let writes = try FrontUnderTest([Self.hello(.scope(.usageWrite))], accounts: holders)
        let refused = try await writes.answer(.get, "/api/hello", headers: bearer)
        #expect(refused.status == 403)
        #expect(try refused.json["error_code"] as? String == "scope_missing")
        let session = try FrontUnderTest([Self.hello(.session(stepUp: false))], accounts: holders)
        #expect(try await session.answer(.get, "/api/hello", headers: bearer).status == 403)
        let wrong: HTTPFields = [.authorization: "Bearer nonsense"]
        #expect(try await session.answer(.get, "/api/hello", headers: wrong).status == 401)
    }

    @Test("the access log has route, status and trace id, and neither path, query nor token")
    func accessLog() async throws {
        let under = try FrontUnderTest([
            Endpoint(
                .get, "/api/things/{id}", "One thing", access: .anyone,
                response: .json(status: 200, .object([]))
            ) { _ throws(APIError) in Reply(.ok, .openObject(ByteBuffer())) }
        ])
        let answer = try await under.answer(
            .get, "/api/things/secret-path?key=secret-query",
            headers: [.authorization: "Bearer secret-token"])
        let text = under.sink.text
        #expect(text.contains("/api/things/{id}") && text.contains("\"status\":200"))
        #expect(try text.contains(#require(answer.json["trace_id"] as? String)))
        #expect(!text.contains("secret"))
    }

    @Test(
        "a page of another site can't act with a visitor's cookie",
        arguments: [
            ([.init("sec-fetch-site")!: "cross-site"], false),
            ([.init("sec-fetch-site")!: "same-site"], false),
            ([.init("sec-fetch-site")!: "same-origin"], true),
            ([.init("sec-fetch-site")!: "none"], true),
            ([.origin: "https://evil.example"], false),
            ([.origin: "null"], false),
            ([.origin: "http://localhost"], true),
            ([:], true),
        ] as [(HTTPFields, Bool)])
    func sameSite(headers: HTTPFields, isAllowed: Bool) async throws {
        let endpoint = Endpoint(
            .post, "/api/act", "Acts", access: .anyoneSameSite,
            response: .json(status: 200, .object([]))
        ) { _ throws(APIError) in Reply(.ok, .openObject(ByteBuffer())) }
        let answer = try await FrontUnderTest([endpoint]).answer(
            .post, "/api/act", headers: headers)
        #expect(answer.status == (isAllowed ? 200 : 403))
    }
}
