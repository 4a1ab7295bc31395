/// Turns our schemas into JSON Schema (draft 2020-12, which OpenAPI 3.1 uses) and gathers the named
/// ones on the way.
struct OpenAPISchemas {
    private var named: [String: JSONTree] = [:]

    /// All named schemas that were met, by name.
    var components: [(String, JSONTree)] { named.sorted { $0.key < $1.key }.map { ($0, $1) } }

    mutating func tree(_ schema: Schema) -> JSONTree {
        switch schema {
        case .string(let format, let example):
            var members: [(String, JSONTree)] = [("type", .string("string"))]
            if let format { members.append(("format", .string(format))) }
            if let example { members.append(("examples", .array([.string(example)]))) }
            return .object(members)
        case .integer: return .object([("type", .string("integer"))])
        case .number: return .object([("type", .string("number"))])
        case .boolean: return .object([("type", .string("boolean"))])
        case .any: return .object([])
        case .nullable(let inner):
            return .object([
                ("anyOf", .array([tree(inner), .object([("type", .string("null"))])]))
            ])
        case .array(let items):
            return .object([("type", .string("array")), ("items", tree(items))])
        case .enumeration(let values):
            return .object([
                ("type", .string("string")), ("enum", .array(values.map { .string($0) })),
            ])
        case .object(let fields):
            return object(fields)
        case .named(let name, let inner):
            // A schema may contain itself: the name is taken before its content is looked at.
            if named[name] == nil {
                named[name] = .null
                named[name] = tree(inner)
            }
            return .object([("$ref", .string("#/components/schemas/\(name)"))])
        case .limited(let inner, let limits):
            guard case .object(let members) = tree(inner) else { return tree(inner) }
            return .object(members + limits.members)
        }
    }

    private mutating func object(_ fields: [Schema.Field]) -> JSONTree {
        var properties: [(String, JSONTree)] = []
        for field in fields {
            var property = tree(field.schema)
            if let note = field.note, case .object(let members) = property {
                property = .object(members + [("description", .string(note))])
            }
            properties.append((field.name, property))
        }
        let required = fields.filter(\.isRequired).map { JSONTree.string($0.name) }
        var members: [(String, JSONTree)] = [
            ("type", .string("object")), ("properties", .object(properties)),
        ]
        if !required.isEmpty { members.append(("required", .array(required))) }
        return .object(members)
    }
}

extension Schema {
    private static let traceID = Field(
        "trace_id", .string(example: "4bf92f3577b34da6a3ce929d0e0e4736"))

    /// The body of every failure.
    static let failure = Schema.named(
        "Error",
        .object([
            .init("error_code", .enumeration(ErrorCode.allCases.map(\.rawValue))),
            .init("message", .string()),
            .init("suggested_fix", .string()),
            traceID,
            .init("field", .string(), isRequired: false, note: "What is wrong."),
            .init(
                "retry_after_seconds", .integer, isRequired: false,
                note: "The same as the Retry-After header."),
        ]))

    /// The same object as it is answered, with the trace id as its last member.
    var withTraceID: Schema {
        switch self {
        case .object(let fields): .object(fields + [Schema.traceID])
        case .named(let name, let inner): .named("\(name)Answer", inner.withTraceID)
        case .string, .integer, .number, .boolean, .nullable, .array, .enumeration, .any, .limited:
            self
        }
    }
}
