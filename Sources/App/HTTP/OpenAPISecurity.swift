import Actors

// Who may call, as OpenAPI says it.

extension OpenAPIDocument {
    static let securitySchemes = JSONTree.object([
        (
            "session",
            .object([
                ("type", .string("apiKey")), ("in", .string("cookie")),
                ("name", .string(SessionCookie.name)),
            ])
        ),
        (
            "bearer",
            .object([
                ("type", .string("http")), ("scheme", .string("bearer")),
                (
                    "description",
                    .string(
                        "A session's secret (cs_s_…), or a service token (cs_k_…) with the scope.")
                ),
            ])
        ),
    ])

    /// One of the alternatives has to be met; an empty object means that nothing is needed. The
    /// scope of a token stands where OAuth would have its own (OpenAPI 3.1 §4.8.30).
    static func security(_ access: Access) -> JSONTree {
        let nothing = JSONTree.object([])
        let session = JSONTree.object([("session", .array([]))])
        func bearer(_ scope: String? = nil) -> JSONTree {
            .object([("bearer", .array(scope.map { [.string($0)] } ?? []))])
        }
        return switch access {
        case .anyone, .anyoneSameSite: .array([])
        case .session, .admin: .array([session, bearer()])
        case .optionalSession: .array([nothing, session, bearer()])
        case .sessionOrScope(let scope), .adminOrScope(let scope):
            .array([session, bearer(scope.text)])
        case .scope(let scope): .array([bearer(scope.text)])
        case .loopbackOrScope(let scope): .array([nothing, bearer(scope.text)])
        }
    }
}

extension Endpoint {
    /// Every code that a well-formed HTTP request to this endpoint can get: its own and those of
    /// what stands before it.
    package var answerableErrors: [ErrorCode] {
        var codes: Set<ErrorCode> = [.invalidRequest, .internalError]
        codes.formUnion(errors)
        switch access {
        case .anyone:
            break
        case .anyoneSameSite:
            codes.insert(.crossSite)
        case .optionalSession:
            codes.formUnion([.tokenInvalid])
        case .session(let stepUp), .admin(let stepUp):
            codes.formUnion([.notSignedIn, .tokenInvalid, .forbidden, .accountDisabled])
            if stepUp { codes.insert(.stepUpRequired) }
        case .sessionOrScope, .adminOrScope:
            codes.formUnion([
                .notSignedIn, .tokenInvalid, .forbidden, .accountDisabled, .scopeMissing,
            ])
        case .scope, .loopbackOrScope:
            codes.formUnion([.notSignedIn, .tokenInvalid, .forbidden, .scopeMissing])
        }
        if SameSiteRule.applies(to: access, method: method, hasCookie: true, hasBearer: false) {
            codes.insert(.crossSite)
        }
        switch request {
        case .none:
            break
        case .json:
            codes.formUnion([
                .malformedJSON, .validationFailed, .bodyTooLarge, .unsupportedMediaType,
                .expectationFailed, .requestTimeout,
            ])
        case .raw:
            codes.formUnion([
                .bodyTooLarge, .unsupportedMediaType, .expectationFailed, .requestTimeout,
            ])
        }
        if rateClass != nil { codes.insert(.rateLimited) }
        return ErrorCode.allCases.filter(codes.contains)
    }
}
