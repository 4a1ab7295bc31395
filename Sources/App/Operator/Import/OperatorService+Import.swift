import Actors

extension OperatorService {
    /// One outcome for each account, in their order. What is refused keeps nothing else out.
    func importUsers(_ users: [ImportedUser], isDryRun: Bool) async -> OperatorReply {
        var outcomes: [ImportedUser.Outcome] = []
        for user in users { outcomes.append(await importUser(user, isDryRun: isDryRun)) }
        return .done(outcomes, "")
    }

    private func importUser(
        _ user: ImportedUser, isDryRun: Bool
    ) async -> ImportedUser.Outcome {
        let checked: CheckedImport
        do throws(CheckedImport.Rejection) {
            checked = try CheckedImport(user, at: clock.now())
        } catch {
            return .refused(error.reason)
        }
        do throws(AccountError) {
            guard !isDryRun else {
                return try await accounts.user(email: checked.email) == nil ? .imported : .exists
            }
            let isNew = try await accounts.importUser(
                checked.email, passwordHash: checked.passwordHash, role: checked.role,
                phone: checked.phone, createdAt: checked.createdAt ?? clock.now(),
                context: context)
            return isNew ? .imported : .exists
        } catch {
            return .refused(APIError(error).message)
        }
    }
}
