import Actors
import Foundation
import NIOHTTP1
import Persistence
import Testing

@testable import App

@Suite("Targets of gateway calls")
struct CallTargetTests {
    @Test(
        "path and query are taken as they are",
        arguments: [
            ("/api/integrations/openai/call/v1/models", "openai", "/v1/models", nil),
            (
                "/api/integrations/finnhub/call/api/v1//quote?x=1", "finnhub", "/api/v1//quote",
                "x=1"
            ),
            ("/api/integrations/a/call//evil", "a", "//evil", nil),
            ("/api/integrations/a/call/x?", "a", "/x", ""),
            ("/api/integrations/a/call?x=%2f", "a", "/", "x=%2f"),
            ("/api/integrations/a/call/x?y?z", "a", "/x", "y?z"),
        ] as [(String, String, String, String?)])
    func taken(uri: String, id: String, path: String, query: String?) throws {
        let target = try #require(CallTarget(uri))
        #expect(target.integration == id && target.path == path)
        #expect(target.query.map(String.init) == query)
    }

    @Test(
        "everything else is no call",
        arguments: [
            "/api/integrations/status", "/api/integrations/a/events", "/api/integrations/a/call",
            "/api/integrations/a/caller/x", "/api/integrations/a", "/health", "",
            "http://h/api/integrations/a/call/x", "//api/integrations/a/call/x",
        ])
    func notTaken(uri: String) { #expect(CallTarget(uri) == nil) }

    @Test(
        "paths that stay where they are may pass",
        arguments: [
            "/", "//", "/v1/models", "/api/v1//quote", "/a.b/...", "/..a/b..", "/x%20y/%41",
            "/positions/BTC%2FUSD", "/a;b=c", "/%e2%82%ac", "/a%3Fb", "/a%252e%252e/b",
        ])
    func permitted(path: String) { #expect(CallPathRule.permits(path[...])) }

    @Test(
        "paths that could lead elsewhere may not",
        arguments: [
            "/..", "/../x", "/v1/../x", "/v1/..", "/.", "/./x", "/%2e%2e/x", "/%2E%2e", "/.%2e/x",
            "/v1/%2e./x", "/..%2fx", "/x%2f..%2fy", "/x%2F.%2Fy", "/a\\b", "/a%5cb", "/..%5cx",
            "/a%00b", "/a%0ab", "/a%0d%0ab", "/a%7f", "/..;x/y", "/.;/y", "/a%", "/a%2", "/a%zz",
        ])
    func refused(path: String) { #expect(!CallPathRule.permits(path[...])) }

    @Test("control characters may not pass, plain or encoded, wherever they stand")
    func controls() {
        for byte in [UInt8](0...0x1f) + [0x7f] {
            let plain = String(decoding: [byte], as: UTF8.self)
            let encoded = "%" + Hex.encode([byte])
            for text in [plain, encoded] {
                for path in ["/\(text)", "/a\(text)b", "/a/\(text)/b", "/a\(text)"] {
                    #expect(!CallPathRule.permits(path[...]), "\(byte) in \(path)")
                }
            }
        }
    }

    @Test("any other single character may, but for the backslash and an incomplete escape")
    func others() {
        for byte in UInt8(0x20)...0x7e {
            let path = "/a" + String(decoding: [byte], as: UTF8.self) + "b"
            let isBad = byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "%")
            #expect(CallPathRule.permits(path[...]) != isBad, "\(path)")
        }
        for path in ["/é", "/€/😀", "/a\u{301}"] {
            #expect(CallPathRule.permits(path[...]), "\(path)")
        }
    }

    @Test(
        "credentials leave a query, and the rest stays byte for byte",
        arguments: [
            ("a=1&token=x&b=%20+", "a=1&b=%20+", ["x"]),
            ("TOKEN=x", "", ["x"]), ("%74oken=x%41&a", "a", ["xA"]), ("token", "", [""]),
            ("a=token", "a=token", []), ("tokens=1&xtoken=2", "tokens=1&xtoken=2", []),
            ("&&a=%zz&", "&&a=%zz&", []), ("token=1&token=2", "", ["1", "2"]),
        ] as [(String, String, [String])])
    func query(text: String, rest: String, taken: [String]) {
        let split = CallQuery.split(text[...], dropping: ["token"])
        #expect(split.rest == rest)
        #expect(split.taken.map(\.value) == taken)
    }

    @Test("a value is encoded so that it stays one value")
    func encoded() { #expect(CallQuery.encode("a&b=c d/é~") == "a%26b%3Dc%20d%2F%C3%A9~") }
}

@Suite("Tokens in the providers' slots")
struct CallCredentialTests {
    private let token = BearerSecret(.service, shard: ShardID(0), random: SystemRandomSource())
    private let slots: [CredentialSlot] = [
        .basicPassword, .header("x-api-key"), .query("apiKey"), .bareAuthorization,
    ]

    private func find(
        _ headers: HTTPHeaders, taken: [(name: String, value: String)] = []
    ) -> Result<BearerSecret, APIError> {
        Result { () throws(APIError) in
            try CallCredential.secret(in: headers, taken: taken, slots: slots, name: "Example")
        }
    }

    @Test("the token is found in every slot")
    func found() throws {
        let text = token.text.value
        let basic = Data("user:\(text)".utf8).base64EncodedString()
        for headers: HTTPHeaders in [
            ["Authorization": "Bearer \(text)"], ["authorization": "bearer  \(text)"],
            ["authorization": "Basic \(basic)"], ["X-Api-Key": text], ["authorization": text],
            ["authorization": "Bearer sk-something", "x-api-key": text],
        ] {
            #expect(try find(headers).get().digest == token.digest, "\(headers)")
        }
        #expect(try find([:], taken: [("APIKEY", text)]).get().digest == token.digest)
    }

    @Test(
        "what is no token of ours is refused with a hint, and never repeated",
        arguments: [
            ["authorization": "Bearer sk-live-abc"], ["x-api-key": "AKIA"],
            ["authorization": "Basic QUM6eA=="], ["authorization": "cs_k_short"],
        ] as [HTTPHeaders])
    func foreign(headers: HTTPHeaders) {
        guard case .failure(let error) = find(headers) else {
            Issue.record("\(headers) was taken")
            return
        }
        #expect(error.code == .tokenInvalid)
        #expect(error.suggestedFix.contains("Countersign"))
        let said = error.message + error.suggestedFix + (error.detail ?? "")
        #expect(!said.contains("sk-live") && !said.contains("AKIA"))
    }

    @Test("a session may not, and nothing is not enough")
    func sessions() {
        let session = BearerSecret(.session, shard: ShardID(0), random: SystemRandomSource())
        let cases: [(HTTPHeaders, ErrorCode)] = [
            (["authorization": "Bearer \(session.text.value)"], .forbidden),
            (["cookie": "\(SessionCookie.name)=\(session.text.value)"], .forbidden),
            ([:], .notSignedIn), (["authorization": ""], .notSignedIn),
        ]
        for (headers, code) in cases {
            guard case .failure(let error) = find(headers) else {
                Issue.record("\(code) was taken")
                continue
            }
            #expect(error.code == code)
        }
    }
}

@Suite("Names of operations")
struct OperationNamesTests {
    private let names = OperationNames(
        [
            "/v1/models", "/v1/models/{model}", "/v1/models/special", "/api/v1//quote",
            "/2010-04-01/Accounts/{sid}.json", "/v2/aggs/ticker/{ticker}/range/{from}/{to}",
        ].compactMap(RouteTemplate.init))

    @Test(
        "a route gives its name, and nothing of what differs from call to call",
        arguments: [
            ("/v1/models", "GET /v1/models"), ("/v1/models/gpt-x", "GET /v1/models/{model}"),
            ("/v1/models/special", "GET /v1/models/special"),
            ("/api/v1/quote", "GET /api/v1/quote"), ("/api/v1//quote", "GET /api/v1/quote"),
            ("/2010-04-01/Accounts/AC1.json", "GET /2010-04-01/Accounts/{sid}.json"),
            ("/v2/aggs/ticker/AAPL/range/1/2", "GET /v2/aggs/ticker/{ticker}/range/{from}/{to}"),
            ("/v1/secret-id/models", "GET /v1/{…}/models"), ("/", "GET /"), ("", "GET /"),
        ])
    func name(path: String, expected: String) { #expect(names.name("GET", path[...]) == expected) }

    @Test(
        "the routes without variables have the same names the quick way and the slow one",
        arguments: ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND"])
    func quickWay(method: String) {
        for path in ["/v1/models", "/v1/models/special", "/api/v1/quote", "/v1/models/other"] {
            // An empty segment changes nothing but the way.
            #expect(names.name(method, path[...]) == names.name(method, "/" + path), "\(path)")
            #expect(names.name(method, path[...]) == names.name(method, path + "/"), "\(path)")
        }
        #expect(names.name(method, "/v1/models") == "\(method) /v1/models")
    }

    @Test("so have all routes of the catalogue", arguments: CatalogUnderTest.ids)
    func quickWayOfCatalog(id: String) throws {
        let routes = try CatalogUnderTest.shipped(id).calls.routes
        let names = OperationNames(routes)
        for path in routes.map(\.text) where !path.contains("{") {
            for method in ["GET", "POST", "DELETE", "OPTIONS"] {
                let name = names.name(method, path[...])
                #expect(name == names.name(method, "/" + path), "\(path)")
                #expect(name == method + " " + path.replacing("//", with: "/"), "\(path)")
            }
        }
    }

    @Test("another case is another path")
    func otherCase() {
        #expect(names.name("GET", "/V1/models") == "GET /{…}/models")
        #expect(names.name("get", "/v1/models") == "get /v1/models")
    }

    @Test("no path makes a name longer than the contract's bound")
    func long() {
        let path = String(repeating: "/models", count: 500)
        #expect(names.name("OPTIONS", path[...]).count <= OperationNames.charactersMax)
    }
}
