import Synchronization

/// Who holds which service token, for callers that can't wait for an actor's turn: one look-up
/// under a lock. `InstallationActor` is the only one that changes it.
///
/// A token is in here before its minting is durable, which nobody can notice: its secret is told
/// afterwards. It leaves with the revocation, before that is durable.
package final class TokenIndex: Sendable {
    private struct Entry {
        let principal: TokenPrincipal
        let expiresAt: Timestamp?
    }

    private struct State {
        var entries: [TokenDigest: Entry] = [:]
        var digests: [ServiceTokenID: TokenDigest] = [:]
        /// Coarse, unlogged, kept in snapshots.
        var lastUsed: [ServiceTokenID: Timestamp]

        init(_ tokens: some Sequence<ServiceToken>, _ lastUsed: [ServiceTokenID: Timestamp]) {
            self.lastUsed = lastUsed
            for token in tokens { insert(token) }
        }

        mutating func insert(_ token: ServiceToken) {
            let principal = TokenPrincipal(
                id: token.id, name: token.name, scopes: Set(token.scopes))
            entries[token.digest] = Entry(principal: principal, expiresAt: token.expiresAt)
            digests[token.id] = token.digest
        }
    }

    private let state: Mutex<State>

    /// Last-used times are written at most so often.
    private static let lastUsedGranularitySeconds: Int64 = 60

    package init(_ tokens: some Sequence<ServiceToken>, lastUsed: [ServiceTokenID: Timestamp]) {
        state = Mutex(State(tokens, lastUsed))
    }

    /// Puts other tokens in the place of those that were here.
    func replace(
        with tokens: some Sequence<ServiceToken>, lastUsed: [ServiceTokenID: Timestamp]
    ) {
        let new = State(tokens, lastUsed)
        state.withLock { $0 = new }
    }

    /// Who holds this service token, or nil. Comparing digests of 256 random bits tells nothing
    /// about a secret, however long it takes.
    package func authenticate(_ digest: TokenDigest, at now: Timestamp) -> TokenPrincipal? {
        state.withLock { state in
            guard let entry = state.entries[digest], entry.expiresAt.map({ now < $0 }) ?? true
            else { return nil }
            let id = entry.principal.id
            let previous = state.lastUsed[id]?.seconds ?? 0
            if now.seconds - previous >= Self.lastUsedGranularitySeconds {
                state.lastUsed[id] = now
            }
            return entry.principal
        }
    }

    package var lastUsed: [ServiceTokenID: Timestamp] { state.withLock { $0.lastUsed } }

    func insert(_ token: ServiceToken) { state.withLock { $0.insert(token) } }

    func remove(_ id: ServiceTokenID) {
        state.withLock { state in
            if let digest = state.digests.removeValue(forKey: id) { state.entries[digest] = nil }
            state.lastUsed[id] = nil
        }
    }
}
