import Actors
import Foundation
import Persistence
import TestSupport
import Testing

@Suite struct EmailAddressTests {
    @Test(
        "two texts of one address have one form",
        arguments: [
            ("Ada@Example.COM", "ada@example.com"),
            ("  ada@example.com\r\n", "ada@example.com"),
            ("ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ada@example.com"),
            ("ada+tag@example.com", "ada+tag@example.com"),
            ("root@localhost", "root@localhost"),
            ("o'brien!#$%&*/=?^_`{|}~-@example.com", "o'brien!#$%&*/=?^_`{|}~-@example.com"),
            ("Gru\u{308}\u{df}e@Ex\u{c4}mple.com", "gr\u{fc}\u{df}e@ex\u{e4}mple.com"),
            ("x@xn--exmple-cua.com", "x@xn--exmple-cua.com"),
            ("\u{130}@example.com", "i\u{307}@example.com"),
        ])
    func normalises(text: String, normalised: String) throws {
        let address = try EmailAddress(text)
        #expect(Array(address.normalised.utf8) == Array(normalised.utf8))
        #expect(try EmailAddress(address.normalised) == address)
        #expect(address.localPart == normalised.prefix { $0 != "@" })
    }

    private static let refusals: [(String, EmailRejection)] = [
        ("", EmailRejection.empty), ("   ", .empty),
        ("ada", .notOneAtSign), ("a@b@example.com", .notOneAtSign),
        ("ada\u{ff20}x@example.com", .notOneAtSign),
        ("@example.com", .badLocalPart), (".ada@example.com", .badLocalPart),
        ("ada.@example.com", .badLocalPart), ("a..b@example.com", .badLocalPart),
        ("\"ada\"@example.com", .badLocalPart), ("a(b)@example.com", .badLocalPart),
        ("a,b@example.com", .badLocalPart), ("a:b@example.com", .badLocalPart),
        (String(repeating: "a", count: 65) + "@example.com", .badLocalPart),
        (String(repeating: "\u{e9}", count: 33) + "@example.com", .badLocalPart),
        ("ada@", .badDomain), ("ada@.com", .badDomain), ("ada@example.", .badDomain),
        ("ada@-example.com", .badDomain), ("ada@example-.com", .badDomain),
        ("ada@exa_mple.com", .badDomain), ("ada@[192.0.2.1]", .badDomain),
        ("ada@example\u{3002}com", .badDomain),
        ("ada@" + String(repeating: "a", count: 64) + ".com", .badDomain),
        ("a da@example.com", .forbiddenCharacter), ("ada\0@example.com", .forbiddenCharacter),
        ("ada\n@example.com", .forbiddenCharacter),
        ("ada\u{a0}x@example.com", .forbiddenCharacter),
        ("a\u{200b}da@example.com", .forbiddenCharacter),
        ("a\u{ad}da@example.com", .forbiddenCharacter),
        ("a\u{fe0f}da@example.com", .forbiddenCharacter),
        ("a\u{e000}da@example.com", .forbiddenCharacter),
        (String(repeating: "x", count: 5000) + "@example.com", .tooLong(bytesMax: 254)),
        ("a@" + String(repeating: "abcdefg.", count: 40) + "com", .tooLong(bytesMax: 254)),
    ]

    @Test("what is no address is refused with the reason", arguments: refusals)
    func refuses(text: String, reason: EmailRejection) {
        #expect(throws: reason) { try EmailAddress(text) }
        #expect(!reason.description.isEmpty)
    }

    @Test("the longest parts that the standard allows are accepted")
    func longest() throws {
        let local = String(repeating: "a", count: 64)
        let label = String(repeating: "b", count: 63)
        _ = try EmailAddress("\(local)@\(label).com")
        let domain = "\(label).\(label)." + String(repeating: "c", count: 61)
        #expect("\(local)@\(domain)".utf8.count == 254)
        #expect(try EmailAddress("\(local)@\(domain)").normalised.utf8.count == 254)
        #expect(throws: EmailRejection.tooLong(bytesMax: 254)) {
            try EmailAddress("\(local)@\(domain)c")
        }
    }

    @Test("normalising twice changes nothing, whatever the characters")
    func idempotent() {
        let random = SeededRandom(seed: 7)
        var accepted = 0
        for _ in 0..<20_000 {
            let scalars = (0..<4).compactMap { _ in Unicode.Scalar(UInt32(random.below(0x3000))) }
            guard let one = try? EmailAddress(String(String.UnicodeScalarView(scalars)) + "@a.de")
            else { continue }
            accepted += 1
            let again = try? EmailAddress(one.normalised)
            #expect(again.map { Array($0.normalised.utf8) } == Array(one.normalised.utf8))
        }
        #expect(accepted > 1000)
    }

    /// The numbers come from another SHA-256: `sha256sum`, its first 16 digits modulo the count.
    @Test("the shard of an address is what it has always been")
    func shard() throws {
        let ada = try EmailAddress("Ada@example.com")
        let umlauts = try EmailAddress("grüße@exämple.com")
        #expect(ada.shard(of: 16) == ShardID(0))
        #expect(ada.shard(of: 7) == ShardID(2))
        #expect(umlauts.shard(of: 16) == ShardID(12))
        #expect(umlauts.shard(of: 1) == ShardID(0))
    }
}
