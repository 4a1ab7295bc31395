import Foundation
import TestSupport
import Testing

@testable import Actors

@Suite struct QRCodeTests {
    /// Characters of otpauth URLs; lower case keeps the decoder from guessing another mode.
    private static func text(_ count: Int, seed: UInt64 = 1) -> String {
        let alphabet = Array(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%:/?=&-._~".utf8)
        let random = SeededRandom(seed: seed &+ UInt64(count))
        return String(
            decoding: (0..<count).map { _ in alphabet[random.below(alphabet.count)] }, as: UTF8.self
        )
    }

    // MARK: Read by a program that we did not write

    @Test("zbarimg reads the smallest and the largest text of every version", arguments: 1...40)
    func decodes(version: Int) throws {
        let smallest = version == 1 ? 1 : QRVersion(version - 1).textBytesMax + 1
        let texts = [smallest, QRVersion(version).textBytesMax].map { Self.text($0) }
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "qr-\(version)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var images: [String] = []
        for (index, text) in texts.enumerated() {
            let code = try QRCode(text)
            #expect(code.version == version)
            let svg = folder.appending(path: "\(index).svg")
            let png = folder.appending(path: "\(index).png")
            try Data(code.svg().utf8).write(to: svg)
            // Four pixels for each module.
            let width = (code.size + 8) * 4
            _ = try ExternalTool.run(
                "rsvg-convert", ["--width=\(width)", "--output=\(png.path)", svg.path])
            images.append(png.path)
        }
        let read = try ExternalTool.run(
            "zbarimg", ["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"] + images)
        #expect(read == texts.map { $0 + "\n" }.joined())
    }

    // MARK: What the standard prints

    /// ISO/IEC 18004:2015 table 7, level M, byte mode.
    @Test(
        "the capacity of a version is what the standard says",
        arguments: [
            (1, 14), (2, 26), (3, 42), (4, 62), (5, 84), (6, 106), (7, 122), (8, 152), (9, 180),
            (10, 213), (15, 412), (20, 666), (25, 997), (30, 1370), (35, 1809), (40, 2331),
        ])
    func capacity(version: Int, bytes: Int) {
        #expect(QRVersion(version).textBytesMax == bytes)
    }

    /// ISO/IEC 18004:2015 Annex E, table E.1.
    @Test(
        "alignment patterns lie where the standard says",
        arguments: [
            (1, []), (2, [6, 18]), (6, [6, 34]), (7, [6, 22, 38]), (14, [6, 26, 46, 66]),
            (15, [6, 26, 48, 70]), (22, [6, 26, 50, 74, 98]), (30, [6, 26, 52, 78, 104, 130]),
            (32, [6, 34, 60, 86, 112, 138]), (36, [6, 24, 50, 76, 102, 128, 154]),
            (39, [6, 26, 54, 82, 110, 138, 166]), (40, [6, 30, 58, 86, 114, 142, 170]),
        ])
    func alignment(version: Int, centres: [Int]) {
        #expect(QRVersion(version).alignmentCentres == centres)
    }

    @Test("version information is that of Annex D, table D.1")
    func versionInformation() {
        #expect(QRVersion(6).informationBits == nil)
        #expect(QRVersion(7).informationBits == 0x07c94)
        #expect(QRVersion(21).informationBits == 0x15683)
        #expect(QRVersion(40).informationBits == 0x28c69)
    }

    @Test("format information of level M is that of Annex C, table C.1")
    func formatInformation() {
        let expected: [UInt32] = [
            0x5412, 0x5125, 0x5e7c, 0x5b4b, 0x45f9, 0x40ce, 0x4f97, 0x4aa0,
        ]
        #expect(QRMask.all.map(\.formatBits) == expected)
    }

    /// The worked example of ISO/IEC 18004:2015 Annex I.2: "01234567" in version 1-M.
    @Test("check codewords are those of the standard's example")
    func reedSolomon() {
        let data: [UInt8] = [
            0x10, 0x20, 0x0c, 0x56, 0x61, 0x80, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11,
            0xec,
            0x11,
        ]
        let check = ReedSolomon.remainder(data[...], ReedSolomon.generator(degree: 10))
        #expect(check == [0xa5, 0x24, 0xd4, 0xc1, 0xed, 0x36, 0xc7, 0x87, 0x2c, 0x55])
    }

    @Test("the bit stream is mode, length, data, terminator and pad codewords")
    func bitStream() {
        let bytes = QRCodewords.bitStream([0xab, 0xcd], in: QRVersion(1))
        #expect(
            bytes == [0x40, 0x2a, 0xbc, 0xd0]
                + Array([
                    0xec, 0x11, 0xec, 0x11, 0xec, 0x11,
                    0xec, 0x11, 0xec, 0x11, 0xec, 0x11,
                ]))
        let large = QRCodewords.bitStream([0xab], in: QRVersion(10))
        #expect(large.prefix(5) == [0x40, 0x00, 0x1a, 0xb0, 0xec])
        #expect(large.count == QRVersion(10).dataCodewords)
    }

    // MARK: Structure

    @Test("finders, timing and the dark module are in their places", arguments: [1, 6, 7, 21, 40])
    func functionPatterns(version: Int) throws {
        let code = try QRCode(Self.text(QRVersion(version).textBytesMax))
        let last = code.size - 1
        let finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]
        for (row, line) in finder.enumerated() {
            for (column, character) in line.enumerated() {
                #expect(code.isDark(row, column) == (character == "1"))
                #expect(code.isDark(row, last - column) == (character == "1"))
                #expect(code.isDark(last - row, column) == (character == "1"))
            }
        }
        for index in 8..<(code.size - 8) {
            #expect(code.isDark(6, index) == index.isMultiple(of: 2))
            #expect(code.isDark(index, 6) == index.isMultiple(of: 2))
        }
        #expect(code.isDark(code.size - 8, 8))
    }

    @Test("the penalty counts as the standard's four rules do")
    func penalty() {
        let light = [Bool](repeating: false, count: 21)
        #expect(QRPenalty.line(light) == 3 + 16)
        #expect(QRPenalty.line(light.indices.map { $0.isMultiple(of: 2) }) == 0)
        let finder = "000010111010000000000".map { $0 == "1" }
        #expect(QRPenalty.line(finder) == 40 + 40 + 3 + 5)
        let inMiddle = "101010001011101001010".map { $0 == "1" }
        #expect(QRPenalty.line(inMiddle) == 0)
        #expect(
            QRPenalty.blocks([[true, true, true], [true, true, true], [true, false, true]]) == 6)
        #expect(QRPenalty.balance([[true, false], [false, true]]) == 0)
        #expect(QRPenalty.balance([[true, true], [true, true]]) == 100)
        #expect(
            QRPenalty.balance([
                Array(repeating: true, count: 11) + Array(repeating: false, count: 9)
            ]) == 10)
    }

    @Test("a text that no version holds is refused with the limit")
    func tooLong() throws {
        #expect(try QRCode(Self.text(2331)).version == 40)
        #expect(throws: QRCodeError.tooLong(bytes: 2332, bytesMax: 2331)) {
            try QRCode(Self.text(2332))
        }
        #expect(try QRCode("").version == 1)
    }

    @Test("the SVG is one path on white, with nothing that a strict policy forbids")
    func svg() throws {
        let code = try QRCode("otpauth://totp/x")
        let svg = code.svg()
        #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\""))
        #expect(svg.contains("viewBox=\"0 0 \(code.size + 8) \(code.size + 8)\""))
        #expect(svg.contains("role=\"img\""))
        #expect(svg.components(separatedBy: "<path").count == 2)
        for forbidden in ["style", "script", "href", " on", "class", "otpauth"] {
            #expect(!svg.contains(forbidden))
        }
        #expect(code.svg(quietZoneModules: 0).contains("viewBox=\"0 0 \(code.size) \(code.size)\""))
        // The finder's upper edge is the first run.
        #expect(svg.contains("d=\"M4 4h7v1h-7z"))
    }
}
