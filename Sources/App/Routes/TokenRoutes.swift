import Actors
import HTTPTypes

/// Service tokens: only an admin mints them.
struct TokenRoutes: Sendable {
    let minting: TokenMinting

    var endpoints: [Endpoint] { [mint, list, revoke] }

    private struct MintBody: Decodable {
        let name: String
        let scopes: [String]
        let expires_in_days: Int?
    }

    private struct MintEnvelope: Encodable {
        let id: String
        let name: String
        let scopes: [String]
        let expires_at: String?
        let token: String

        enum CodingKeys: CodingKey { case id, name, scopes, expires_at, token }

        func encode(to encoder: any Encoder) throws {
            var object = encoder.container(keyedBy: CodingKeys.self)
            try object.encode(id, forKey: .id)
            try object.encode(name, forKey: .name)
            try object.encode(scopes, forKey: .scopes)
            try object.encode(expires_at, forKey: .expires_at)
            try object.encode(token, forKey: .token)
        }
    }

    private var mint: Endpoint {
        Endpoint(
            .post, "/api/tokens", "Mint a token for a program; it is shown once",
            access: .admin(stepUp: true),
            request: .json(
                .object([
                    .init("name", .text(1...100), note: "Printable characters."),
                    .init(
                        "scopes",
                        .array(1...ServiceToken.scopesMax, of: .string(example: "usage:write")),
                        note: "session:read, usage:write, usage:read, alerts:send, status:read, "
                            + "metrics:read, call:{integration}, call:{integration}:read"),
                    .init(
                        "expires_in_days", .nullable(.integer(in: 1...ServiceToken.expiryDaysMax)),
                        isRequired: false),
                ])),
            response: .json(
                status: 201,
                .object([
                    .init("id", .string()), .init("name", .string()),
                    .init("scopes", .array(.string())),
                    .init("expires_at", .nullable(.string(format: "date-time"))),
                    .init("token", .string()),
                ])),
            errors: [.scopeUnknown, .limitReached, .storageFull]
        ) { call throws(APIError) in
            let caller = try call.session()
            let body = try call.decode(MintBody.self)
            let (token, secret) = try await minting.mint(
                name: body.name, scopes: body.scopes, expiresInDays: body.expires_in_days,
                by: caller.user.id, at: call.now)
            return .object(
                MintEnvelope(
                    id: token.id.description, name: token.name,
                    scopes: token.scopes.map(\.text), expires_at: token.expiresAt?.rfc3339,
                    token: secret.text.value),
                status: .created)
        }
    }

    private struct ListEnvelope: Encodable { let tokens: [TokenJSON] }

    private var list: Endpoint {
        Endpoint(
            .get, "/api/tokens", "All live tokens, newest first",
            access: .admin(stepUp: false), rateClass: .reads,
            response: .json(status: 200, .object([.init("tokens", .array(TokenJSON.schema))]))
        ) { call throws(APIError) in
            let tokens = await minting.installation.tokens(at: call.now)
            return .object(ListEnvelope(tokens: tokens.map(TokenJSON.init)))
        }
    }

    private var revoke: Endpoint {
        Endpoint(
            .delete, "/api/tokens/{id}", "End a token",
            access: .admin(stepUp: true),
            response: .json(status: 200, EmptyEnvelope.schema),
            errors: [.tokenUnknown, .storageFull]
        ) { call throws(APIError) in
            try await minting.revoke(call.parameter("id"))
            return .object(EmptyEnvelope())
        }
    }
}

/// The rules of minting, shared by the API and the operator's commands.
struct TokenMinting: Sendable {
    let installation: InstallationActor
    let integrationIDs: Set<String>
    let tokensPerAccountMax: Int

    func mint(
        name: String, scopes: [String], expiresInDays: Int?, by user: UserID, at now: Timestamp
    ) async throws(APIError) -> (token: ServiceToken, secret: BearerSecret) {
        guard (1...ServiceToken.nameScalarsMax).contains(name.unicodeScalars.count),
            name.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 })
        else {
            throw APIError(
                .validationFailed, field: "name",
                message: "A name has 1–\(ServiceToken.nameScalarsMax) printable characters.")
        }
        if let days = expiresInDays, !(1...ServiceToken.expiryDaysMax).contains(days) {
            throw APIError(
                .validationFailed, field: "expires_in_days",
                message: "expires_in_days is between 1 and \(ServiceToken.expiryDaysMax).")
        }
        let parsed = try parse(scopes)
        do throws(InstallationState.Refusal) {
            return try await installation.mint(
                name: name, scopes: parsed, by: user,
                expiresAt: expiresInDays.map { now.advanced(bySeconds: Int64($0) * 86_400) },
                tokensPerAccountMax: tokensPerAccountMax, at: now)
        } catch {
            throw APIError(error)
        }
    }

    private func parse(_ texts: [String]) throws(APIError) -> [TokenScope] {
        guard (1...ServiceToken.scopesMax).contains(texts.count) else {
            throw APIError(
                .validationFailed, field: "scopes",
                message: "A token has 1–\(ServiceToken.scopesMax) scopes.")
        }
        var scopes: [TokenScope] = []
        for text in texts {
            guard let scope = TokenScope(text: text) else {
                throw APIError(.scopeUnknown, field: "scopes")
            }
            if case .call(let integration, _) = scope, !integrationIDs.contains(integration) {
                throw APIError(
                    .scopeUnknown, field: "scopes",
                    message: "The scope names an integration that does not exist.")
            }
            if !scopes.contains(scope) { scopes.append(scope) }
        }
        return scopes
    }

    func revoke(_ text: String) async throws(APIError) {
        guard let id = ServiceTokenID(text) else { throw APIError(.tokenUnknown) }
        do throws(InstallationState.Refusal) {
            try await installation.revoke(id)
        } catch {
            throw APIError(error)
        }
    }
}
