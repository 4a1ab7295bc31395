import Actors
import NIOHTTP1
import Testing

@testable import App

@Suite("What a server says of a request that it passes on")
struct HopSealTests {
    private static let now = Timestamp(milliseconds: 1_795_500_000_250)
    private static let head = HTTPRequestHead(
        version: .http1_1, method: .POST, uri: "/api/usage/events")

    private static func seal(_ digit: Character = "1") throws -> HopSeal {
        HopSeal(try MasterKey(text: String(repeating: digit, count: 63) + "0"))
    }

    private static func source() throws -> SourceAddress {
        try #require(SourceAddress("192.0.2.7"))
    }

    private static func sealed(
        _ head: HTTPRequestHead = head, at now: Timestamp = now
    ) throws -> HTTPRequestHead {
        var sealed = head
        let value = try seal().seal(head, from: try source(), at: now)
        sealed.headers.add(name: HopSeal.header, value: value)
        return sealed
    }

    @Test("a server with the same master key reads the source")
    func opened() throws {
        #expect(try Self.seal().open(Self.sealed(), at: Self.now) == Self.source())
    }

    @Test("nobody else's word is taken: another key, target, method, time or a changed byte")
    func refused() throws {
        let seal = try Self.seal()
        let sealed = try Self.sealed()
        #expect(try Self.seal("2").open(sealed, at: Self.now) == nil)
        var other = sealed
        other.uri = "/api/auth/session"
        #expect(seal.open(other, at: Self.now) == nil)
        other = sealed
        other.method = .GET
        #expect(seal.open(other, at: Self.now) == nil)
        #expect(seal.open(sealed, at: Self.now.advanced(bySeconds: 61)) == nil)
        #expect(seal.open(sealed, at: Self.now.advanced(bySeconds: -61)) == nil)
        #expect(seal.open(Self.head, at: Self.now) == nil)
        for time in [Int64.min, .max, 0] {
            other = Self.head
            other.headers.add(name: HopSeal.header, value: "1;\(time);127.0.0.1;00")
            #expect(seal.open(other, at: Self.now) == nil)
        }
        other = sealed
        other.headers.add(name: HopSeal.header, value: "1;0;127.0.0.1;00")
        #expect(seal.open(other, at: Self.now) == nil)
        let value = try #require(sealed.headers.first(name: HopSeal.header))
        for index in value.utf8.indices {
            var bytes = Array(value.utf8)
            bytes[value.utf8.distance(from: value.startIndex, to: index)] ^= 1
            other = Self.head
            other.headers.add(
                name: HopSeal.header, value: String(decoding: bytes, as: UTF8.self))
            #expect(seal.open(other, at: Self.now) == nil)
        }
    }
}
