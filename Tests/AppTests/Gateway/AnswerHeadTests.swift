import NIOCore
import Testing

@testable import App

@Suite("Heads of providers' answers")
struct AnswerHeadTests {
    private func read(
        _ text: String, isToHEAD: Bool = false
    ) throws -> (head: AnswerHead, fields: [AnswerField]) {
        let bytes = ByteBuffer(string: text)
        // A span can't go through the macro.
        let found = AnswerHead.length(bytes.readableBytesUInt8Span)
        let length = try #require(found)
        var fields: [AnswerField] = []
        let head = try AnswerHead(
            bytes.readableBytesUInt8Span, length: length, isToHEAD: isToHEAD, fields: &fields)
        return (head, fields)
    }

    @Test("status, fields and framing are read")
    func plain() throws {
        let text =
            "HTTP/1.1 201 Created\r\nContent-Type:  application/json \r\ncontent-length: 12\r\n\r\n"
        let (head, fields) = try read(text)
        #expect(head.status == 201 && head.framing == .length(12) && head.isKeptAlive)
        let bytes = Array(text.utf8)
        #expect(
            fields.map { String(decoding: bytes[$0.value], as: UTF8.self) } == [
                "application/json", "12",
            ])
        #expect(String(decoding: bytes[head.statusLine], as: UTF8.self) == " 201 Created\r\n")
    }

    @Test("the end of a head is found at every place, and not before")
    func length() {
        let text = "HTTP/1.1 200 OK\r\na: b\r\n\r\nbody\r\n\r\n"
        let end = text.utf8.count - "body\r\n\r\n".utf8.count
        for count in 0...text.utf8.count {
            let bytes = ByteBuffer(bytes: Array(text.utf8.prefix(count)))
            let found = AnswerHead.length(bytes.readableBytesUInt8Span)
            #expect(found == (count >= end ? end : nil), "\(count) bytes")
        }
    }

    @Test(
        "the body ends as RFC 9112 §6.3 says",
        arguments: [
            ("HTTP/1.1 200 OK\r\n\r\n", false, BodyFraming.untilClose),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", false, .none),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n", false, .chunked),
            ("HTTP/1.1 204 No Content\r\n\r\n", false, .none),
            ("HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n", false, .none),
            ("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n", true, .none),
            ("HTTP/1.1 100 Continue\r\n\r\n", false, .none),
        ])
    func framing(text: String, isToHEAD: Bool, expected: BodyFraming) throws {
        #expect(try read(text, isToHEAD: isToHEAD).head.framing == expected)
    }

    @Test(
        "a connection is kept only where nothing speaks against it",
        arguments: [
            ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: x-secret\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\ncontent-length: 1\r\nconnection: Keep-Alive\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\n\r\n", false),
        ])
    func keptAlive(text: String, expected: Bool) throws {
        #expect(try read(text).head.isKeptAlive == expected)
    }

    @Test(
        "what two readers could take differently is refused",
        arguments: [
            "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 20x OK\r\n\r\n", "HTTP/1.1 099 Low\r\n\r\n",
            "ICY 200 OK and more\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.12 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1,1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 9999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n",
            "HTTP/1.1 200 OK\r\na : b\r\n\r\n", "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n", "HTTP/1.1 200 OK\r\na: b\nc: d\r\n\r\n",
        ])
    func refused(text: String) {
        #expect(throws: AnswerFault.self) { try read(text) }
    }
}

@Suite("Chunked bodies of providers")
struct ChunkReaderTests {
    /// Reads in pieces of one size; answers the content, and how many bytes belonged to the body.
    private func read(
        _ text: String, pieces: Int
    ) throws -> (content: String, used: Int?) {
        var reader = ChunkReader()
        var content = ""
        let all = Array(text.utf8)
        for start in stride(from: 0, to: all.count, by: pieces) {
            let part = Array(all[start..<min(start + pieces, all.count)])
            let bytes = ByteBuffer(bytes: part)
            var index = 0
            reading: while true {
                switch try reader.next(bytes.readableBytesUInt8Span, from: &index) {
                case .content(let range): content += String(decoding: part[range], as: UTF8.self)
                case .end(let used): return (content, start + used)
                case .more: break reading
                }
            }
        }
        return (content, nil)
    }

    @Test("content and end are found, however the bytes are cut")
    func cuts() throws {
        let body = "5;x=\"y\"\r\nhello\r\nB\r\n, world\r\n1.\r\n0\r\nx-trailer: 1\r\n\r\n"
        for pieces in 1...body.utf8.count + 4 {
            let (content, used) = try read(body + "next", pieces: pieces)
            #expect(content == "hello, world\r\n1.", "pieces of \(pieces)")
            #expect(used == body.utf8.count, "pieces of \(pieces)")
        }
    }

    @Test("a body that is not complete has no end")
    func incomplete() throws {
        let body = "5\r\nhello\r\n0\r\n\r\n"
        for count in 0..<body.utf8.count {
            let part = String(decoding: body.utf8.prefix(count), as: UTF8.self)
            #expect(try read(part, pieces: 3).used == nil)
        }
    }

    @Test(
        "what is no chunk is refused",
        arguments: [
            "g\r\n", "\r\n", "5\nhello", "5\r\nhello!\r\n", "5\r\nhello\n", "-1\r\n",
            "ffffffffffffffff\r\n", "0\r\nx\n\r\n", "5 \r\nhello\r\n", "0\r\n\rx",
            "1;" + String(repeating: "x", count: 20_000) + "\r\n",
        ])
    func refused(text: String) {
        #expect(throws: AnswerFault.self) { try read(text, pieces: 7) }
    }
}
