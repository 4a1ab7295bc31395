import Actors
import TestSupport
import Testing

@Suite struct TOTPTests {
    private static let rfcSecret = Array("12345678901234567890".utf8)

    /// RFC 4226 Appendix D.
    static let hotpVectors = [
        "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
        "520489",
    ]

    @Test("HOTP values of RFC 4226 Appendix D", arguments: hotpVectors.indices)
    func hotp(counter: Int) {
        let code = TOTP.code(secret: Self.rfcSecret, step: Int64(counter))
        #expect(code == Self.hotpVectors[counter])
    }

    @Test(
        "TOTP values of RFC 6238 Appendix B",
        arguments: [
            (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"), (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
        ] as [(Int64, String)])
    func totp(seconds: Int64, code: String) {
        let time = Timestamp(seconds: seconds)
        let step = TOTP.step(at: time)
        #expect(TOTP.code(secret: Self.rfcSecret, step: step, digits: 8) == code)
        let short = String(code.suffix(6))
        #expect(TOTP.code(secret: Self.rfcSecret, step: step) == short)
        let match = TOTP.matchingStep(
            short, secret: Self.rfcSecret, at: time, window: 0, after: -1)
        #expect(match == step)
    }

    @Test("a step is 30 s, also before the epoch")
    func steps() {
        let milliseconds: [Int64] = [0, 29_999, 30_000, 59_999, 60_000, -1, -30_000, -30_001]
        let steps = milliseconds.map { TOTP.step(at: Timestamp(milliseconds: $0)) }
        #expect(steps == [0, 0, 1, 1, 2, -1, -1, -2])
    }

    @Test("oathtool computes the same codes", arguments: 0..<12)
    func oathtool(seed: UInt64) throws {
        let random = SeededRandom(seed: seed)
        let secret = random.bytes(16 + random.below(49))
        let seconds = Int64(random.below(4_000_000_000))
        let printed = try ExternalTool.run(
            "oathtool",
            [
                "--totp=sha1", "--base32", "--digits=6", "--window=4", "--now=@\(seconds)",
                RadixAlphabet.base32.encode(secret),
            ])
        let step = TOTP.step(at: Timestamp(seconds: seconds))
        let ours = (0...4).map { TOTP.code(secret: secret, step: step + Int64($0)) }
        #expect(printed.split(separator: "\n").map { String($0) } == ours)
    }

    @Test(
        "only six ASCII digits are a code",
        arguments: [
            ("123456", true), ("000000", true), ("", false), ("12345", false), ("1234567", false),
            ("12345a", false), (" 123456", false), ("123 456", false), ("١٢٣٤٥٦", false),
            ("12345６", false), ("+12345", false), ("123456\0", false),
        ])
    func wellFormed(code: String, isWellFormed: Bool) {
        #expect(TOTP.isWellFormed(code) == isWellFormed)
        let match = TOTP.matchingStep(
            code, secret: Self.rfcSecret, at: Timestamp(seconds: 0), window: 0, after: -1)
        #expect(match == nil || isWellFormed)
    }

    @Test("exactly the steps of the window are accepted", arguments: [0, 1, 2] as [Int64])
    func window(window: Int64) {
        let time = Timestamp(seconds: 1_800_000_000)
        let now = TOTP.step(at: time)
        for distance in Int64(-4)...4 {
            let code = TOTP.code(secret: Self.rfcSecret, step: now + distance)
            let match = TOTP.matchingStep(
                code, secret: Self.rfcSecret, at: time, window: window, after: 0)
            #expect(match == (abs(distance) <= window ? now + distance : nil))
        }
    }

    @Test("an accepted code never is again, and none older than it", arguments: 0..<20)
    func forwardOnly(seed: UInt64) {
        let random = SeededRandom(seed: seed)
        let secret = random.bytes(20)
        var milliseconds: Int64 = 1_700_000_000_000
        var lastStep: Int64 = -1
        var accepted = 0
        for _ in 0..<400 {
            milliseconds += Int64(random.below(40_000)) - 8000
            let time = Timestamp(milliseconds: milliseconds)
            let aimed = TOTP.step(at: time) + Int64(random.below(5)) - 2
            let code = TOTP.code(secret: secret, step: aimed)
            let isRight = abs(aimed - TOTP.step(at: time)) <= 1 && aimed > lastStep
            let match = TOTP.matchingStep(
                code, secret: secret, at: time, window: 1, after: lastStep)
            #expect((match == aimed) == isRight)
            guard let match else { continue }
            #expect(match > lastStep)
            lastStep = match
            accepted += 1
            let again = TOTP.matchingStep(
                code, secret: secret, at: time, window: 1, after: lastStep)
            #expect(again == nil)
        }
        #expect(accepted > 50)
    }

    @Test("a code that belongs to two steps of the window counts as the newer one")
    func collision() {
        // Found by trying: the first step whose code is that of the step two before it.
        let secret = Self.rfcSecret
        let step: Int64 = 153_569
        let code = TOTP.code(secret: secret, step: step)
        #expect(code == "468457" && TOTP.code(secret: secret, step: step - 2) == code)
        let middle = Timestamp(seconds: (step - 1) * TOTP.stepSeconds)
        let first = TOTP.matchingStep(
            code, secret: secret, at: middle, window: 1, after: 0)
        #expect(first == step)
        let second = TOTP.matchingStep(
            code, secret: secret, at: middle, window: 1, after: step)
        #expect(second == nil)
    }

    @Test("a secret has 160 bits, and no two are the same")
    func secrets() {
        let secrets = (0..<50).map { _ in TOTP.generateSecret(random: SystemRandomSource()) }
        #expect(secrets.allSatisfy { $0.value.count == 20 })
        #expect(Set(secrets).count == 50)
    }
}

@Suite struct OTPAuthURLTests {
    private let secret = Redacted(Array("12345678901234567890".utf8))

    @Test("the URL follows the Key URI format")
    func format() {
        let url = OTPAuthURL(issuer: "Countersign", account: "ada@example.com", secret: secret)
        let base32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        #expect(url.secretText.value == base32)
        #expect(
            url.text.value
                == "otpauth://totp/Countersign:ada%40example.com?secret=\(base32)"
                + "&issuer=Countersign&algorithm=SHA1&digits=6&period=30")
        #expect("\(url)".contains("[redacted]") && !"\(url)".contains("GEZD"))
    }

    @Test("issuer and account are percent-encoded, and no colon of theirs splits the label")
    func encoding() {
        let url = OTPAuthURL(issuer: "A&B: ü", account: "a+b?=#/%@x.de", secret: secret)
        #expect(
            url.text.value.hasPrefix(
                "otpauth://totp/A%26B%20%C3%BC:a%2Bb%3F%3D%23%2F%25%40x.de?secret="))
        #expect(url.text.value.contains("&issuer=A%26B%20%C3%BC&"))
    }
}
