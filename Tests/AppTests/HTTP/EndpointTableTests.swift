import App
import HTTPTypes
import Testing

@Suite("The endpoint table")
struct EndpointTableTests {
    private static func endpoint(_ method: HTTPRequest.Method, _ path: String) -> Endpoint {
        Endpoint(
            method, path, "A test", access: .anyone, response: .json(status: 200, .object([]))
        ) { _ throws(APIError) in throw APIError(.notFound) }
    }

    private func parameters(_ table: EndpointTable, _ path: String) -> [String: String]? {
        guard case .route(_, let parameters) = table.match(.get, path: path[...]) else {
            return nil
        }
        return parameters
    }

    @Test("a literal path wins over a pattern, and parameters are decoded")
    func matching() throws {
        let table = try EndpointTable([
            Self.endpoint(.get, "/a/{id}/events"), Self.endpoint(.get, "/a/{id}"),
            Self.endpoint(.get, "/a/status"),
        ])
        #expect(parameters(table, "/a/status") == [:])
        #expect(parameters(table, "/a/one") == ["id": "one"])
        #expect(parameters(table, "/a/one/events") == ["id": "one"])
        #expect(parameters(table, "/a/one/") == nil)
        #expect(parameters(table, "a/one") == nil)
        #expect(parameters(table, "/A/one") == nil)
    }

    @Test("what could not be told apart is refused at start")
    func mistakes() {
        #expect(throws: EndpointTableError.duplicate(method: "GET", path: "/a")) {
            try EndpointTable([Self.endpoint(.get, "/a"), Self.endpoint(.get, "/a")])
        }
        #expect(throws: EndpointTableError.ambiguous("/{x}/b", "/a/{y}")) {
            try EndpointTable([Self.endpoint(.get, "/a/{y}"), Self.endpoint(.post, "/{x}/b")])
        }
        #expect(throws: EndpointTableError.malformedPath("a")) {
            try EndpointTable([Self.endpoint(.get, "a")])
        }
    }
}
