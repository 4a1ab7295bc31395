/// Who the client says it is.
package enum Credentials: Sendable {
    case none
    case user(name: String, password: String)
    case token(String)
    case key(NKey)
    /// A token that the account has signed, and the user's key that proves possession.
    case jwt(String, NKey)

    /// Reads a credentials file: the user's JWT and seed between lines of dashes.
    package static func file(_ content: String) throws(CredentialsError) -> Credentials {
        let lines = content.split(whereSeparator: \.isNewline).map {
            String($0.filter { !$0.isWhitespace || $0 == " " })
        }
        guard let jwt = block("NATS USER JWT", in: lines) else {
            throw .malformedFile("no line after BEGIN NATS USER JWT")
        }
        guard let seed = block("USER NKEY SEED", in: lines) else {
            throw .malformedFile("no line after BEGIN USER NKEY SEED")
        }
        return .jwt(jwt, try NKey(seed: seed))
    }

    private static func block(_ name: String, in lines: [String]) -> String? {
        guard let start = lines.firstIndex(where: { $0.hasPrefix("---") && $0.contains(name) }),
            start + 1 < lines.count, !lines[start + 1].hasPrefix("---")
        else { return nil }
        return lines[start + 1].filter { $0 != " " }
    }
}
