package import HTTPTypes

/// Keeps other sites from acting with a visitor's cookie, or from signing a visitor in to an
/// account of their own (cross-site request forgery).
///
/// Browsers say where a request comes from: `Sec-Fetch-Site` in all current ones, `Origin` in all
/// others. Callers that are no browser send neither, and are no danger since nobody can make them
/// send a cookie. A bearer token is never sent by a browser on its own, so its callers are exempt.
package struct SameSiteRule: Sendable {
    /// The origin that `public_url` names, where it is set: the only one we can know of behind a
    /// proxy that rewrites `Host`.
    private let publicOrigin: String?

    package init(publicOrigin: String?) { self.publicOrigin = publicOrigin?.lowercased() }

    /// Whether the rule applies to a request at all.
    package static func applies(
        to access: Access, method: HTTPRequest.Method, hasCookie: Bool, hasBearer: Bool
    ) -> Bool {
        guard !hasBearer else { return false }
        switch method {
        // The methods that RFC 9110 §9.2.1 calls safe, as far as we have them.
        case .get, .head, .options: return false
        default: break
        }
        switch access {
        case .anyoneSameSite: return true
        case .anyone: return false
        case .session, .optionalSession, .admin, .sessionOrScope, .adminOrScope, .scope,
            .loopbackOrScope:
            return hasCookie
        }
    }

    /// Whether the request may have come from one of our own pages, or from no page at all.
    ///
    /// - Parameter authority: what the `Host` header says.
    package func permits(headers: HTTPFields, authority: String?) -> Bool {
        if let site = headers[.secFetchSite] { return site == "same-origin" || site == "none" }
        guard let origin = headers[.origin]?.lowercased() else { return true }
        if origin == publicOrigin { return true }
        guard let authority = authority?.lowercased(), !authority.isEmpty,
            let schemeEnd = origin.utf8.firstIndex(of: UInt8(ascii: ":"))
        else { return false }
        // The scheme is not compared: behind a proxy that ends TLS we do not know our own.
        return origin[schemeEnd...] == "://\(authority)"
    }
}
