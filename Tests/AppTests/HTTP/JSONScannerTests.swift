import Foundation
import TestSupport
import Testing

@testable import App

@Suite("The JSON reader of hot requests")
struct JSONScannerTests {
    private func value(_ text: String) throws(JSONFault) -> JSONScanner.Value {
        var scanner = JSONScanner(Array(text.utf8))
        let value = try scanner.value()
        try scanner.finish()
        return value
    }

    @Test(
        "numbers are read exactly",
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-12", -12),
            ("999999999999999999", 999_999_999_999_999_999),
            ("-99999999999999999", -99_999_999_999_999_999),
            ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
        ] as [(String, Int64)])
    func integers(_ text: String, _ number: Int64) throws {
        #expect(try value(text) == .integer(number))
    }

    @Test("what does not fit, or has a fraction, is a number all the same")
    func numbers() throws {
        #expect(try value("9223372036854775808") == .number(9_223_372_036_854_775_808))
        #expect(try value("1.5e3") == .number(1500))
        #expect(try value("-2.25E-1") == .number(-0.225))
        #expect(throws: JSONFault.self) { try value("1e999") }
    }

    @Test("strings keep every character")
    func strings() throws {
        #expect(try value(#""plain""#) == .string("plain"))
        #expect(try value(#""é 日本 🙂""#) == .string("é 日本 🙂"))
        #expect(try value(#""\"\\\/\b\f\n\r\t""#) == .string("\"\\/\u{8}\u{c}\n\r\t"))
        #expect(try value(#""\u0041\u00e9\ud83d\ude42""#) == .string("Aé🙂"))
        #expect(try value("\"\u{7f}\"") == .string("\u{7f}"))
    }

    @Test(
        "what is no JSON is refused",
        arguments: [
            "", " ", "{", "[", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "01",
            "1.", ".5", "+1", "-", "1e", "nul", "truefalse", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"",
            "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"", "\"\u{1}\"", "1 1", "]",
        ])
    func refused(_ text: String) {
        #expect(throws: JSONFault.self) { try value(text) }
    }

    @Test("bytes that are no UTF-8 are refused")
    func notUTF8() {
        for bytes: [UInt8] in [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0x80, 0x41]] {
            var scanner = JSONScanner([0x22] + bytes + [0x22])
            #expect(throws: JSONFault.self) { try scanner.value() }
        }
    }

    @Test("nesting has an end")
    func depth() throws {
        let deep = String(repeating: "[", count: JSONScanner.depthMax)
        #expect(try value(deep + String(repeating: "]", count: JSONScanner.depthMax)) == .container)
        #expect(throws: JSONFault.tooDeep(offset: JSONScanner.depthMax)) { try value(deep + "[") }
    }

    /// Foundation's reader is the second opinion: both accept the same mutants of a real body.
    @Test("mutants of a body are accepted or refused as Foundation does")
    func mutants() {
        let body = Array(
            #"[{"source":"w","n":-12.5e2,"u":{"t":1200,"x":null},"ok":[true,"é\n\u00e9"]}]"#.utf8)
        let random = SeededRandom(seed: 11)
        let replacements = Array("{}[]\",:\\0123456789.eE+-ntfu \n\u{1}".utf8) + [0x80, 0xc3, 0xff]
        for _ in 0..<20_000 {
            var mutant = body
            for _ in 0...random.below(3) {
                let place = random.below(mutant.count)
                switch random.below(3) {
                case 0: mutant.remove(at: place)
                case 1: mutant[place] = replacements[random.below(replacements.count)]
                default: mutant.insert(replacements[random.below(replacements.count)], at: place)
                }
            }
            var scanner = JSONScanner(mutant)
            let isOurs: Bool
            do throws(JSONFault) {
                _ = try scanner.value()
                try scanner.finish()
                isOurs = true
            } catch {
                isOurs = false
            }
            let isTheirs =
                (try? JSONSerialization.jsonObject(
                    with: Data(mutant), options: .fragmentsAllowed)) != nil
            let text = String(decoding: mutant, as: UTF8.self)
            // Foundation lets a comma stand before a closing bracket; RFC 8259 does not.
            let isLenient = !isOurs && text.contains(/,[ \n]*[\]}]/)
            #expect(isOurs == isTheirs || isLenient, "\(text)")
        }
    }
}
