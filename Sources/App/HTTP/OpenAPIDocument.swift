import Actors
import HTTPTypes

/// The OpenAPI 3.1 description of the API, made from the endpoints themselves: what is not in the
/// table cannot be in the document, and the other way round. The same table always gives the same
/// bytes.
package struct OpenAPIDocument: Sendable {
    package let json: [UInt8]

    package init(_ endpoints: [Endpoint], version: String) {
        var schemas = OpenAPISchemas()
        let paths = Dictionary(grouping: endpoints, by: \.path).sorted { $0.key < $1.key }
        let described = paths.map { path, endpoints in
            let operations = endpoints.sorted { $0.method.rawValue < $1.method.rawValue }
                .map { endpoint in
                    (
                        endpoint.method.rawValue.lowercased(),
                        OpenAPIDocument.operation(endpoint, &schemas)
                    )
                }
            return (path, JSONTree.object(operations))
        }
        let document = JSONTree.object([
            ("openapi", .string("3.1.0")),
            (
                "info",
                .object([
                    ("title", .string("Countersign")),
                    ("version", .string(version)),
                    (
                        "description",
                        .string(
                            "Accounts with a second factor, usage events with proof, and a gateway "
                                + "to providers. Every answer is a JSON object with `trace_id`; "
                                + "every failure has the shape of `Error`.")
                    ),
                ])
            ),
            ("servers", .array([.object([("url", .string("/"))])])),
            ("paths", .object(described)),
            (
                "components",
                .object([
                    ("schemas", .object(schemas.components)),
                    ("securitySchemes", OpenAPIDocument.securitySchemes),
                ])
            ),
        ])
        json = document.pretty
    }

    private static func operation(
        _ endpoint: Endpoint, _ schemas: inout OpenAPISchemas
    ) -> JSONTree {
        let words = endpoint.path.split { !$0.isLetter && !$0.isNumber }
        let name = [endpoint.method.rawValue.lowercased()] + words.map { String($0) }
        var members: [(String, JSONTree)] = [
            ("operationId", .string(name.joined(separator: "_"))),
            ("summary", .string(endpoint.summary)),
            ("tags", .array([.string(tag(words))])),
            ("security", security(endpoint.access)),
        ]
        let parameters = self.parameters(endpoint, &schemas)
        if !parameters.isEmpty { members.append(("parameters", .array(parameters))) }
        if let body = requestBody(endpoint.request, &schemas) {
            members.append(("requestBody", body))
        }
        members.append(("responses", responses(endpoint, &schemas)))
        return .object(members)
    }

    private static func tag(_ words: [Substring]) -> String {
        guard words.first == "api", words.count > 1 else { return "operations" }
        return String(words[1])
    }

    private static func parameters(
        _ endpoint: Endpoint, _ schemas: inout OpenAPISchemas
    ) -> [JSONTree] {
        // The table has refused malformed paths already; one that is malformed names nothing.
        let names = (try? PathPattern(endpoint.path))?.parameterNames ?? []
        let inPath = names.map { name in
            JSONTree.object([
                ("name", .string(name)), ("in", .string("path")), ("required", .boolean(true)),
                ("schema", schemas.tree(.string())),
            ])
        }
        let inQuery = endpoint.query.map { field in
            var members: [(String, JSONTree)] = [
                ("name", .string(field.name)), ("in", .string("query")),
                ("required", .boolean(field.isRequired)), ("schema", schemas.tree(field.schema)),
            ]
            if let note = field.note { members.append(("description", .string(note))) }
            return JSONTree.object(members)
        }
        return inPath + inQuery
    }

    private static func requestBody(
        _ shape: RequestShape, _ schemas: inout OpenAPISchemas
    ) -> JSONTree? {
        switch shape {
        case .none:
            return nil
        case .json(let schema):
            return content(["application/json"], schemas.tree(schema), isRequired: true)
        case .raw(let types, _, let schema):
            // Where any type is taken, none is too.
            return content(
                types.isEmpty ? ["*/*"] : types, schemas.tree(schema), isRequired: !types.isEmpty)
        }
    }

    private static func responses(
        _ endpoint: Endpoint, _ schemas: inout OpenAPISchemas
    ) -> JSONTree {
        var responses: [(String, JSONTree)] = []
        switch endpoint.response {
        case .json(let status, let schema):
            let tree = schemas.tree(schema.withTraceID)
            let success: JSONTree = .object([
                ("description", .string("Success.")),
                ("content", .object([("application/json", .object([("schema", tree)]))])),
            ])
            responses.append((String(status), success))
        case .text(let contentType):
            let type = contentType.split(separator: ";").first.map { String($0) } ?? contentType
            let tree = schemas.tree(.string())
            let success: JSONTree = .object([
                ("description", .string("Success.")),
                ("content", .object([(type, .object([("schema", tree)]))])),
            ])
            responses.append(("200", success))
        }
        let byStatus = Dictionary(grouping: endpoint.answerableErrors, by: \.definition.status)
        for (status, codes) in byStatus.sorted(by: { $0.key < $1.key }) {
            let list = codes.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            let failure: JSONTree = .object([
                ("description", .string(list)),
                (
                    "content",
                    .object([
                        ("application/json", .object([("schema", schemas.tree(.failure))]))
                    ])
                ),
            ])
            responses.append((String(status), failure))
        }
        return .object(responses)
    }

    private static func content(
        _ types: [String], _ schema: JSONTree, isRequired: Bool
    ) -> JSONTree {
        .object([
            ("required", .boolean(isRequired)),
            ("content", .object(types.map { ($0, .object([("schema", schema)])) })),
        ])
    }
}
