import Actors
import Foundation
import Persistence
import TestSupport
import Testing

@Suite struct SourceAddressTests {
    @Test(
        "every text form gives the canonical one (RFC 5952 §4)",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"),
            ("255.255.255.255", "255.255.255.255"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("2001:0DB8:0000:0000:0000:0000:0002:0001", "2001:db8::2:1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            ("::ffff:192.0.2.1", "192.0.2.1"), ("::FFFF:c000:0201", "192.0.2.1"),
            ("::192.0.2.1", "::c000:201"), ("fe80::1%eth0", "fe80::1"), ("fe80::1%2", "fe80::1"),
        ])
    func parses(text: String, canonical: String) throws {
        let address = try #require(SourceAddress(text))
        #expect(address.text == canonical)
        #expect(SourceAddress(canonical) == address)
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", " ", "unknown", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", "1..2.3",
            "0x7f.0.0.1", "127.1", "+1.2.3.4", "1.2.3.4:80", "[::1]", ":", ":::", "1:::2", "::1::",
            "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::", ":1::2",
            "1::2:", "1.2.3.4::", "::1.2.3.4:5", "::1.2.3", "::%", "fe80::1%", "%eth0",
            "1.2.3.4%eth0", "::1/64", String(repeating: "0:", count: 4000) + ":",
        ])
    func refuses(text: String) {
        #expect(SourceAddress(text) == nil)
    }

    @Test("inet_pton and inet_ntop agree about 60,000 mutated addresses")
    func agreesWithTheSystem() {
        let random = SeededRandom(seed: 4291)
        let seeds = [
            "192.0.2.1", "10.200.30.4", "::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8",
            "::ffff:1.2.3.4", "fe80::a:b:c:d", "1:2:3:4:5:6:77.88.99.100", "0:0:1:0:0:0:1:0",
        ]
        let alphabet = Array("0123456789abcdefABCDEF::::....gx /".utf8)
        var accepted = 0
        for round in 0..<60_000 {
            var text = Array(seeds[round % seeds.count].utf8)
            for _ in 0..<random.below(4) {
                let place = random.below(max(1, text.count))
                let character = alphabet[random.below(alphabet.count)]
                switch random.below(3) {
                case 0: text.insert(character, at: min(place, text.count))
                case 1 where !text.isEmpty: text.remove(at: place)
                default: if !text.isEmpty { text[place] = character }
                }
            }
            let address = String(decoding: text, as: UTF8.self)
            let expected = SystemAddress.canonical(address)
            accepted += expected == nil ? 0 : 1
            #expect(SourceAddress(address)?.text == expected, "\(address)")
        }
        #expect(accepted > 10_000)
    }

    @Test("loopback is 127.0.0.0/8 and ::1")
    func loopback() {
        let texts = [
            "127.0.0.1", "127.255.0.3", "::1", "::ffff:127.0.0.1", "128.0.0.1", "126.255.255.255",
            "::",
            "::2", "1::1",
        ]
        let isLoopback = texts.map { SourceAddress($0)?.isLoopback }
        #expect(isLoopback == [true, true, true, true, false, false, false, false, false])
        #expect(!SourceAddress.unknown.isLoopback)
    }

    @Test("an IPv4 address counts alone, an IPv6 address with its /64")
    func buckets() throws {
        func bucket(_ text: String) throws -> SourceBucket {
            try #require(SourceAddress(text)).bucket
        }
        #expect(try bucket("192.0.2.1") != bucket("192.0.2.2"))
        #expect(try bucket("::ffff:192.0.2.1") == bucket("192.0.2.1"))
        #expect(try bucket("2001:db8::1") == bucket("2001:db8:0:0:ffff:ffff:ffff:ffff"))
        #expect(try bucket("2001:db8::1") != bucket("2001:db8:0:1::1"))
        #expect(try bucket("::1") != SourceAddress.unknown.bucket)
    }

    @Test("a bucket is read as it was written", arguments: ["192.0.2.1", "2001:db8::1", "?"])
    func bucketCodec(text: String) throws {
        let bucket = (SourceAddress(text) ?? .unknown).bucket
        var writer = ByteWriter()
        writer.write(bucket)
        var reader = ByteReader(writer.bytes)
        #expect(try reader.readSourceBucket() == bucket)
        #expect(reader.isAtEnd)
        #expect(throws: DecodingFault.self) {
            var reader = ByteReader([5, 0, 0, 0, 0])
            _ = try reader.readSourceBucket()
        }
    }
}

@Suite struct AddressRangeTests {
    @Test(
        "a range holds the addresses with its prefix and no others",
        arguments: [
            ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.0", false),
            ("10.1.2.3/8", "10.9.9.9", true), ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false), ("192.0.2.0/31", "192.0.2.1", true),
            ("192.0.2.0/31", "192.0.2.2", false), ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "::1", false), ("::/0", "2001:db8::1", true), ("::/0", "10.0.0.1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::/64", "2001:db8::ffff:0:0:1", true),
            ("2001:db8::/65", "2001:db8::8000:0:0:1", false),
            ("2001:db8::1", "2001:db8::1", true), ("2001:db8::1/127", "2001:db8::2", false),
            ("::ffff:10.0.0.0/104", "10.1.1.1", true), ("::ffff:10.0.0.0/104", "11.1.1.1", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
        ])
    func contains(range: String, address: String, isInside: Bool) throws {
        let range = try #require(AddressRange(cidr: range))
        let address = try #require(SourceAddress(address))
        #expect(range.contains(address) == isInside)
        #expect(!range.contains(.unknown))
    }

    @Test(
        "what is no range is refused",
        arguments: [
            "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08",
            "10.0.0.0/8/8", "::/129", "::ffff:10.0.0.0/64", "fe80::%eth0/64", "localhost", "10.0/8",
            "10.0.0.0/8 ", "10.0.0.0/9999999999999999999999",
        ])
    func refuses(text: String) {
        #expect(AddressRange(cidr: text) == nil)
    }
}

/// How the C library reads and writes addresses.
private enum SystemAddress {
    static func canonical(_ text: String) -> String? {
        var v4 = in_addr()
        // Both calls get a buffer of the type that belongs to the family.
        if unsafe inet_pton(AF_INET, text, &v4) == 1 { return unsafe print(AF_INET, &v4) }
        var v6 = in6_addr()
        guard unsafe inet_pton(AF_INET6, text, &v6) == 1, let printed = unsafe print(AF_INET6, &v6)
        else {
            return nil
        }
        // The two differences that we want: mapped addresses are IPv4, and the deprecated
        // "compatible" ones (::a.b.c.d) are ordinary IPv6 and printed as such.
        guard printed.contains("."), let dotted = printed.split(separator: ":").last else {
            return printed
        }
        if printed.hasPrefix("::ffff:") { return String(dotted) }
        let bytes = dotted.split(separator: ".").compactMap { UInt16($0) }
        let groups = [bytes[0] << 8 | bytes[1], bytes[2] << 8 | bytes[3]]
        return groups[0] == 0
            ? printed : "::" + groups.map { String($0, radix: 16) }.joined(separator: ":")
    }

    private static func print(_ family: Int32, _ address: UnsafeRawPointer) -> String? {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        // The buffer has the size that the longest address needs; the result ends with a zero.
        guard unsafe inet_ntop(family, address, &text, socklen_t(text.count)) != nil else {
            return nil
        }
        return String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
