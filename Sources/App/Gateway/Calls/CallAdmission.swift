import Actors
import NIOCore
import NIOHTTP1

/// Decides whether a request may become a call, and of which order. Everything is looked up and
/// nothing awaited: it runs on an event loop for each call.
struct CallAdmission: Sendable {
    let providers: [IntegrationID: GatewayProvider]
    let tokens: TokenIndex
    let bulkheads: CallBulkheads
    let journal: CallJournal

    /// Admitted: `bulkheads.leave` must follow.
    struct Admitted {
        let order: GatewayCall.Order
        let token: TokenPrincipal
    }

    /// A refusal, with as much as is known of the call.
    struct Refusal: Error {
        let error: APIError
        var token: TokenPrincipal?
        /// The event that says so; nil where there is nobody whose call it was.
        var usage: UsageFacts?
    }

    func admit(
        _ head: HTTPRequestHead, _ target: CallTarget, trace: TraceID, at now: Timestamp
    ) throws(Refusal) -> Admitted {
        guard let provider = providers[IntegrationID(String(target.integration))] else {
            throw Refusal(error: APIError(.integrationUnknown))
        }
        let limits = provider.entry.calls.limits
        let (query, taken) = Self.split(target.query, provider.droppedQuery)
        let token = try principal(head, taken, provider, at: now)
        let method = head.method.rawValue
        // TRACE would show the caller what we add (RFC 9110 §9.3.8), CONNECT is none of this.
        guard head.method != .TRACE, head.method != .CONNECT else {
            throw Refusal(
                error: APIError(
                    .methodNotAllowed,
                    allowedMethods: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
                token: token)
        }
        var refusal = Refusal(error: APIError(.internalError), token: token)
        func refuse(_ error: APIError) -> Refusal {
            var refused = refusal
            refused.usage?.errorCode = error.code.rawValue
            return Refusal(error: error, token: token, usage: refused.usage)
        }
        try checkScope(token, provider, method, refuse)
        guard CallPathRule.permits(target.path) else { throw refuse(APIError(.pathNotAllowed)) }
        let usage = UsageFacts(
            integration: provider.id, operation: provider.operations.name(method, target.path),
            source: .observed, status: .pending, at: now, trace: trace)
        refusal.usage = usage
        refusal.usage?.status = .refused
        guard let credentials = provider.credentials else {
            throw refuse(provider.obstacle ?? APIError(.notConfigured))
        }
        let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        let isChunked = head.headers.contains(name: "transfer-encoding")
        guard length <= limits.requestBytesMax else {
            throw refuse(Self.tooLarge(limits))
        }
        guard journal.hasRoom else { throw Refusal(error: APIError(.storageFull), token: token) }
        guard bulkheads.enter(provider.id, token.id) else {
            throw refuse(
                APIError(
                    .overloaded, message: "Too many calls are under way.", retryAfterSeconds: 1))
        }
        let path = Self.withAccount(target.path, credentials)
        let requestHead = provider.requestFields.head(
            method: method, target: Self.target(path, query, credentials),
            authority: provider.origin.authority, headers: head.headers,
            credentials: credentials.headerLines.value)
        return Admitted(
            order: GatewayCall.Order(
                provider: provider, method: method, requestHead: requestHead,
                hasBody: length > 0 || isChunked, isChunked: isChunked, token: token.id,
                usage: usage, began: .now()),
            token: token)
    }

    static func tooLarge(_ limits: CallLimits) -> APIError {
        APIError(
            .bodyTooLarge, message: "The body is larger than \(limits.requestBytesMax) bytes.")
    }

    private func principal(
        _ head: HTTPRequestHead, _ taken: [(name: String, value: String)],
        _ provider: GatewayProvider, at now: Timestamp
    ) throws(Refusal) -> TokenPrincipal {
        let secret: BearerSecret
        do throws(APIError) {
            secret = try CallCredential.secret(
                in: head.headers, taken: taken, slots: provider.entry.calls.slots,
                name: provider.entry.name)
        } catch {
            throw Refusal(error: error)
        }
        guard let principal = tokens.authenticate(secret.digest, at: now) else {
            throw Refusal(error: APIError(.tokenInvalid))
        }
        return principal
    }

    private func checkScope(
        _ token: TokenPrincipal, _ provider: GatewayProvider, _ method: String,
        _ refuse: (APIError) -> Refusal
    ) throws(Refusal) {
        let whole = TokenScope.call(integration: provider.id.text, readOnly: false)
        if token.scopes.contains(whole) { return }
        let reading = TokenScope.call(integration: provider.id.text, readOnly: true)
        guard token.scopes.contains(reading) else {
            throw refuse(
                APIError(.scopeMissing, message: "The token lacks the scope \(whole.text)."))
        }
        guard method == "GET" || method == "HEAD" else {
            throw refuse(
                APIError(
                    .scopeMissing,
                    message: "The token may only read: \(method) needs the scope \(whole.text)."))
        }
    }

    // MARK: The target

    private static func split(
        _ query: Substring?, _ dropped: Set<String>
    ) -> (rest: Substring?, taken: [(name: String, value: String)]) {
        guard let query else { return (nil, []) }
        let (rest, taken) = CallQuery.split(query, dropping: dropped)
        return (rest.isEmpty && !taken.isEmpty ? nil : rest, taken)
    }

    private static func target(
        _ path: String, _ query: Substring?, _ credentials: ProviderCredentials
    ) -> String {
        let own = credentials.query.value
        switch (query, own.isEmpty) {
        case (nil, true): return path
        case (nil, false): return "\(path)?\(own)"
        case (let query?, true): return "\(path)?\(query)"
        case (let query?, false):
            return query.isEmpty ? "\(path)?\(own)" : "\(path)?\(query)&\(own)"
        }
    }

    /// Puts our account where the caller has its own, or the word `me`.
    static func withAccount(_ path: Substring, _ credentials: ProviderCredentials) -> String {
        guard let account = credentials.account else { return String(path) }
        var segments = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        for index in segments.indices.dropFirst()
        where PercentEncoding.decode(segments[index - 1].utf8, plusIsSpace: false) == account.after
        {
            // `/Accounts.json` lists accounts; `/Accounts/AC….json` is one.
            let suffix = segments[index].lastIndex(of: ".").map { segments[index][$0...] } ?? ""
            if !segments[index].isEmpty { segments[index] = account.value + suffix }
        }
        return segments.joined(separator: "/")
    }
}
