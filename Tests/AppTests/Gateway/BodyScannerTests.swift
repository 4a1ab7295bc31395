import Foundation
import NIOCore
import TestSupport
import Testing

@testable import App

@Suite("Values picked from JSON in passing")
struct JSONPathScannerTests {
    private static let paths = JSONPathScanner.Paths(
        ["error.code", "usage.in", "usage.deep.er", "type", "id"].compactMap(JSONPath.init))

    private func scan(_ text: String, pieces: Int = .max) -> [JSONPathScanner.Value?] {
        var scanner = JSONPathScanner(Self.paths)
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: min(pieces, max(1, bytes.count))) {
            let part = ByteBuffer(
                bytes: bytes[start..<min(start &+ min(pieces, bytes.count), bytes.count)])
            scanner.feed(part.readableBytesUInt8Span, in: 0..<part.readableBytes)
        }
        return scanner.found
    }

    private static let text = """
        {"id":"a\\"b","nothing":[{"type":"wrong"},1,[2,{"id":3}]], "error" : {"code":null,
        "message":"x","inner":{"code":"no"}},"usage":{"in":12,"deep":{"er":-3.5},"out":{"in":9}},
        "type":"done"}
        """

    @Test("values are found at their paths only, however the text is cut")
    func found() {
        for pieces in [1, 2, 3, 7, 1000] {
            #expect(
                scan(Self.text, pieces: pieces) == [
                    .null, .integer(12), .other, .text("done"), .text("a\"b"),
                ], "pieces of \(pieces)")
        }
    }

    @Test("a null takes nothing back, another value does")
    func later() {
        var scanner = JSONPathScanner(Self.paths)
        for text in ["{\"usage\":{\"in\":1}}", "{\"usage\":null}", "{\"usage\":{\"in\":7}}"] {
            scanner.restart()
            let bytes = ByteBuffer(string: text)
            scanner.feed(bytes.readableBytesUInt8Span, in: 0..<bytes.readableBytes)
        }
        #expect(scanner.found[1] == .integer(7))
    }

    @Test(
        "what is no JSON finds nothing",
        arguments: ["", "no json", "{\"id\"}", "}{", "[\"id\"]", "{\"id\" \"x\"}", "{id:1}"])
    func noJSON(text: String) {
        #expect(scan(text).allSatisfy { $0 == nil })
    }

    @Test("random bytes and absurd nesting do no harm")
    func hostile() {
        let random = SeededRandom(seed: 11)
        let alphabet = Array("{}[]\",:\\ntfu01 \"id\"error".utf8)
        for _ in 0..<300 {
            let bytes = (0..<random.below(400)).map { _ in alphabet[random.below(alphabet.count)] }
            _ = scan(String(decoding: bytes, as: UTF8.self), pieces: 5)
        }
        _ = scan(String(repeating: "[", count: 100_000))
        #expect(scan(String(repeating: "{\"usage\":", count: 5000)).allSatisfy { $0 == nil })
    }

    @Test("a long value is cut and not kept whole")
    func long() throws {
        let found = scan("{\"id\":\"\(String(repeating: "x", count: 100_000))\"}")
        guard case .text(let text)? = found[4] else {
            Issue.record("nothing found")
            return
        }
        #expect(text.utf8.count == 512)
    }
}

@Suite("Streams of server-sent events in passing")
struct EventStreamScannerTests {
    private static let scheme = StreamScheme(
        doneData: ["[DONE]"], doneTypes: ["message_stop"], errorTypes: ["error"])
    private static let paths = JSONPathScanner.Paths(
        ["type", "usage.out"].compactMap(JSONPath.init))

    private func scan(_ text: String, pieces: Int) -> EventStreamScanner {
        var scanner = EventStreamScanner(Self.scheme, paths: Self.paths, typeIndex: 0)
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            let part = ByteBuffer(bytes: bytes[start..<min(start + pieces, bytes.count)])
            scanner.feed(part.readableBytesUInt8Span, in: 0..<part.readableBytes)
        }
        return scanner
    }

    @Test(
        "the end that the protocol names is recognised, whatever the line ends and cuts",
        arguments: ["\n", "\r\n", "\r"], [1, 2, 5, 4096])
    func done(lineEnd: String, pieces: Int) {
        let lines = [
            ": comment", "", "data: {\"usage\":{\"out\":1}}", "", "event: x",
            "data:{\"usage\":null}",
            "", "data: {\"usage\":", "data: {\"out\":5}}", "", "data: [DONE]", "", "",
        ]
        let scanner = scan(lines.joined(separator: lineEnd), pieces: pieces)
        #expect(scanner.isDone && !scanner.hasFailed)
        #expect(scanner.values.found[1] == .integer(5))
    }

    @Test(
        "types end and fail a stream, by their line or by the data's member",
        arguments: [
            ("event: message_stop\ndata: {}\n\n", true, false),
            ("data: {\"type\":\"message_stop\"}\n\n", true, false),
            ("event: error\ndata: {\"type\":\"error\"}\n\n", false, true),
            ("data: {\"type\":\"error\"}\n\n", false, true),
            ("data: {\"x\":\"message_stop\"}\n\n", false, false),
            ("data: [DONE]", false, false), ("data: [DONE]\n", false, false),
            ("data: [DONE] and more\n\n", false, false), ("[DONE]\n\n", false, false),
            ("id: [DONE]\n\n", false, false), ("data:[DONE]\n\n", true, false),
            ("data:  [DONE]\n\n", false, false),
        ])
    func types(text: String, isDone: Bool, hasFailed: Bool) {
        let scanner = scan(text, pieces: 3)
        #expect(scanner.isDone == isDone && scanner.hasFailed == hasFailed)
    }
}

@Suite("Compressed bodies in passing")
struct InflaterTests {
    /// `printf '{"usage":{"in":7}}' | gzip -n | base64`, and the same by zlib.
    private static let gzip = "H4sIAAAAAAAAA6tWKi1OTE9VsqpWysxTsjKvrQUAmxtEPBIAAAA="

    @Test("a gzip body is read, however it is cut")
    func gzip() throws {
        let bytes = Array(try #require(Data(base64Encoded: Self.gzip)))
        for pieces in [1, 3, 100] {
            let inflater = try #require(Inflater())
            var text: [UInt8] = []
            for start in stride(from: 0, to: bytes.count, by: pieces) {
                let part = ByteBuffer(bytes: bytes[start..<min(start + pieces, bytes.count)])
                inflater.feed(part.readableBytesUInt8Span, in: 0..<part.readableBytes) { piece in
                    for index in 0..<piece.count { text.append(piece[index]) }
                }
            }
            #expect(String(decoding: text, as: UTF8.self) == "{\"usage\":{\"in\":7}}")
        }
    }

    @Test("what is no gzip gives nothing, and no more after it")
    func broken() throws {
        let inflater = try #require(Inflater())
        let noise = ByteBuffer(string: "this is no gzip at all")
        for _ in 0..<2 {
            inflater.feed(noise.readableBytesUInt8Span, in: 0..<noise.readableBytes) { _ in
                Issue.record("something came out")
            }
        }
    }
}
