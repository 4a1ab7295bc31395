import Persistence

/// The rotation of data keys, as far as accounts are concerned.
extension AccountActor {
    /// From this turn on, secrets are sealed under the new ring's current key.
    package func adopt(_ keyring: DataKeyring) { self.keyring = keyring }

    /// How many accounts have a secret under an older key.
    package func countSealedByOlderKeys() -> Int {
        state.userOrder.count { id in state.users[id].map(hasOlderSeal) ?? false }
    }

    /// Seals the secrets of a page of accounts anew, in one turn, and waits for the disk.
    ///
    /// - Parameter offset: where the page before ended, in the order of registration.
    /// - Returns: how many accounts were changed, and where the next page begins; nil at the end.
    /// - Throws: `.secretUnreadable` when a secret opens under none of the keys: it stays as it is.
    package func reseal(
        from offset: Int, limit: Int
    ) async throws(AccountError) -> (changed: Int, next: Int?) {
        let page = state.userOrder.dropFirst(offset).prefix(limit)
        var events: [AccountEvent] = []
        for id in page {
            guard let user = state.users[id], hasOlderSeal(user) else { continue }
            events.append(
                .secretsResealed(
                    id, factor: try reseal(user.secondFactor?.sealedSecret, of: id),
                    setup: try reseal(user.pendingSetup?.sealedSecret, of: id)))
        }
        let end = offset + page.count
        let next = end < state.userOrder.count ? end : nil
        if let position = try record(events) { await log.durable(through: position) }
        return (events.count, next)
    }

    private func hasOlderSeal(_ user: User) -> Bool {
        [user.secondFactor?.sealedSecret, user.pendingSetup?.sealedSecret].contains { sealed in
            guard let sealed else { return false }
            // What can't be read is no newer either: the rotation stops at it and says so.
            return (try? keyring.isSealedByOlderKey(sealed)) ?? true
        }
    }

    private func reseal(_ sealed: [UInt8]?, of id: UserID) throws(AccountError) -> [UInt8]? {
        guard let sealed else { return nil }
        do throws(SealError) {
            guard try keyring.isSealedByOlderKey(sealed) else { return nil }
            let secret = try keyring.open(sealed, for: id, purpose: .totpSecret).value
            return keyring.seal(secret, for: id, purpose: .totpSecret, random: random)
        } catch {
            throw .secretUnreadable
        }
    }
}
