package import HTTPTypes

/// What every answer tells browsers not to do with it (OWASP Secure Headers).
package struct SecurityHeaders: Sendable {
    /// For JSON, which no browser has to render: nothing may be loaded or framed.
    package let data: HTTPFields
    /// For the console: its own scripts, styles, images and calls, and nothing from anywhere else.
    package let page: HTTPFields

    /// - Parameter isReachedByTLS: only then does `Strict-Transport-Security` mean anything
    ///   (RFC 6797 §7.2).
    package init(isReachedByTLS: Bool) {
        var common: HTTPFields = [
            .xContentTypeOptions: "nosniff",
            .referrerPolicy: "no-referrer",
            .permissionsPolicy: "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            .crossOriginOpenerPolicy: "same-origin",
            .crossOriginResourcePolicy: "same-origin",
        ]
        if isReachedByTLS {
            common[.strictTransportSecurity] = "max-age=\(SecurityHeaders.transportSecuritySeconds)"
        }
        data = common + [.contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'"]
        page =
            common + [
                .contentSecurityPolicy: "default-src 'none'; script-src 'self'; style-src 'self'; "
                    + "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
                    + "frame-ancestors 'none'; require-trusted-types-for 'script'; "
                    // The QR code comes as the text of a picture; nothing else is ever parsed.
                    + "trusted-types countersign-qr"
            ]
    }

    /// Two years, what the browsers' preload lists ask for; subdomains are not ours to decide
    /// about.
    private static let transportSecuritySeconds = 63_072_000
}

private func + (left: HTTPFields, right: HTTPFields) -> HTTPFields {
    var sum = left
    sum.append(contentsOf: right)
    return sum
}
