import Testing

@testable import LoadCore

@Suite("Second-factor codes of the load's accounts")
struct OneTimeCodeTests {
    /// The secret of RFC 6238's examples, "12345678901234567890".
    private static let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

    // RFC 6238 appendix B, SHA-1, the last six of eight digits.
    @Test(
        "codes are those of the RFC",
        arguments: [
            (UInt64(59), "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"),
            (1_234_567_890, "005924"), (2_000_000_000, "279037"),
        ])
    func vectors(second: UInt64, code: String) throws {
        let generator = try #require(OneTimeCode(base32: Self.secret))
        #expect(generator.code(step: second / OneTimeCode.stepSeconds) == code)
    }

    @Test("what is no base32 is no secret", arguments: ["", "GEZ1", "gezd", "GE ZD"])
    func refused(text: String) {
        #expect(OneTimeCode(base32: text) == nil)
    }

    @Test("each step is used once, then backup codes, then nothing until time goes on")
    func once() throws {
        let generator = try #require(OneTimeCode(base32: Self.secret))
        var codes = SecondFactorCodes(generator: generator, lastStep: 99, backupCodes: ["b1"])
        let second: UInt64 = 100 * 30 + 5
        #expect(codes.take(atSecond: second) == .totp(generator.code(step: 100)))
        #expect(codes.take(atSecond: second) == .totp(generator.code(step: 101)))
        #expect(codes.take(atSecond: second) == .backup("b1"))
        #expect(codes.take(atSecond: second) == nil)
        #expect(codes.take(atSecond: second + 30) == .totp(generator.code(step: 102)))
    }
}
