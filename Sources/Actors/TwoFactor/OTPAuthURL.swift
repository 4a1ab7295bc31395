/// The `otpauth://` URL that an authenticator app reads from a QR code, in the "Key URI Format" of
/// Google Authenticator, which all of them follow.
///
/// `otpauth://totp/Issuer:account?secret=…&issuer=Issuer&algorithm=SHA1&digits=6&period=30`
package struct OTPAuthURL: Sendable {
    /// The whole URL. It contains the shared secret.
    package let text: Redacted<String>
    /// The shared secret as a person would type it: base32 without padding.
    package let secretText: Redacted<String>

    /// - Parameters:
    ///   - issuer: the name of the service; colons are left out, since one separates it from the
    ///     account in the label.
    ///   - account: what tells the user's accounts apart: the email address.
    package init(issuer: String, account: String, secret: Redacted<[UInt8]>) {
        let encodedIssuer = OTPAuthURL.percentEncode(OTPAuthURL.withoutColons(issuer))
        let encodedAccount = OTPAuthURL.percentEncode(OTPAuthURL.withoutColons(account))
        let base32 = RadixAlphabet.base32.encode(secret.value)
        secretText = Redacted(base32)
        text = Redacted(
            "otpauth://totp/\(encodedIssuer):\(encodedAccount)?secret=\(base32)"
                + "&issuer=\(encodedIssuer)&algorithm=SHA1&digits=\(TOTP.digits)"
                + "&period=\(TOTP.stepSeconds)")
    }

    private static func withoutColons(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0 != ":" })
    }

    /// All but the unreserved characters of RFC 3986 §2.3, as UTF-8. A space is `%20`: some apps
    /// show a `+` as it is.
    private static func percentEncode(_ text: String) -> String {
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) {
                encoded.append(byte)
            } else {
                encoded.append(UInt8(ascii: "%"))
                encoded.append(contentsOf: Hex.encode([byte]).uppercased().utf8)
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
