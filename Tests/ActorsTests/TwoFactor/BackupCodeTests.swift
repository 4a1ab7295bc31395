import Actors
import TestSupport
import Testing

@Suite struct BackupCodeTests {
    @Test("ten codes, one for each place, each read back as it was shown")
    func generates() throws {
        let codes = BackupCode.generate(random: SystemRandomSource())
        #expect(codes.map(\.index) == Array(0..<10))
        for code in codes {
            let groups = code.text.value.split(separator: "-").map(\.count)
            #expect(groups == [1, 5, 5, 3])
            let read = try #require(BackupCode(code.text.value))
            #expect(read.index == code.index)
            #expect(read.text == code.text)
            #expect(read.canonicalBytes == code.canonicalBytes)
        }
        #expect(Set(codes.map { $0.canonicalBytes.value.dropFirst() }).count == 10)
        #expect(!"\(codes)".contains(codes[0].text.value))
    }

    @Test("every one of the 65 bits is random: each place of a code takes each of 32 characters")
    func entropy() {
        var seen = Array(repeating: Set<UInt8>(), count: 14)
        let random = SeededRandom(seed: 65)
        for _ in 0..<100 {
            for code in BackupCode.generate(random: random) {
                for (place, character) in code.canonicalBytes.value.enumerated() {
                    seen[place].insert(character)
                }
            }
        }
        #expect(seen.map(\.count) == [10] + Array(repeating: 32, count: 13))
    }

    @Test(
        "what people make of a code is understood",
        arguments: [
            "3-K7QMW-9XD2P-4TB", "3K7QMW9XD2P4TB", "3-k7qmw-9xd2p-4tb", " 3 K7QMW 9XD2P 4TB\n",
            "3–K7QMW–9XD2P–4TB", "3--K7QMW-9XD2P-4TB-", "3\u{a0}K7QMW\u{2011}9XD2P−4TB",
        ])
    func tolerant(text: String) throws {
        let code = try #require(BackupCode(text))
        #expect(code.index == 3)
        #expect(code.canonicalBytes.value == Array("3K7QMW9XD2P4TB".utf8))
        #expect(code.text.value == "3-K7QMW-9XD2P-4TB")
    }

    @Test("O is 0, I and L are 1, in every place")
    func lookalikes() throws {
        let code = try #require(BackupCode("O-oILil-00000-00L"))
        #expect(code.index == 0)
        #expect(code.text.value == "0-01111-00000-001")
        #expect(BackupCode("l-00000-00000-000")?.index == 1)
    }

    @Test(
        "what cannot be a code is malformed",
        arguments: [
            "", "123456", "3-K7QMW-9XD2P-4T", "3-K7QMW-9XD2P-4TBB", "A-K7QMW-9XD2P-4TB",
            "3-K7QMW-9XD2P-4TU", "3-K7QMW-9XD2P-4T!", "3_K7QMW_9XD2P_4TB", "٣-K7QMW-9XD2P-4TB",
            "3-K7QMW-9XD2P-4Tß", "3-K7QMW-9XD2P-4TB" + String(repeating: " ", count: 200),
        ])
    func malformed(text: String) {
        #expect(BackupCode(text) == nil)
    }
}
