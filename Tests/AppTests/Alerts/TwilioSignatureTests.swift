import Actors
import Testing

@testable import App

/// Signatures that twilio-python 9.13.0 has computed (`RequestValidator.compute_signature`).
@Suite struct TwilioSignatureTests {
    private static let base = "https://id.example.com"
    private static let path = "/api/webhooks/twilio/status"
    private static let settings = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    private static let fields: [(name: String, value: String)] = [
        ("MessageSid", "SM0123456789abcdef0123456789abcdef"), ("MessageStatus", "delivered"),
        ("AccountSid", "ACca7a51e5ca7a51e5ca7a51e5ca7a51e5"), ("To", "+14155550100"),
        ("From", "+15005550006"), ("ApiVersion", "2010-04-01"),
        ("SmsSid", "SM0123456789abcdef0123456789abcdef"), ("SmsStatus", "delivered"),
        ("ErrorCode", ""), ("RawDlrDoneDate", "2611251015"), ("Zürich", "grüße & 100 %"),
        ("a", "1"), ("A", "2"),
    ]
    private static let signature = "3McvVvuRjsEX6hcdmwEbUu3NZxs="

    private func isValid(
        _ signature: String, settings: String? = nil, base: String = base, query: String = "",
        _ content: TwilioSignature.Content = .form(fields), sharedKey: String? = nil,
        token: String = "canarytwilio5f0e1d2c3b4a59687766"
    ) -> Bool {
        TwilioSignature(authToken: Redacted(token), sharedKey: sharedKey.map { Redacted($0) })
            .isValid(
                signature, settings: settings, base: base, path: Self.path, query: query, content)
    }

    @Test("a form's signature, whatever the order of its fields")
    func form() {
        #expect(isValid(Self.signature))
        #expect(isValid(Self.signature, .form(Self.fields.reversed())))
        #expect(isValid(Self.signature, .form(Self.fields + [("a", "1")])))
        #expect(isValid("OW1FNmeQdd5Lsrym8KLmrGvY/jE=", .form([])))
        #expect(
            isValid(
                "oy/B/+5tjpJxW1AEcm8xjixae70=",
                .form([("b", "2"), ("a", "z"), ("b", "1"), ("b", "2")])))
    }

    @Test("names are sorted and told apart by code points, not as Swift's characters are")
    func codePoints() {
        let fields = [
            ("\u{1F600}", "1"), ("\u{FF5E}", "2"), ("e\u{301}", "3"), ("\u{E9}", "4"),
        ]
        #expect(isValid("bFZGM1g7Bas80Avk+RsL1qvn678=", .form(fields)))
    }

    @Test("with and without the port, both ways")
    func ports() {
        #expect(isValid("frFY/w0DWWBP1G9oHYpUtyPhci0="))
        #expect(isValid(Self.signature, base: "https://id.example.com:443"))
        let form = TwilioSignature.Content.form([("a", "b")])
        for signature in ["yEn5QUkZfVBO0WnCko/5QSAPsSY=", "LAXoPSdTufV3C3BtMwqIz8yJ26g="] {
            #expect(isValid(signature, base: "http://127.0.0.1:8080", form))
        }
        #expect(isValid("hrOb2Ld8OGbpr3L8auGLv9UA7Vs=", base: "http://id.example.com", form))
        #expect(!isValid("hrOb2Ld8OGbpr3L8auGLv9UA7Vs=", base: "https://id.example.com", form))
    }

    @Test("the query is part of the URL, as it was sent")
    func query() {
        #expect(isValid("ov8Fk8/QegZep61T9UYfPaOCEvo=", query: "x=a%20b&y"))
        #expect(!isValid("ov8Fk8/QegZep61T9UYfPaOCEvo=", query: "x=a+b&y"))
        #expect(!isValid(Self.signature, query: "x=a%20b&y"))
    }

    @Test("SHA-256 where the settings header says so, with the auth token or a shared key")
    func sha256() {
        let byToken = "nuvGl1G8rTtE3wIxVuCfk8tUWoZ4jazBLBmLN3u/xjc="
        let byKey = "zEX4vbv7AUlaFWbMdKuUqWGWBcQylmfdprw4bm3Zc64="
        #expect(isValid(byToken, settings: Self.settings))
        #expect(isValid(byToken, settings: "algorithm = hmac_sha256"))
        #expect(!isValid(byToken))
        #expect(!isValid(Self.signature, settings: Self.settings))
        #expect(!isValid(byKey, settings: Self.settings))
        #expect(isValid(byKey, settings: Self.settings, sharedKey: "the-shared-key-secret"))
        #expect(isValid(byToken, settings: Self.settings, sharedKey: "the-shared-key-secret"))
        #expect(isValid(Self.signature, settings: "key=1,algorithm=HMAC_SHA1"))
        for settings in ["", "key=1", "algorithm="] {
            #expect(isValid(Self.signature, settings: settings))
        }
        #expect(!isValid(Self.signature, settings: "algorithm=HMAC_SHA512"))
        #expect(!isValid(byToken, settings: "algorithm=none"))
    }

    @Test("a JSON body is signed by its hash in the URL")
    func json() {
        let body = Array(
            "{\"MessageSid\":\"SM0123456789abcdef0123456789abcdef\",\"MessageStatus\":\"sent\"}"
                .utf8)
        let hash = "623471c321065587772743df63d0f6a4c11dd06c2ea735efd97a15614db0e22c"
        let signature = "LIInNw4T9x21c2WgSxPxpdmQOc0="
        #expect(isValid(signature, query: "bodySHA256=\(hash)", .body(body)))
        #expect(!isValid(signature, query: "bodySHA256=\(hash)", .body(body + [32])))
        #expect(!isValid(signature, .body(body)))
        #expect(!isValid("OW1FNmeQdd5Lsrym8KLmrGvY/jE=", .body(body)))
    }

    @Test("any other signature, field, token or path is refused")
    func refused() {
        #expect(!isValid(""))
        #expect(!isValid(String(Self.signature.dropLast())))
        #expect(!isValid(Self.signature + "="))
        #expect(!isValid(Self.signature.lowercased()))
        for index in Self.fields.indices {
            var fields = Self.fields
            fields[index].value += "x"
            #expect(!isValid(Self.signature, .form(fields)))
        }
        #expect(!isValid(Self.signature, .form(Self.fields + [("b", "")])))
        #expect(!isValid(Self.signature, token: "another"))
        #expect(!isValid(Self.signature, token: ""))
        #expect(!isValid(Self.signature, base: "http://id.example.com"))
    }
}
