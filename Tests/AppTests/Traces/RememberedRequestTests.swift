import Actors
import HTTPTypes
import NIOCore
import Persistence
import Testing

@testable import App

/// What the front puts into the memory of requests.
@Suite("Requests as they are remembered")
struct RememberedRequestTests {
    typealias Method = HTTPRequest.Method

    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    private static func endpoint(_ method: Method, _ access: Access) -> Endpoint {
        Endpoint(
            method, "/api/things/{id}", "One thing", access: access, rateClass: .signIn,
            response: .json(status: 200, .object([]))
        ) { _ throws(APIError) in Reply(.ok, .openObject(ByteBuffer())) }
    }

    /// Sends one request under the trace; answers what is remembered of it.
    private func remembered(
        _ endpoint: Endpoint, _ method: Method, _ path: String = "/api/things/secret",
        headers: HTTPFields = [:], accounts: Holders = Holders(), repeated times: Int = 1
    ) async throws -> [RememberedRequest] {
        let memory = RequestMemory()
        let policy = RateLimitPolicy(quota: 1, windowSeconds: 60, burst: 1)
        let under = try FrontUnderTest(
            [endpoint], accounts: accounts, limits: [.signIn: policy], memory: memory)
        var all = headers
        all[try #require(HTTPField.Name("traceparent"))] = "00-\(Self.trace)-00f067aa0ba902b7-01"
        for _ in 0..<times { _ = try await under.answer(method, path, headers: all) }
        return memory.find(try #require(TraceID(Self.trace)))
    }

    @Test("a change that went well is there with its route, and never with its path")
    func change() async throws {
        let found = try await remembered(Self.endpoint(.post, .anyone), .post)
        let request = try #require(found.first)
        #expect(found.count == 1)
        #expect(request.method == "POST" && request.status == 200 && request.error == nil)
        #expect(request.route == "/api/things/{id}" && request.at == FixedClock().now())
        #expect(!request.isRefused && request.reason == "Anyone may call this.")
        #expect(!String(describing: request).contains("secret"))
    }

    @Test("reads that went well are not there", arguments: [.get, .head, .options] as [Method])
    func read(method: Method) async throws {
        #expect(try await remembered(Self.endpoint(.get, .anyone), method).isEmpty)
    }

    @Test(
        "who is refused is there with the reason",
        arguments: [
            (Access.session(stepUp: false), ErrorCode.notSignedIn),
            (.admin(stepUp: true), .notSignedIn), (.scope(.usageRead), .notSignedIn),
        ])
    func refused(access: Access, code: ErrorCode) async throws {
        let request = try #require(
            try await remembered(Self.endpoint(.get, access), .get).first)
        #expect(request.status == 401 && request.error == code && request.isRefused)
        #expect(request.reason == code.definition.message)
        guard case .anonymous = request.caller else {
            Issue.record("a stranger is \(request.caller)")
            return
        }
    }

    @Test("a token without the scope is named, and so is what it lacks")
    func scope() async throws {
        let secret = BearerSecret(.service, shard: ShardID(0), random: SystemRandomSource())
        let id = ServiceTokenID(EntityID(shard: ShardID(0), high: 3, low: 4))
        var holders = Holders()
        holders.tokens[secret.digest] = TokenPrincipal(id: id, name: "ci", scopes: [.statusRead])
        let request = try #require(
            try await remembered(
                Self.endpoint(.get, .scope(.usageRead)), .get,
                headers: [.authorization: "Bearer \(secret.text.value)"], accounts: holders
            ).first)
        #expect(request.error == .scopeMissing && request.isRefused)
        guard case .token(id, "ci") = request.caller else {
            Issue.record("the token is \(request.caller)")
            return
        }
    }

    @Test("a limit that was met is a refusal")
    func limited() async throws {
        let found = try await remembered(Self.endpoint(.post, .anyone), .post, repeated: 2)
        #expect(found.map(\.status) == [200, 429])
        #expect(found.map(\.isRefused) == [false, true])
    }

    @Test("what has no route is there without its path", arguments: [.get, .put] as [Method])
    func noRoute(method: Method) async throws {
        let path = method == .get ? "/api/secret" : "/api/things/secret"
        let request = try #require(
            try await remembered(Self.endpoint(.get, .anyone), method, path).first)
        #expect(request.status == (method == .get ? 404 : 405) && request.route == "-")
        #expect(!request.isRefused && request.reason == "Anyone may ask; there is no such route.")
        #expect(!String(describing: request).contains("secret"))
    }
}
