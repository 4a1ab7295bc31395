import Testing

@testable import LoadCore

@Suite("Reading answers")
struct ResponseParserTests {
    /// Feeds the text in pieces of this size.
    private func read(
        _ text: String, pieces: Int, _ interest: BodyInterest = BodyInterest(keepsBody: true),
        closes: Bool = false
    ) throws(ResponseFault) -> (parser: ResponseParser, isComplete: Bool) {
        var parser = ResponseParser()
        let bytes = Array(text.utf8)
        var start = 0
        var isComplete = false
        while start < bytes.count {
            let piece = Array(bytes[start..<min(start + pieces, bytes.count)])
            let (position, complete) = try parser.read(piece.span, from: 0, interest)
            isComplete = complete
            start += piece.count
            if complete {
                #expect(position == piece.count && start == bytes.count, "read too little")
            }
        }
        if closes { isComplete = parser.readClose(interest) }
        return (parser, isComplete)
    }

    @Test("a body with a length, in pieces of any size", arguments: [1, 2, 3, 7, 19, 64, 1000])
    func length(pieces: Int) throws {
        let (parser, isComplete) = try read(
            "HTTP/1.1 201 Created\r\nX-Other: 7\r\ncOnTent-Length:  5 \r\n\r\nhello",
            pieces: pieces)
        #expect(isComplete)
        #expect(parser.status == 201)
        #expect(parser.keptBody == Array("hello".utf8))
        #expect(!parser.closesConnection)
    }

    @Test("chunks with extensions and trailers", arguments: [1, 2, 3, 7, 19, 64, 1000])
    func chunks(pieces: Int) throws {
        let (parser, isComplete) = try read(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"
                + "5;name=1\r\nhello\r\nA\r\n, world 12\r\n0\r\nTrailer: x\r\n\r\n",
            pieces: pieces)
        #expect(isComplete)
        #expect(String(decoding: parser.keptBody, as: UTF8.self) == "hello, world 12")
    }

    @Test("a body up to the end of the connection", arguments: [1, 5, 1000])
    func untilClose(pieces: Int) throws {
        let (parser, isComplete) = try read(
            "HTTP/1.0 200 OK\r\n\r\nall of it", pieces: pieces, closes: true)
        #expect(isComplete && parser.closesConnection)
        #expect(parser.bodyBytes == 9)
    }

    @Test("an end of the connection within an answer is no end of the answer")
    func cutOff() throws {
        let (_, isComplete) = try read(
            "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", pieces: 100, closes: true)
        #expect(!isComplete)
    }

    @Test("no body: 204, 304 and a length of 0", arguments: ["204 No Content", "304 Not Modified"])
    func empty(status: String) throws {
        #expect(try read("HTTP/1.1 \(status)\r\nServer: x\r\n\r\n", pieces: 1000).isComplete)
        #expect(try read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", pieces: 3).isComplete)
    }

    @Test("Retry-After and Connection: close are seen")
    func headers() throws {
        let (parser, _) = try read(
            "HTTP/1.1 429 Too Many\r\nRetry-After: 17\r\nConnection: Close\r\n"
                + "Content-Length: 0\r\n\r\n", pieces: 1000)
        #expect(parser.retryAfterSeconds == 17 && parser.closesConnection)
    }

    @Test(
        "what is not HTTP/1.1 is refused",
        arguments: [
            ("SSH-2.0-OpenSSH_9.2p1 x\r\n\r\n", ResponseFault.notHTTP),
            ("HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n", .notHTTP),
            ("HTTP/1.1\r\n\r\n", .notHTTP),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .badLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999\r\n\r\n", .badLength),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", .badChunk),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", .badChunk),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab", .badChunk),
        ])
    func refused(text: String, fault: ResponseFault) {
        for pieces in [1, 1000] {
            #expect(throws: fault) { try read(text, pieces: pieces) }
        }
    }

    @Test("a head without an end is refused, not gathered for ever")
    func endlessHead() {
        let text = "HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: 20_000)
        #expect(throws: ResponseFault.headTooLong) { try read(text, pieces: 1000) }
    }

    @Test("a marker is found wherever the pieces split it", arguments: 1...12)
    func marker(pieces: Int) throws {
        let interest = BodyInterest(marker: Marker("aab"))
        let found = try read(
            "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nxaaaabyz", pieces: pieces, interest)
        #expect(found.parser.foundMarker)
        let missed = try read(
            "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nxaaacbyz", pieces: pieces, interest)
        #expect(missed.isComplete && !missed.parser.foundMarker)
    }

    @Test("one parser reads answer after answer, and forgets the one before")
    func reuse() throws {
        var parser = ResponseParser()
        let interest = BodyInterest(marker: Marker("yes"), keepsBody: true)
        for (body, isFound) in [("yes", true), ("no!", false), ("", false), ("yes", true)] {
            let text = "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            let bytes = Array(text.utf8)
            let (position, isComplete) = try parser.read(bytes.span, from: 0, interest)
            #expect(isComplete && position == bytes.count)
            #expect(parser.foundMarker == isFound)
            #expect(parser.keptBody == Array(body.utf8))
        }
    }

    @Test("events are counted by their empty lines", arguments: [1, 3, 1000])
    func events(pieces: Int) throws {
        let body = "data: a\n\ndata: b\r\n\r\n: note\ndata: c\n\n"
        let (parser, _) = try read(
            "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)", pieces: pieces,
            BodyInterest(countsEvents: true))
        #expect(parser.events == 3)
    }
}
