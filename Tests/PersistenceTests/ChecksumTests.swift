import TestSupport
import Testing

@testable import Persistence

@Suite("Checksums and compression")
struct ChecksumTests {
    // The check value is that of CRC-32/ISCSI in the catalogue of parametrised CRC algorithms; the
    // zeros are the first example of RFC 3720, B.4.
    @Test("CRC-32C has its published values, whole and in pieces")
    func publishedValues() {
        let digits = Array("123456789".utf8)
        #expect(CRC32C.of(digits, in: 0..<9) == 0xe306_9283)
        let zeros = [UInt8](repeating: 0, count: 32)
        #expect(CRC32C.of(zeros, in: 0..<32) == 0x8a91_36aa)
        for cut in 0...9 {
            let before = CRC32C.of(digits, in: 0..<cut)
            #expect(CRC32C.of(digits, in: cut..<9, after: before) == 0xe306_9283)
        }
        let gap = Array("12345".utf8) + [9, 9, 9, 9] + Array("6789".utf8)
        #expect(CRC32C.of(gap, in: 0..<13, exceptFourBytesAt: 5) == 0xe306_9283)
    }

    @Test("any place and length has the checksum that a bitwise computation gives")
    func againstDefinition() {
        let bytes = SeededRandom(seed: 4).bytes(4500)
        let random = SeededRandom(seed: 5)
        for _ in 0..<200 {
            let start = random.below(300)
            let range = start..<start + random.below(random.below(2) == 0 ? 400 : 4200)
            #expect(CRC32C.of(bytes, in: range) == bitwise(bytes[range]))
        }
    }

    private func bitwise(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
        }
        return ~crc
    }

    @Test(
        "compressed bytes come back whole, and only at their true length", arguments: [0, 1, 5000])
    func zlib(count: Int) {
        let random = SeededRandom(seed: 6)
        for bytes in [random.bytes(count), [UInt8](repeating: 7, count: count)] {
            let compressed = Zlib.compress(bytes)
            #expect(Zlib.decompress(compressed, rawBytes: count) == bytes)
            #expect(Zlib.decompress(compressed, rawBytes: count + 1) == nil)
            if count > 0 { #expect(Zlib.decompress(compressed, rawBytes: count - 1) == nil) }
            #expect(Zlib.decompress(Array(compressed.dropLast()), rawBytes: count) == nil)
        }
    }

    @Test("zeros and the end of content are found at every place")
    func scan() {
        for place in [0, 1, 4095, 4096, 9999] {
            var bytes = [UInt8](repeating: 0, count: 10_000)
            #expect(ByteScan.isZero(bytes, in: 0..<10_000))
            bytes[place] = 1
            #expect(!ByteScan.isZero(bytes, in: 0..<10_000))
            #expect(ByteScan.isZero(bytes, in: 0..<place))
            #expect(ByteScan.endOfContent(bytes, in: 0..<10_000) == place + 1)
            #expect(ByteScan.first(1, in: bytes, 0..<10_000) == place)
            #expect(ByteScan.first(1, in: bytes, 0..<place) == nil)
        }
    }
}
