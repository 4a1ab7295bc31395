package import Actors
package import HTTPTypes

/// One route of the API: everything that routing, access control, 405, OpenAPI and the tests need
/// to know about it, in one value. The list of all of them is `EndpointTable`.
package struct Endpoint: Sendable {
    package var method: HTTPRequest.Method
    /// With parameters in braces: `/api/auth/sessions/{id}`.
    package var path: String
    package var access: Access
    package var rateClass: RateClass?
    package var summary: String
    /// The query items that it reads; for the OpenAPI document.
    package var query: [Schema.Field]
    package var request: RequestShape
    /// What a success answers.
    package var response: ResponseShape
    /// Codes beyond those that every endpoint of this access can answer.
    package var errors: [ErrorCode]
    package var handle: @Sendable (Call) async throws(APIError) -> Reply

    package init(
        _ method: HTTPRequest.Method, _ path: String, _ summary: String, access: Access,
        rateClass: RateClass? = nil, query: [Schema.Field] = [], request: RequestShape = .none,
        response: ResponseShape, errors: [ErrorCode] = [],
        handle: @escaping @Sendable (Call) async throws(APIError) -> Reply
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.rateClass = rateClass
        self.summary = summary
        self.query = query
        self.request = request
        self.response = response
        self.errors = errors
        self.handle = handle
    }
}

/// Who may call an endpoint. Checked before the handler runs; failing is 401, 403 `forbidden`,
/// 403 `scope_missing`, 403 `step_up_required` or 403 `cross_site`.
package enum Access: Sendable, Equatable {
    /// No authentication, nothing read from a cookie.
    case anyone
    /// No authentication, but a browser must be on our own origin: login, register, verify and the
    /// like.
    case anyoneSameSite
    /// A session; `stepUp` asks for an authentication not older than `auth.step_up_seconds`.
    case session(stepUp: Bool)
    /// A session if there is one (it is in `call.caller`), else the handler decides.
    case optionalSession
    case admin(stepUp: Bool)
    case sessionOrScope(TokenScope)
    case adminOrScope(TokenScope)
    case scope(TokenScope)
    /// Callers on a loopback address, or a token with the scope.
    case loopbackOrScope(TokenScope)
}

/// What an endpoint reads.
package enum RequestShape: Sendable {
    case none
    /// A JSON object of at most `http.body_bytes_max` bytes.
    case json(Schema)
    /// Anything up to `bytesMax`, read by the handler itself.
    case raw(contentTypes: [String], bytesMax: Int, schema: Schema)
}

/// What an endpoint answers when it succeeds.
package enum ResponseShape: Sendable {
    case json(status: Int, Schema)
    case text(contentType: String)
}

/// The part of JSON Schema that our answers need; the source of the OpenAPI document.
package indirect enum Schema: Sendable {
    case string(format: String? = nil, example: String? = nil)
    case integer
    case number
    case boolean
    case nullable(Schema)
    case array(Schema)
    case enumeration([String])
    /// Any JSON value.
    case any
    case object([Field])
    /// A schema kept once under `components/schemas`.
    case named(String, Schema)
    /// A text or a number with its bounds.
    case limited(Schema, SchemaLimits)

    package struct Field: Sendable {
        package var name: String
        package var schema: Schema
        package var isRequired: Bool
        package var note: String?

        package init(_ name: String, _ schema: Schema, isRequired: Bool = true, note: String? = nil)
        {
            self.name = name
            self.schema = schema
            self.isRequired = isRequired
            self.note = note
        }
    }
}
