import NATS
import NIOCore
import Testing

@Suite("The parser of the NATS protocol")
struct ProtocolParserTests {
    /// Every operation of a server, with the edges that they have.
    private static let conversation: [(text: String, operation: ServerOperation)] = [
        (
            #"INFO {"version":"2.15.1","headers":true}"# + "\r\n",
            .info(Array(#"{"version":"2.15.1","headers":true}"#.utf8))
        ),
        ("PING\r\n", .ping), ("ping\r\n", .ping), ("PONG\r\n", .pong), ("+OK\r\n", .ok),
        ("-ERR 'Authorization Violation'\r\n", .error("Authorization Violation")),
        (
            "MSG ev.1 7 5\r\nhello\r\n",
            .message(Message(subject: "ev.1", subscription: 7, payload: Array("hello".utf8)))
        ),
        (
            "MSG ev.1 7 _INBOX.a.1 0\r\n\r\n",
            .message(Message(subject: "ev.1", subscription: 7, reply: "_INBOX.a.1"))
        ),
        (
            "MSG\tev.1\t 7  4\r\n\r\n\r\n\r\n",
            .message(Message(subject: "ev.1", subscription: 7, payload: Array("\r\n\r\n".utf8)))
        ),
        (
            "HMSG a 1 30 30\r\nNATS/1.0 503 No Responders\r\n\r\n\r\n",
            .message(Message(subject: "a", subscription: 1, headers: status(503, "No Responders")))
        ),
        (
            "HMSG a 1 r.b 23 26\r\nNATS/1.0\r\nName: v:w\r\n\r\nxyz\r\n",
            .message(
                Message(
                    subject: "a", subscription: 1, reply: "r.b", headers: ["Name": "v:w"],
                    payload: Array("xyz".utf8)))
        ),
    ]

    private static func status(_ code: Int, _ reason: String) -> Headers {
        // A status only ever comes from a server, so the parser makes it.
        let text = "NATS/1.0 \(code) \(reason)\r\n\r\n"
        return (try? Headers(parsing: text.utf8)) ?? Headers()
    }

    private static func parse(_ pieces: [[UInt8]]) throws(ProtocolError) -> [ServerOperation] {
        var parser = ProtocolParser()
        var operations: [ServerOperation] = []
        for piece in pieces {
            parser.feed(ByteBuffer(bytes: piece))
            while let operation = try parser.next() { operations.append(operation) }
        }
        return operations
    }

    @Test("reads every operation, alone", arguments: conversation.indices)
    func alone(index: Int) throws {
        let (text, operation) = Self.conversation[index]
        #expect(try Self.parse([Array(text.utf8)]) == [operation])
    }

    @Test("reads the same however the bytes are cut in two, and byte by byte")
    func splits() throws {
        let bytes = Array(Self.conversation.map(\.text).joined().utf8)
        let expected = Self.conversation.map(\.operation)
        for cut in 0...bytes.count {
            let operations = try Self.parse([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(operations == expected, "cut at \(cut)")
        }
        #expect(try Self.parse(bytes.map { [$0] }) == expected)
    }

    @Test("reads the same in random pieces")
    func pieces() throws {
        let bytes = Array(Self.conversation.map(\.text).joined().utf8)
        let expected = Self.conversation.map(\.operation)
        for seed in 0..<500 {
            var random = Seeded(seed: UInt64(seed))
            var rest = bytes[...]
            var pieces: [[UInt8]] = []
            while !rest.isEmpty {
                let count = min(rest.count, 1 + random.below(40))
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            #expect(try Self.parse(pieces) == expected, "seed \(seed)")
        }
    }

    @Test(
        "refuses what no server says",
        arguments: [
            "\r\n", "PING\n", "HELLO\r\n", "MSG\r\n", "MSG a\r\n", "MSG a 1\r\n", "MSG a b 1\r\n",
            "MSG a 1 x\r\n", "MSG a 1 -1\r\n", "MSG a 1 +1\r\n", "MSG a 1 r 2 3 4\r\n",
            "MSG a 1 99999999999999999999\r\n", "MSG a 99999999999999999999 1\r\n",
            "MSG a 1 8388609\r\n", "MSG a 1 2\r\nabc\r\n", "MSG a 1 2\r\nab\n\r",
            "HMSG a 1 5\r\n", "HMSG a 1 12 11\r\n", "HMSG a 1 70000 80000\r\n",
            "HMSG a 1 4 4\r\nabcd\r\n", "HMSG a 1 12 12\r\nNATS/2.0\r\n\r\n\r\n",
            "HMSG a 1 10 10\r\nNATS/1.0\r\n\r\n",
            "HMSG a 1 14 14\r\nNATS/1.0 x\r\n\r\n\r\n",
            "HMSG a 1 16 16\r\nNATS/1.0\r\n:b\r\n\r\n\r\n",
            "HMSG a 1 15 15\r\nNATS/1.0\r\nb\r\n\r\n\r\n",
        ])
    func hostile(text: String) {
        #expect(throws: ProtocolError.self) {
            _ = try Self.parse([Array(text.utf8), Array("PING\r\nPING\r\n".utf8)])
        }
    }

    @Test("an endless line ends at its limit, however slowly it comes")
    func endless() throws {
        for (start, limit) in [
            ("MSG ", ProtocolLimits.controlLineBytesMax),
            ("INFO ", ProtocolLimits.infoLineBytesMax),
        ] {
            var parser = ProtocolParser()
            parser.feed(ByteBuffer(string: start))
            var fed = start.utf8.count
            #expect(throws: ProtocolError.lineTooLong(limit: limit)) {
                while fed < 1 << 20 {
                    parser.feed(ByteBuffer(repeating: UInt8(ascii: "x"), count: 100))
                    fed += 100
                    _ = try parser.next()
                }
            }
            #expect(fed <= limit + 200)
        }
    }

    @Test("after an error it stays with it")
    func sticky() {
        var parser = ProtocolParser()
        parser.feed(ByteBuffer(string: "NONSENSE\r\n"))
        #expect(throws: ProtocolError.unknownOperation("NONSENSE")) { _ = try parser.next() }
        parser.feed(ByteBuffer(string: "PING\r\n"))
        #expect(throws: ProtocolError.unknownOperation("NONSENSE")) { _ = try parser.next() }
    }

    @Test("random bytes and damaged conversations give errors or operations, never a trap")
    func random() {
        let sample = Array(Self.conversation.map(\.text).joined().utf8)
        for seed in 0..<20_000 {
            var random = Seeded(seed: UInt64(seed))
            var bytes: [UInt8]
            if seed.isMultiple(of: 4) {
                bytes = random.bytes(random.below(300))
            } else {
                bytes = sample
                for _ in 0...random.below(4) {
                    let place = random.below(bytes.count)
                    switch random.below(3) {
                    case 0: bytes[place] ^= UInt8(1 << random.below(8))
                    case 1: bytes.remove(at: place)
                    default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
                    }
                }
            }
            let cut = random.below(bytes.count + 1)
            _ = try? Self.parse([Array(bytes[..<cut]), Array(bytes[cut...])])
        }
    }
}

@Suite("What a client says")
struct ClientOperationTests {
    private func encoded(_ operation: ClientOperation) throws(ProtocolError) -> String {
        var buffer = ByteBuffer()
        try operation.encode(into: &buffer)
        return String(buffer: buffer)
    }

    @Test("every operation, byte for byte")
    func bytes() throws {
        #expect(try encoded(.ping) == "PING\r\n")
        #expect(try encoded(.pong) == "PONG\r\n")
        #expect(try encoded(.connect(Array("{}".utf8))) == "CONNECT {}\r\n")
        #expect(try encoded(.subscribe(subject: "a.>", queue: nil, id: 3)) == "SUB a.> 3\r\n")
        #expect(try encoded(.subscribe(subject: "a.*", queue: "q", id: 4)) == "SUB a.* q 4\r\n")
        #expect(try encoded(.unsubscribe(id: 3, after: nil)) == "UNSUB 3\r\n")
        #expect(try encoded(.unsubscribe(id: 3, after: 5)) == "UNSUB 3 5\r\n")
        #expect(
            try encoded(.publish(Publication("a", reply: "r", payload: Array("hi".utf8))))
                == "PUB a r 2\r\nhi\r\n")
        #expect(
            try encoded(.publish(Publication("a", headers: ["K": "v"], payload: Array("hi".utf8))))
                == "HPUB a 18 20\r\nNATS/1.0\r\nK: v\r\n\r\nhi\r\n")
    }

    @Test(
        "a subject can't carry a second command",
        arguments: ["", "a b", "a\r\nPING", "a\n", ".a", "a.", "a..b", "a\u{7f}", "\t"])
    func subjects(subject: String) {
        #expect(throws: ProtocolError.invalidSubject(subject)) {
            _ = try encoded(.publish(Publication(subject)))
        }
        #expect(throws: ProtocolError.self) {
            _ = try encoded(.publish(Publication("a", reply: subject)))
        }
        #expect(throws: ProtocolError.self) {
            _ = try encoded(.subscribe(subject: subject, queue: nil, id: 1))
        }
    }

    @Test("nor can a header")
    func headers() {
        for headers: Headers in [["a\r\nb": "c"], ["a": "b\r\nc: d"], ["": "x"], ["a:b": "c"]] {
            #expect(throws: ProtocolError.self) {
                _ = try encoded(.publish(Publication("a", headers: headers)))
            }
        }
    }

    @Test("headers come back as they were")
    func roundTrip() throws {
        let headers: Headers = [
            "Nats-Expected-Last-Sequence": "0", "Nats-Msg-Id": "3-1-2", "E": "",
        ]
        #expect(try Headers(parsing: headers.encoded()) == headers)
    }
}
