import Testing

@testable import Persistence

@Suite("Checksums and compression")
struct ChecksumTests {
    @Test("CRC-32C has the check value of its catalogue entry")
    func checkValue() {
        let bytes = Array("123456789".utf8)
        #expect(CRC32C.of(bytes, in: 0..<9) == 0xe306_9283)
    }
}
