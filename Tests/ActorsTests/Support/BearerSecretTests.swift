import Persistence
import TestSupport
import Testing

@testable import Actors

@Suite struct BearerSecretTests {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    private static let secret = BearerSecret(
        .service, shard: ShardID(0x01af), random: SeededRandom(seed: 7))
    private static let text = secret.text.value

    @Test("a secret is read as what it is, and as no other kind", arguments: SecretKind.allCases)
    func kinds(kind: SecretKind) throws {
        let made = BearerSecret(kind, shard: ShardID(0xfffe), random: SystemRandomSource())
        for other in SecretKind.allCases {
            let read = BearerSecret(other, presented: made.text.value)
            #expect((read != nil) == (other == kind))
        }
        let read = try #require(BearerSecret(kind, presented: made.text.value))
        #expect(read.kind == kind && read.shard == made.shard && read.digest == made.digest)
        #expect(made.text.value.hasPrefix("cs_\(kind.rawValue)_fffe"))
    }

    @Test("of the 64 last characters only those are taken that leave no bit over")
    func leftOverBits() {
        let taken = Self.alphabet.filter {
            BearerSecret(.service, presented: Self.text.dropLast() + String($0)) != nil
        }
        // 256 bits are 42 characters and four bits of the 43rd, whose other two are zero.
        #expect(taken == stride(from: 0, to: 64, by: 4).map { Self.alphabet[$0] })
    }

    /// The secret with other characters from this place on; its length stays.
    private static func changed(_ place: Int, _ other: String) -> String {
        let rest = text.dropFirst(place + other.utf8.count)
        return String(text.prefix(place)) + other + rest
    }

    private static let misshapen: [String] = [
        "", "cs_k_", String(text.dropLast()), text + "A", " " + String(text.dropLast()),
        changed(0, "CS"), changed(3, "K"), changed(2, "-"), changed(8, "g"), changed(8, " "),
        changed(20, "+"), changed(20, "/"), changed(20, "="), changed(51, "="),
        changed(20, "\u{0}"), changed(20, "é"), changed(50, "é"), changed(5, "é"),
    ]

    @Test("what does not have the shape is refused", arguments: misshapen)
    func refused(text: String) {
        #expect(BearerSecret(.service, presented: text) == nil)
    }

    @Test("a shard may be written in capitals, and makes another secret then")
    func capitals() throws {
        let read = try #require(
            BearerSecret(.service, presented: Self.text.replacing("01af", with: "01AF")))
        #expect(read.shard == Self.secret.shard && read.digest != Self.secret.digest)
    }
}
