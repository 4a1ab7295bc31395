import Crypto
package import Persistence

/// 128 bits of UUID version 7 (RFC 9562 §5.7) with the owning shard in front, so that an id routes
/// itself. Ids sort by the millisecond they were made in.
package struct EntityID: Hashable, Sendable {
    package let shard: ShardID
    package let high: UInt64
    package let low: UInt64

    package init(shard: ShardID, high: UInt64, low: UInt64) {
        self.shard = shard
        self.high = high
        self.low = low
    }

    package init(shard: ShardID, at time: Timestamp, random: some RandomSource) {
        let noise = random.bytes(10)
        let milliseconds = UInt64(clamping: time.milliseconds) & 0xffff_ffff_ffff
        let a = UInt64(noise[0] & 0x0f) << 8 | UInt64(noise[1])
        high = milliseconds << 16 | 0x7000 | a
        low =
            noise[2...].reduce(0) { $0 << 8 | UInt64($1) } & 0x3fff_ffff_ffff_ffff
            | 0x8000_0000_0000_0000
        self.shard = shard
    }

    /// Shard as four hex digits, then the 128 bits in Crockford's alphabet: `0004` + 26 characters.
    package var text: String {
        var characters: [UInt8] = []
        characters.reserveCapacity(EntityID.characterCount)
        for shift in stride(from: UInt16(12), through: 0, by: -4) {
            characters.append(EntityID.alphabet[Int(shard.rawValue >> shift & 15)])
        }
        let bits = UInt128(high) << 64 | UInt128(low)
        for shift in stride(from: UInt128(123), through: 3, by: -5) {
            characters.append(EntityID.alphabet[Int(truncatingIfNeeded: bits >> shift & 31)])
        }
        // Three bits are left; the last character has two zeros behind them.
        characters.append(EntityID.alphabet[Int(truncatingIfNeeded: bits << 2 & 31)])
        return String(decoding: characters, as: UTF8.self)
    }

    private static let characterCount = 30
    /// Crockford's in lower case, whose first sixteen are the hexadecimal digits.
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    package init?(text: some StringProtocol) {
        guard text.utf8.count == EntityID.characterCount, let shard = Hex.decode(text.prefix(4)),
            shard.count == 2,
            let bytes = RadixAlphabet.crockford.decode(text.utf8.dropFirst(4)), bytes.count == 16
        else { return nil }
        self.shard = ShardID(UInt16(shard[0]) << 8 | UInt16(shard[1]))
        high = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// A typed id with its prefix: `usr_…`, `ses_…`, `tok_…`.
package protocol IdentifierKind: Sendable { static var prefix: String { get } }
package enum UserKind: IdentifierKind { package static let prefix = "usr_" }
package enum SessionKind: IdentifierKind { package static let prefix = "ses_" }
package enum ServiceTokenKind: IdentifierKind { package static let prefix = "tok_" }

package struct Identifier<Kind: IdentifierKind>: Hashable, Sendable, CustomStringConvertible {
    package let entity: EntityID
    package init(_ entity: EntityID) { self.entity = entity }

    package init(shard: ShardID, at time: Timestamp, random: some RandomSource) {
        entity = EntityID(shard: shard, at: time, random: random)
    }

    package var shard: ShardID { entity.shard }
    package var description: String { Kind.prefix + entity.text }

    package init?(_ text: some StringProtocol) {
        guard text.hasPrefix(Kind.prefix),
            let entity = EntityID(text: text.dropFirst(Kind.prefix.count))
        else { return nil }
        self.entity = entity
    }
}

package typealias UserID = Identifier<UserKind>
package typealias SessionID = Identifier<SessionKind>
package typealias ServiceTokenID = Identifier<ServiceTokenKind>

extension ByteWriter {
    package mutating func write<Kind>(_ id: Identifier<Kind>) {
        write(id.entity.shard.rawValue)
        write(id.entity.high)
        write(id.entity.low)
    }
}

extension ByteReader {
    package mutating func readIdentifier<Kind>(
        _ kind: Kind.Type = Kind.self
    ) throws(DecodingFault) -> Identifier<Kind> {
        let shard = ShardID(try read(UInt16.self))
        let high = try read(UInt64.self)
        return Identifier(EntityID(shard: shard, high: high, low: try read(UInt64.self)))
    }
}

/// The SHA-256 of a bearer secret: all that is ever kept of one.
package struct TokenDigest: Hashable, Sendable {
    package let words: (UInt64, UInt64, UInt64, UInt64)

    package init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    package init(of secret: some Sequence<UInt8>) { self.init(of: Array(secret)) }

    package init(of secret: [UInt8]) {
        // Safe: a digest of SHA-256 is 32 bytes, and `loadUnaligned` checks its bounds.
        words = unsafe SHA256.hash(data: secret).withUnsafeBytes { bytes in
            func word(_ index: Int) -> UInt64 {
                unsafe UInt64(
                    bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            }
            return (word(0), word(1), word(2), word(3))
        }
    }

    /// The first 32 bytes are taken; there must be as many.
    package init(bytes: [UInt8]) {
        func word(_ index: Int) -> UInt64 {
            bytes[index * 8..<index * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        words = (word(0), word(1), word(2), word(3))
    }

    package static func == (left: TokenDigest, right: TokenDigest) -> Bool {
        (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1)
            | (left.words.2 ^ right.words.2) | (left.words.3 ^ right.words.3) == 0
    }

    package func hash(into hasher: inout Hasher) {
        // The digest of 256 random bits is as random as any hash of it.
        hasher.combine(words.0)
    }
}

extension ByteWriter {
    package mutating func write(_ digest: TokenDigest) {
        write(digest.words.0)
        write(digest.words.1)
        write(digest.words.2)
        write(digest.words.3)
    }
}

extension ByteReader {
    package mutating func readDigest() throws(DecodingFault) -> TokenDigest {
        let first = try read(UInt64.self)
        let second = try read(UInt64.self)
        let third = try read(UInt64.self)
        return TokenDigest(words: (first, second, third, try read(UInt64.self)))
    }
}

/// What an opaque bearer secret is for; the letter in its text keeps one kind from passing as
/// another.
package enum SecretKind: String, CaseIterable, Sendable {
    case session = "s"
    case temporary = "t"
    case service = "k"
    case passwordReset = "r"

    /// `cs_`, the letter and `_`, as bytes: every request compares some.
    fileprivate var prefix: [UInt8] {
        switch self {
        case .session: Self.prefixes[0]
        case .temporary: Self.prefixes[1]
        case .service: Self.prefixes[2]
        case .passwordReset: Self.prefixes[3]
        }
    }

    private static let prefixes = allCases.map { Array("cs_\($0.rawValue)_".utf8) }
}

/// A 256-bit random secret as its holder sees it: `cs_` + kind + `_` + four hex digits of the shard
/// + 43 characters of base64url. It exists only between its making and the answer that carries it.
package struct BearerSecret: Sendable {
    package let kind: SecretKind
    package let shard: ShardID
    package let text: Redacted<String>
    package let digest: TokenDigest

    package init(_ kind: SecretKind, shard: ShardID, random: some RandomSource) {
        let routing = Hex.encode([UInt8(shard.rawValue >> 8), UInt8(shard.rawValue & 0xff)])
        let secret = RadixAlphabet.base64URL.encode(random.bytes(32))
        let text = "cs_\(kind.rawValue)_\(routing)\(secret)"
        self.kind = kind
        self.shard = shard
        self.text = Redacted(text)
        self.digest = TokenDigest(of: text.utf8)
    }

    /// Nil unless the text has exactly the shape of a secret of this kind; says nothing about
    /// validity.
    package init?(_ kind: SecretKind, presented text: String) {
        guard text.utf8.count == Self.characterCount else { return nil }
        let utf8 = Array(text.utf8)
        guard utf8.starts(with: kind.prefix), let shard = Hex.number(utf8[5..<9]),
            RadixAlphabet.base64URL.accepts(utf8[9...])
        else { return nil }
        self.kind = kind
        self.shard = ShardID(UInt16(shard))
        self.text = Redacted(text)
        self.digest = TokenDigest(of: utf8)
    }

    private static let characterCount = 52
}

/// 128 bits that tie an answer, its log lines and its events together (W3C Trace Context trace-id).
package struct TraceID: Hashable, Sendable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package init(random: some RandomSource) {
        let bytes = random.bytes(16)
        high = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        // An all-zero trace-id is invalid (W3C Trace Context §3.2.2.3).
        low = bytes[8...].reduce(0) { $0 << 8 | UInt64($1) } | 1
    }

    /// Nil unless the text is 32 lower-case hex digits that are not all zero.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 32, text.utf8.allSatisfy({ !($0 >= 65 && $0 <= 90) }),
            let bytes = Hex.decode(text)
        else { return nil }
        high = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
        if high == 0, low == 0 { return nil }
    }

    package var description: String { String(decoding: utf8Bytes, as: UTF8.self) }

    /// The 32 hex digits as bytes, for answers written by hand.
    package var utf8Bytes: [UInt8] {
        let digits: StaticString = "0123456789abcdef"
        return unsafe [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            for index in 0..<16 {
                let shift = UInt64(60 - index * 4)
                // Both indices are below 16 and 32, the sizes of the literal and of the buffer.
                unsafe buffer[index] = digits.utf8Start[Int(high >> shift & 15)]
                unsafe buffer[16 + index] = digits.utf8Start[Int(low >> shift & 15)]
            }
            count = 32
        }
    }
}

extension ByteWriter {
    package mutating func write(_ trace: TraceID) {
        write(trace.high)
        write(trace.low)
    }
}

extension ByteReader {
    package mutating func readTraceID() throws(DecodingFault) -> TraceID {
        let high = try read(UInt64.self)
        return TraceID(high: high, low: try read(UInt64.self))
    }
}
