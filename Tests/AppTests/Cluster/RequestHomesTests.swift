import Actors
import NIOCore
import NIOHTTP1
import Persistence
import TestSupport
import Testing

@testable import App

@Suite("Which shard a request belongs to")
struct RequestHomesTests {
    private static let random = SeededRandom(seed: 3)
    private let homes = RequestHomes(shardCount: 16)

    private static func secret(_ kind: SecretKind, _ shard: UInt16 = 5) -> String {
        BearerSecret(kind, shard: ShardID(shard), random: random).text.value
    }

    private func head(
        _ method: HTTPMethod, _ uri: String, _ headers: HTTPHeaders = [:]
    ) -> HTTPRequestHead {
        HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: headers)
    }

    private func home(
        _ field: RequestHomes.Field, _ body: String, _ headers: HTTPHeaders = [:]
    ) -> ShardID? {
        let half = body.utf8.count / 2
        let bytes = Array(body.utf8)
        return homes.home(
            by: field,
            in: [
                .head(head(.POST, "/api/auth/login", headers)),
                .body(ByteBuffer(bytes: bytes[..<half])), .body(ByteBuffer(bytes: bytes[half...])),
                .end(nil),
            ])
    }

    @Test("what no shard knows is answered anywhere")
    func anywhere() {
        for uri in [
            "/", "/health", "/ready", "/metrics", "/openapi.json", "/api/errors", "/js/app.js",
        ] {
            #expect(homes.home(of: head(.GET, uri)) == .anywhere, "\(uri)")
        }
        // Nobody has to be asked to say that somebody is not signed in.
        #expect(homes.home(of: head(.GET, "/api/auth/session")) == .anywhere)
        let invalid: HTTPHeaders = ["authorization": "Bearer nonsense"]
        #expect(homes.home(of: head(.GET, "/api/auth/session", invalid)) == .anywhere)
    }

    @Test("an account's own requests belong where its session is")
    func sessions() {
        let cookie: HTTPHeaders = ["cookie": "a=b; \(SessionCookie.name)=\(Self.secret(.session))"]
        let bearer: HTTPHeaders = ["authorization": "Bearer \(Self.secret(.session))"]
        for uri in ["/api/auth/session", "/api/auth/activity?limit=3", "/api/auth/logout"] {
            #expect(homes.home(of: head(.GET, uri, cookie)) == .shard(ShardID(5)))
            #expect(homes.home(of: head(.GET, uri, bearer)) == .shard(ShardID(5)))
        }
        let service: HTTPHeaders = ["authorization": "Bearer \(Self.secret(.service, 0))"]
        #expect(homes.home(of: head(.GET, "/api/auth/session", service)) == .shard(ShardID(0)))
        let unknown: HTTPHeaders = ["authorization": "Bearer \(Self.secret(.session, 16))"]
        #expect(homes.home(of: head(.GET, "/api/auth/session", unknown)) == .anywhere)
    }

    @Test("what an admin does to an account belongs to that account, all else to shard 0")
    func administration() {
        let user = UserID(shard: ShardID(7), at: Timestamp(seconds: 1), random: Self.random)
        let cookie: HTTPHeaders = ["cookie": "\(SessionCookie.name)=\(Self.secret(.session))"]
        let disable = "/api/admin/users/\(user)/disable"
        #expect(homes.home(of: head(.POST, disable, cookie)) == .shard(ShardID(7)))
        for uri in [
            "/api/admin/users", "/api/admin/users/nonsense/disable", "/api/usage/events",
            "/api/tokens", "/api/integrations/openai/call/v1/models", "/api/nonsense",
        ] {
            #expect(homes.home(of: head(.POST, uri, cookie)) == .shard(ShardID(0)), "\(uri)")
        }
    }

    @Test("where a body says whose account it is, it has to be read first")
    func bodies() throws {
        for (uri, field) in [
            ("/api/auth/login", RequestHomes.Field.email), ("/api/auth/register", .email),
            ("/api/auth/2fa/verify", .tempToken), ("/api/auth/2fa/confirm", .tempToken),
            ("/api/auth/password/reset", .resetToken),
        ] {
            #expect(homes.home(of: head(.POST, uri)) == .inBody(field))
        }
        #expect(homes.home(of: head(.GET, "/api/auth/login")) == .anywhere)
        let email = try EmailAddress("ada@example.com")
        let body = #"{"email": " ADA@example.com ", "password": "x", "temp_token": 5}"#
        #expect(home(.email, body) == email.shard(of: 16))
        #expect(
            home(.resetToken, "{\"reset_token\": \"\(Self.secret(.passwordReset))\"}")
                == ShardID(5))
        #expect(
            home(.tempToken, "{\"code\": \"1\", \"temp_token\": \"\(Self.secret(.temporary))\"}")
                == ShardID(5))
        let cookie: HTTPHeaders = ["cookie": "\(SessionCookie.name)=\(Self.secret(.session, 9))"]
        #expect(home(.tempToken, #"{"code": "123456"}"#, cookie) == ShardID(9))
    }

    @Test("what those who answer would refuse unread has no home")
    func refused() {
        #expect(home(.email, "{\"email\": \"ada@example.com\"") == nil)
        #expect(home(.email, #"{"email": "nonsense"}"#) == nil)
        #expect(home(.email, #"{"email": 1}"#) == nil)
        #expect(home(.resetToken, #"{"reset_token": "nonsense"}"#) == nil)
        #expect(home(.tempToken, #"{"code": "123456"}"#) == nil)
        #expect(home(.tempToken, "{\"temp_token\": \"\(Self.secret(.temporary, 99))\"}") == nil)
    }
}
