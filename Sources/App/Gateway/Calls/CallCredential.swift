import Actors
import Foundation
import NIOHTTP1

/// Finds a caller's token where its client library puts the provider's key.
enum CallCredential {
    /// The token of the first slot that has one of ours.
    ///
    /// - Parameters:
    ///   - taken: the query items that were taken out.
    ///   - name: of the integration, for the advice.
    static func secret(
        in headers: HTTPHeaders, taken: [(name: String, value: String)], slots: [CredentialSlot],
        name: String
    ) throws(APIError) -> BearerSecret {
        if let secret = usual(in: headers) { return secret }
        let candidates = candidates(headers, taken, slots)
        for candidate in candidates {
            if let secret = BearerSecret(.service, presented: candidate) { return secret }
        }
        if candidates.contains(where: { $0.hasPrefix("cs_s_") }) || hasSessionCookie(headers) {
            throw APIError(
                .forbidden, message: "A person's session may not make calls; a token may.",
                suggestedFix: "Mint a token with POST /api/tokens and put it where the client "
                    + "library has the provider's key.")
        }
        guard candidates.isEmpty else {
            throw APIError(
                .tokenInvalid,
                message: "This is no Countersign token.",
                suggestedFix: "Put a Countersign token (cs_k_…) where \(name)'s own key would be; "
                    + "the key itself stays with the server. If a real key was sent here, "
                    + "consider replacing it.")
        }
        throw APIError(
            .notSignedIn, message: "This call needs a token.",
            suggestedFix: "Send `Authorization: Bearer` with a Countersign token, or put it where "
                + "\(name)'s client library has its key.")
    }

    /// What the first candidate is in almost every call, found without making a list of them.
    private static func usual(in headers: HTTPHeaders) -> BearerSecret? {
        for (name, value) in headers where name.lowercased() == "authorization" {
            guard value.utf8.count > 7, value.prefix(7).lowercased() == "bearer " else {
                return nil
            }
            return BearerSecret(.service, presented: String(value.dropFirst(7)))
        }
        return nil
    }

    private static func candidates(
        _ headers: HTTPHeaders, _ taken: [(name: String, value: String)], _ slots: [CredentialSlot]
    ) -> [String] {
        var found: [String] = []
        for value in headers["authorization"] {
            let parts = value.split(separator: " ", maxSplits: 1)
            switch (parts.count, parts.first?.lowercased()) {
            case (2, "bearer"):
                found.append(String(parts[1].drop { $0 == " " }))
            case (2, "basic") where slots.contains(.basicPassword):
                if let password = password(parts[1]) { found.append(password) }
            default:
                if slots.contains(.bareAuthorization) { found.append(value) }
            }
        }
        for slot in slots {
            switch slot {
            case .header(let name): found += headers[name]
            case .query(let name):
                found += taken.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
            case .bearer, .bareAuthorization, .basicPassword: break
            }
        }
        return found.filter { !$0.isEmpty }
    }

    /// What follows the first colon of `user:password` (RFC 7617 §2).
    private static func password(_ encoded: Substring) -> String? {
        guard let data = Data(base64Encoded: String(encoded)),
            let pair = String(validating: data, as: UTF8.self),
            let colon = pair.firstIndex(of: ":")
        else { return nil }
        return String(pair[pair.index(after: colon)...])
    }

    private static func hasSessionCookie(_ headers: HTTPHeaders) -> Bool {
        headers["cookie"].contains { $0.contains(SessionCookie.name) }
    }
}
