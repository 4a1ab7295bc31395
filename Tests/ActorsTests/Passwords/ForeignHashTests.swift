import Actors
import Testing

@testable import Actors

@Suite("Password hashes of other systems")
struct ForeignHashTests {
    private static let password = Redacted(Array("correct horse battery staple".utf8))

    /// Made by libxcrypt through Perl, by Python's hashlib and by libsodium.
    private static let vectors = [
        "$2a$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS",
        "$2b$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS",
        "$2y$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS",
        "$scrypt$ln=12,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$0kAJcZMDMoI6NHVug+mGyKwmdluLX9Kqpub"
            + "H8OLxecs",
        "scrypt$4096$djangosalt$8$2$D9Qa/0vrjsZRE//E1Myqrdu0UxNv3a99ygiRG5Pw9hTkEAsTq0IMS"
            + "6TOxRrUCvJapzpsoMS30sJzMFf/Wa9sOg==",
        "$pbkdf2-sha256$29000$AAECAwQFBgcICQoLDA0ODw$m/kLywdyNwK9GV2kWntRGvZzmeiVsuqehNWl"
            + "Lst2eWY",
        "pbkdf2_sha256$12000$djangosalt$4wjcNyvOGfzSGIjEWozMoOBqDlED9WmL/7psu7blwWY=",
        "$pbkdf2-sha512$29000$AAECAwQFBgcICQoLDA0ODw$kWPS2HLS3ZO63NIyHcS/k20MHZfKlN.dWk9I"
            + "utbgXkeOp/copy4mRAvghrrQl9b2wghoxF2NKhgHaWKWJiLkZw",
        "pbkdf2_sha512$12000$djangosalt$Q7IP7qUigraXQbpXchL2kC0JSslfLkY5QmnndNy9h4sLjvQZw"
            + "yLt34/N+lC/87KZ4Jho0t07wmrdBBpjo5obAQ==",
        "$argon2id$v=19$m=8192,t=3,p=1$s6Ae0XUIteYzuMRkgD0K7g$UB7/kHTAPvlCVz/95mWy6Mk9ejd"
            + "SMg6JY2d/tLF3ThM",
    ]

    @Test("every form verifies its password and no other", arguments: vectors)
    func verifies(text: String) throws {
        let hash = try ForeignHash(text)
        #expect(hash.matches(Self.password))
        for other in ["", "correct horse battery stapl", "Correct horse battery staple"] {
            #expect(!hash.matches(Redacted(Array(other.utf8))))
        }
        #expect(PasswordHash.verify(Self.password, against: text))
        #expect(PasswordHash.needsRehash(text, .owaspMinimum))
    }

    @Test("a password with a zero in it is not cut there")
    func zero() throws {
        let hash = try ForeignHash(Self.vectors[0])
        #expect(!hash.matches(Redacted(Self.password.value + [0])))
    }

    @Test("a hash whose text was changed is another one or none", arguments: vectors)
    func changed(text: String) throws {
        var characters = Array(text)
        characters[characters.count - 5] = characters[characters.count - 5] == "A" ? "B" : "A"
        if let hash = try? ForeignHash(String(characters)) {
            #expect(!hash.matches(Self.password))
        }
        #expect(throws: ForeignHash.Rejection.self) { try ForeignHash(String(text.prefix(20))) }
    }

    @Test(
        "what is none of the forms is refused",
        arguments: [
            "", "plain", "$1$salt$hash", "$2x$05$abc", "$argon2i$v=19$m=8192,t=3,p=1$AA$AA",
            "$2b$5$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS", "sha256$salt$aa",
            "scrypt$4095$djangosalt$8$2$AAAAAAAAAAAAAAAAAAAAAA==", "pbkdf2_md5$1000$saltsalt$AA",
            "$scrypt$r=8,ln=12,p=1$AAECAwQFBgcICQoLDA0ODw$AAAAAAAAAAAAAAAAAAAAAA",
        ])
    func refuses(text: String) {
        #expect(throws: ForeignHash.Rejection.self) { try ForeignHash(text) }
    }

    @Test(
        "absurd costs are refused by name, before anything is computed",
        arguments: [
            ("$2b$15$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS", "cost"),
            ("$2b$03$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS", "cost"),
            ("pbkdf2_sha256$999999999$saltsalt$AAAAAAAAAAAAAAAAAAAAAA==", "iterations"),
            ("pbkdf2_sha256$1$saltsalt$AAAAAAAAAAAAAAAAAAAAAA==", "iterations"),
            ("scrypt$1048576$saltsalt$32$1$AAAAAAAAAAAAAAAAAAAAAA==", "memory in KiB"),
            ("scrypt$4096$saltsalt$8$999$AAAAAAAAAAAAAAAAAAAAAA==", "p"),
            (
                "$argon2id$v=19$m=9999999,t=3,p=1$AAECAwQFBgcICQoLDA0ODw"
                    + "$AAAAAAAAAAAAAAAAAAAAAA", "m"
            ),
            (
                "$argon2id$v=19$m=8192,t=9999,p=1$AAECAwQFBgcICQoLDA0ODw"
                    + "$AAAAAAAAAAAAAAAAAAAAAA", "t"
            ),
        ])
    func bounded(text: String, name: String) {
        do throws(ForeignHash.Rejection) {
            _ = try ForeignHash(text)
            Issue.record("\(text) was accepted")
        } catch {
            guard case .parameter(name, _, _) = error else {
                Issue.record("\(text): \(error)")
                return
            }
        }
    }
}
