import Actors
import Persistence
import TestSupport
import Testing

@Suite struct MasterKeyTests {
    private static let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    private static let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

    @Test("base64 with and without padding and hex name the same key")
    func forms() throws {
        let texts = [Self.base64, String(Self.base64.dropLast()), Self.hex, Self.hex.uppercased()]
        // `sha256sum` of the prefix and the 32 bytes.
        let ids = try texts.map { Hex.encode(try MasterKey(text: $0).id) }
        #expect(ids == Array(repeating: "d083ad9cd55b73cd", count: 4))
    }

    @Test(
        "anything else is malformed",
        arguments: [
            "", " " + base64, base64 + "\n", base64 + "=", String(base64.dropLast(2)),
            String(hex.dropLast()), hex + "0", "g" + hex.dropFirst(), "secret",
            "_" + base64.dropFirst(), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",
        ])
    func refuses(text: String) {
        #expect(throws: KeyRejection.malformed) { try MasterKey(text: text) }
    }

    @Test("a key of equal bytes is weak", arguments: ["00", "ff", "61"])
    func weak(byte: String) {
        #expect(throws: KeyRejection.weak) {
            try MasterKey(text: String(repeating: byte, count: 32))
        }
    }

    @Test("a generated key is accepted, and no two are the same")
    func generates() throws {
        let texts = (0..<50).map { _ in MasterKey.generate(random: SystemRandomSource()) }
        #expect(Set(texts).count == 50)
        for text in texts { #expect(try MasterKey(text: text).id.count == 8) }
    }

    @Test("no way of printing a key shows it")
    func redacted() throws {
        let key = try MasterKey(text: Self.base64)
        var dumped = "\(key) \(String(reflecting: key)) \([key])"
        dump(key, to: &dumped)
        #expect(!dumped.contains("AAEC") && !dumped.contains("0001") && !dumped.contains("1, 2, 3"))
    }
}

@Suite struct SealingTests {
    private let random = SeededRandom(seed: 11)
    private let user = UserID(ShardUser.ada)
    private let secret = Array("twenty bytes secret!".utf8)

    @Test("a sealed secret opens for its user and purpose")
    func opens() throws {
        let keyring = DataKeyring.generate(random: random)
        let sealed = keyring.seal(secret, for: user, purpose: .totpSecret, random: random)
        #expect(sealed.count == 4 + 12 + secret.count + 16)
        #expect(try keyring.open(sealed, for: user, purpose: .totpSecret).value == secret)
        #expect(keyring.seal(secret, for: user, purpose: .totpSecret, random: random) != sealed)
        #expect("\(try keyring.open(sealed, for: user, purpose: .totpSecret))" == "[redacted]")
    }

    @Test("another user, another purpose, another key or any changed bit is noticed")
    func refuses() throws {
        let keyring = DataKeyring.generate(random: random)
        let sealed = keyring.seal(secret, for: user, purpose: .totpSecret, random: random)
        #expect(throws: SealError.notAuthentic) {
            try keyring.open(sealed, for: UserID(ShardUser.bob), purpose: .totpSecret)
        }
        #expect(throws: SealError.notAuthentic) {
            try keyring.open(sealed, for: user, purpose: .totpSetup)
        }
        #expect(throws: SealError.notAuthentic) {
            try DataKeyring.generate(random: random).open(sealed, for: user, purpose: .totpSecret)
        }
        for bit in 0..<sealed.count * 8 {
            var changed = sealed
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: SealError.self) {
                try keyring.open(changed, for: user, purpose: .totpSecret)
            }
        }
        for count in 0..<sealed.count {
            #expect(throws: SealError.self) {
                try keyring.open(Array(sealed.prefix(count)), for: user, purpose: .totpSecret)
            }
        }
    }

    @Test("a rotated keyring seals with the new key and opens the old until that is dropped")
    func rotates() throws {
        let old = DataKeyring.generate(random: random)
        let sealed = old.seal(secret, for: user, purpose: .totpSecret, random: random)
        let both = old.rotated(random: random)
        #expect(both.keyIDs == [1, 2])
        #expect(try both.open(sealed, for: user, purpose: .totpSecret).value == secret)
        #expect(try both.isSealedByOlderKey(sealed))
        let sealedAgain = both.seal(secret, for: user, purpose: .totpSecret, random: random)
        #expect(try !both.isSealedByOlderKey(sealedAgain))
        let new = both.droppingOlderKeys()
        #expect(try new.open(sealedAgain, for: user, purpose: .totpSecret).value == secret)
        #expect(throws: SealError.unknownDataKey(id: 1)) {
            try new.open(sealed, for: user, purpose: .totpSecret)
        }
        #expect(throws: SealError.unknownDataKey(id: 2)) {
            try old.open(sealedAgain, for: user, purpose: .totpSecret)
        }
    }
}

@Suite struct WrappedDataKeysTests {
    private let random = SeededRandom(seed: 12)
    private let user = UserID(ShardUser.ada)

    private func masterKey() throws -> MasterKey {
        try MasterKey(text: MasterKey.generate(random: random))
    }

    @Test("wrapped keys open with the master key, all of them")
    func unwraps() throws {
        let master = try masterKey()
        let keyring = DataKeyring.generate(random: random).rotated(random: random)
        let sealed = keyring.seal([1, 2, 3], for: user, purpose: .totpSecret, random: random)
        let wrapped = WrappedDataKeys.wrap(keyring, with: master, random: random)
        let (opened, needsRewrap) = try WrappedDataKeys.unwrap(wrapped, with: master, previous: [])
        #expect(!needsRewrap)
        #expect(opened.keyIDs == [1, 2])
        #expect(try opened.open(sealed, for: user, purpose: .totpSecret).value == [1, 2, 3])
    }

    @Test("after a re-wrap the new master key alone suffices and the old one alone is refused")
    func rewraps() throws {
        let old = try masterKey()
        let new = try masterKey()
        let keyring = DataKeyring.generate(random: random)
        let sealed = keyring.seal([9], for: user, purpose: .totpSecret, random: random)
        let wrapped = WrappedDataKeys.wrap(keyring, with: old, random: random)
        #expect(throws: KeyRejection.otherMasterKey(wrappedBy: old.id)) {
            try WrappedDataKeys.unwrap(wrapped, with: new, previous: [])
        }
        let (opened, needsRewrap) = try WrappedDataKeys.unwrap(wrapped, with: new, previous: [old])
        #expect(needsRewrap)
        let rewrapped = WrappedDataKeys.wrap(opened, with: new, random: random)
        let (again, stillNeeds) = try WrappedDataKeys.unwrap(rewrapped, with: new, previous: [])
        #expect(!stillNeeds)
        #expect(try again.open(sealed, for: user, purpose: .totpSecret).value == [9])
        #expect(throws: KeyRejection.otherMasterKey(wrappedBy: new.id)) {
            try WrappedDataKeys.unwrap(rewrapped, with: old, previous: [])
        }
    }

    @Test("every changed bit and every cut is noticed")
    func damaged() throws {
        let master = try masterKey()
        let keyring = DataKeyring.generate(random: random)
        let wrapped = WrappedDataKeys.wrap(keyring, with: master, random: random)
        #expect(wrapped.count == 1 + 1 + (4 + 8 + 12 + 32 + 16) + (8 + 12 + 32 + 16))
        for bit in 0..<wrapped.count * 8 {
            var changed = wrapped
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: KeyRejection.self) {
                try WrappedDataKeys.unwrap(changed, with: master, previous: [])
            }
        }
        for count in 0..<wrapped.count {
            #expect(throws: KeyRejection.self) {
                try WrappedDataKeys.unwrap(Array(wrapped.prefix(count)), with: master, previous: [])
            }
        }
        #expect(throws: KeyRejection.self) {
            try WrappedDataKeys.unwrap(wrapped + [0], with: master, previous: [])
        }
    }
}

private enum ShardUser {
    static let ada = EntityID(shard: ShardID(3), high: 1, low: 2)
    static let bob = EntityID(shard: ShardID(3), high: 1, low: 3)
}
