/// What to do about credentials that are not there or can't be right, in words.
struct CredentialAdvice: Equatable {
    let isMissing: Bool
    let reason: String
    let fix: String

    /// For an integration whose check found something.
    init(_ entry: IntegrationEntry, _ check: CredentialCheck) {
        isMissing = !check.missing.isEmpty
        if isMissing {
            let names = check.missing.map(\.variable.name).joined(separator: ", ")
            reason = "\(names) \(check.missing.count == 1 ? "is" : "are") not set."
            let list = check.missing.map { checked in
                let names = checked.variable.names.joined(separator: " or ")
                return "\(names) to \(checked.variable.about)"
            }.joined(separator: ", ")
            fix =
                "Set \(list) (from \(entry.keyURL)) in the server's environment and start it "
                + "again."
        } else {
            let names = check.malformed.map(\.checked.name).joined(separator: ", ")
            reason = "\(names) can't be right."
            fix =
                check.malformed.map { "\($0.checked.name): \($0.reason)." }
                .joined(separator: " ") + " Correct it and start the server again."
        }
    }
}
