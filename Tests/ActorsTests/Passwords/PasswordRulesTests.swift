import Actors
import Testing

@Suite struct PasswordRulesTests {
    private func email() throws -> EmailAddress { try EmailAddress("ada.lovelace@example.com") }

    @Test(
        "8 to 128 code points after NFKC, of any kind",
        arguments: [
            "abcdefgz", String(repeating: "xyzw", count: 32), "        ", "пароль-я", "日本語日本語日本",
            "🙂🙂🙂🙂🙂🙂🙂🙂", String(repeating: "🙂", count: 128),
        ])
    func accepts(text: String) throws {
        #expect(try PasswordRules.normalise(text).value == Array(text.utf8))
    }

    @Test(
        "shorter, longer and control characters are refused",
        arguments: [
            ("", PasswordRejection.tooShort(charactersMin: 8)),
            ("abcdefg", .tooShort(charactersMin: 8)),
            // Eight code points that NFKC makes seven.
            ("abcdefe\u{301}", .tooShort(charactersMin: 8)),
            (String(repeating: "x", count: 129), .tooLong(charactersMax: 128)),
            (String(repeating: "x", count: 100_000), .tooLong(charactersMax: 128)),
            // One code point that NFKC makes eighteen.
            (String(repeating: "\u{fdfa}", count: 8), .tooLong(charactersMax: 128)),
            ("abcdefg\0h", .controlCharacter), ("abcdefg\nh", .controlCharacter),
            ("abcdefgh\u{7f}", .controlCharacter), ("abcdefgh\u{85}", .controlCharacter),
        ] as [(String, PasswordRejection)])
    func refuses(text: String, reason: PasswordRejection) {
        #expect(throws: reason) { try PasswordRules.normalise(text) }
        #expect(!reason.description.isEmpty)
    }

    @Test("one password typed in two ways is one")
    func normalises() throws {
        let composed = try PasswordRules.normalise("p\u{e4}sswort-ﬁx")
        let decomposed = try PasswordRules.normalise("pa\u{308}sswort-fix")
        #expect(composed == decomposed)
        #expect(try PasswordRules.normalise("ｐａｓｓｐｈｒａｓｅ") == PasswordRules.normalise("passphrase"))
        #expect(try PasswordRules.normalise("Passphrase") != PasswordRules.normalise("passphrase"))
        #expect("\(composed)" == "[redacted]")
    }

    @Test(
        "a new password may not be the address or its local part, in any case",
        arguments: [
            "ada.lovelace@example.com", "ADA.LOVELACE@example.com", "ada.lovelace", "Ada.Lovelace",
        ])
    func sameAsEmail(text: String) throws {
        let email = try email()
        #expect(throws: PasswordRejection.sameAsEmail) {
            try PasswordRules.checkNew(text, email: email)
        }
        #expect(throws: Never.self) { try PasswordRules.normalise(text) }
    }

    @Test("a new password may not be a common one, a tried one may")
    func common() throws {
        let email = try email()
        #expect(throws: PasswordRejection.common) {
            try PasswordRules.checkNew("PassWord1", email: email)
        }
        #expect(throws: PasswordRejection.common) {
            try PasswordRules.checkNew("ｐａｓｓｗｏｒｄ１", email: email)
        }
        #expect(try PasswordRules.normalise("password1").value == Array("password1".utf8))
        #expect(
            try PasswordRules.checkNew("correct horse battery", email: email).value
                == Array("correct horse battery".utf8))
    }
}

@Suite struct CommonPasswordsTests {
    @Test("the list has at least the 3,000 entries that ASVS 6.2.4 asks for")
    func count() {
        #expect(CommonPasswords.count >= 3000)
    }

    @Test(
        "the obvious ones are on it",
        arguments: [
            "password", "password1", "Password1!", "passw0rd", "p@ssw0rd", "password123",
            "12345678",
            "123456789", "1234567890", "87654321", "00000000", "11111111", "12341234", "11223344",
            "qwerty123", "qwertyuiop", "qwertz123", "1qaz2wsx", "1q2w3e4r", "1q2w3e4r5t",
            "zaq12wsx", "asdfghjkl", "qazwsxedc", "iloveyou", "ILoveYou", "letmein1", "letmein123",
            "welcome1", "welcome123", "admin123", "administrator", "football", "baseball",
            "sunshine", "princess", "superman", "starwars", "trustno1", "abcd1234", "a1b2c3d4",
            "aaaaaaaa", "abc123abc", "changeme", "michael1", "summer2024", "winter2025!",
            "bitcoin1",
            "monkey123", "dragon123", "computer", "internet", "whatever", "19901990", "147258369",
        ])
    func contains(password: String) {
        #expect(CommonPasswords.contains(password))
    }

    @Test(
        "a password that nobody else chose is not",
        arguments: [
            "correct horse battery", "tr0ub4dor&3x", "kJ8#mQ2$vL", "violet-anchor-41",
            "the weather is fine", "zebra quartz lamp",
        ])
    func doesNotContain(password: String) {
        #expect(!CommonPasswords.contains(password))
    }
}
