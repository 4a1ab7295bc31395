import Crypto
import FoundationEssentials
import Testing

@testable import NATS

@Suite("A session with a server")
struct SessionTests {
    private func info(
        version: String = "2.15.1", tls: Bool = false, nonce: String? = nil, headers: Bool = true
    ) -> ServerOperation {
        var text = #"{"server_id":"S","version":"\#(version)","headers":\#(headers)"#
        text += #","tls_required":\#(tls),"max_payload":1048576,"jetstream":true"#
        if let nonce { text += #","nonce":"\#(nonce)""# }
        return .info(Array((text + "}").utf8))
    }

    private func greeting(_ actions: [Session.Action]) -> [String: String] {
        for case .send(.connect(let json)) in actions {
            let fields = try? JSONDecoder().decode([String: Field].self, from: Data(json))
            return fields?.mapValues(\.text) ?? [:]
        }
        return [:]
    }

    private struct Field: Decodable {
        let text: String
        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let string = try? value.decode(String.self) {
                text = string
            } else if let flag = try? value.decode(Bool.self) {
                text = "\(flag)"
            } else {
                text = "\(try value.decode(Int.self))"
            }
        }
    }

    @Test("greets, waits for the answer, and is ready")
    func greets() {
        var session = Session(.init(name: "test"), now: 0)
        let actions = session.received(info(), now: 1)
        #expect(actions.last == .send(.ping) && actions.count == 2)
        let fields = greeting(actions)
        #expect(fields["headers"] == "true" && fields["no_responders"] == "true")
        #expect(fields["verbose"] == "false" && fields["name"] == "test" && fields["jwt"] == nil)
        #expect(!session.isReady)
        guard case .ready(let info)? = session.received(.pong, now: 2).first else {
            Issue.record("not ready")
            return
        }
        #expect(info.maxPayload == 1 << 20 && session.isReady)
        let message = Message(subject: "a", subscription: 1)
        #expect(session.received(.message(message), now: 3) == [.deliver(message)])
        #expect(session.received(.ping, now: 3) == [.send(.pong)])
        #expect(session.received(.ok, now: 3) == [])
    }

    @Test(
        "servers that are too old are refused before anything secret is said",
        arguments: ["2.9.10", "2.14.3", "2.14.4-RC.1", "1.4.1", "", "next", "2.15", "99999999.1.1"])
    func tooOld(version: String) {
        var session = Session(
            .init(name: "t", credentials: .user(name: "u", password: "p")), now: 0)
        let actions = session.received(info(version: version), now: 1)
        #expect(actions == [.close(.serverTooOld(found: version, minimum: .minimum))])
        #expect(session.received(.pong, now: 2) == [])
    }

    @Test("newer ones are not", arguments: ["2.14.4", "2.15.0-dev", "2.15.1", "3.0.0"])
    func newEnough(version: String) {
        var session = Session(.init(name: "t"), now: 0)
        #expect(session.received(info(version: version), now: 1).count == 2)
    }

    @Test("TLS begins before the greeting, and nothing may have been said in between")
    func tls() {
        var session = Session(.init(name: "t", usesTLS: true), now: 0)
        #expect(session.received(info(tls: true), now: 1).first == .startTLS)
        var injected = Session(.init(name: "t", usesTLS: true), now: 0)
        guard
            case .close(.protocolViolation)? = injected.received(
                info(tls: true), now: 1, unreadBytes: 6
            ).first
        else {
            Issue.record("bytes before TLS were taken")
            return
        }
        var plain = Session(.init(name: "t", usesTLS: true), now: 0)
        #expect(plain.received(info(), now: 1) == [.close(.tlsNotOffered)])
        var unprepared = Session(.init(name: "t"), now: 0)
        #expect(unprepared.received(info(tls: true), now: 1) == [.close(.tlsRequired)])
    }

    @Test("says who it is in each of the ways")
    func credentials() throws {
        let seed = try TestKey.seed(0...31)
        let key = try NKey(seed: seed)
        func fields(_ credentials: Credentials, nonce: String? = "n0nce") -> [String: String] {
            var session = Session(.init(name: "t", credentials: credentials), now: 0)
            return greeting(session.received(info(nonce: nonce), now: 1))
        }
        let user = fields(.user(name: "u", password: "p"))
        #expect(user["user"] == "u" && user["pass"] == "p")
        #expect(fields(.token("secret"))["auth_token"] == "secret")
        let signed = fields(.key(key))
        #expect(signed["nkey"] == key.publicKey && signed["sig"]?.isEmpty == false)
        let jwt = fields(.jwt("e30.e30.x", key))
        #expect(jwt["jwt"] == "e30.e30.x" && jwt["nkey"] == nil && jwt["sig"] != nil)
        var session = Session(.init(name: "t", credentials: .key(key)), now: 0)
        #expect(session.received(info(), now: 1) == [.close(.credentials(.noNonce))])
    }

    @Test("a server that does not answer pings is gone")
    func pings() {
        var session = Session(.init(name: "t", pingIntervalMilliseconds: 1000), now: 0)
        _ = session.received(info(), now: 0)
        _ = session.received(.pong, now: 0)
        #expect(session.tick(now: 999) == [])
        #expect(session.tick(now: 1000) == [.send(.ping)])
        _ = session.received(.pong, now: 1100)
        #expect(session.tick(now: 2000) == [.send(.ping)])
        #expect(session.tick(now: 3000) == [.send(.ping)])
        guard case .close(.connectionLost)? = session.tick(now: 4000).first else {
            Issue.record("it waits for ever")
            return
        }
        #expect(session.tick(now: 9000) == [])
    }

    @Test("a server that says nothing at first is given up")
    func silence() {
        var session = Session(.init(name: "t", greetingMilliseconds: 500), now: 100)
        #expect(session.tick(now: 599) == [])
        #expect(session.tick(now: 600) == [.close(.timeout)])
    }

    @Test("errors of one operation leave the connection alone, others end it")
    func errors() {
        var session = Session(.init(name: "t"), now: 0)
        _ = session.received(info(), now: 0)
        let text = #"Permissions Violation for Publish to "x""#
        #expect(session.received(.error(text), now: 0) == [.complain(text)])
        #expect(
            session.received(.error("Authorization Violation"), now: 0)
                == [.close(.refusedByServer("Authorization Violation"))])
        #expect(NATSError.refusedByServer("Authorization Violation").isFinal)
        #expect(!NATSError.refusedByServer("Stale Connection").isFinal)
    }

    @Test("a server that is about to stop is left")
    func lameDuck() {
        var session = Session(.init(name: "t"), now: 0)
        _ = session.received(info(), now: 0)
        _ = session.received(.pong, now: 0)
        let json = Array(#"{"version":"2.15.1","ldm":true}"#.utf8)
        #expect(session.received(.info(json), now: 1) == [.leave])
    }
}

enum TestKey {
    /// The seed of a user with those 32 bytes.
    static func seed(_ bytes: some Sequence<UInt8>, prefix: UInt8 = 20 << 3) throws -> String {
        var written = [UInt8(18 << 3) | prefix >> 5, (prefix & 31) << 3] + Array(bytes)
        let sum = CRC16.of(written)
        written += [UInt8(truncatingIfNeeded: sum), UInt8(truncatingIfNeeded: sum >> 8)]
        return Base32.encode(written)
    }
}

@Suite("Keys and credentials")
struct CredentialsTests {
    @Test("base 32 as RFC 4648 has it")
    func base32() {
        for (text, encoded) in [
            ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI"),
        ] {
            #expect(Base32.encode(Array(text.utf8)) == encoded)
            #expect(Base32.decode(encoded) == Array(text.utf8))
        }
        for bad in ["M", "mzxq", "MZX1", "MZ=", "MZ", "MZXR"] { #expect(Base32.decode(bad) == nil) }
        for seed in 0..<200 {
            var random = Seeded(seed: UInt64(seed))
            let bytes = random.bytes(random.below(60))
            #expect(Base32.decode(Base32.encode(bytes)) == bytes)
        }
    }

    @Test("CRC-16: the check value")
    func crc() { #expect(CRC16.of("123456789".utf8) == 0x31c3) }

    @Test("a seed of a user begins with SU, its public key with U, and it signs")
    func key() throws {
        let seed = try TestKey.seed(0...31)
        #expect(seed.hasPrefix("SU") && seed.count == 58)
        let key = try NKey(seed: seed)
        #expect(key.publicKey.hasPrefix("U") && key.publicKey.count == 56)
        let raw = try #require(Base32.decode(key.publicKey)?.dropFirst().dropLast(2))
        let publicKey = try Curve25519.Signing.PublicKey(rawRepresentation: Array(raw))
        let signature = try key.signature(of: "nonce")
        #expect(publicKey.isValidSignature(signature, for: Array("nonce".utf8)))
    }

    @Test("every wrong character of a seed is noticed")
    func damagedSeed() throws {
        let seed = Array(try TestKey.seed(100...131).utf8)
        for place in seed.indices {
            var damaged = seed
            damaged[place] = damaged[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : 65
            #expect(throws: CredentialsError.self) {
                _ = try NKey(seed: String(decoding: damaged, as: UTF8.self))
            }
        }
        #expect(throws: CredentialsError.self) {
            _ = try NKey(seed: TestKey.seed(0...31, prefix: 0))
        }
    }

    @Test("a credentials file, with either line end")
    func file() throws {
        let seed = try TestKey.seed(0...31)
        for end in ["\n", "\r\n"] {
            let content = [
                "-----BEGIN NATS USER JWT-----", "e30.e30.sig", "------END NATS USER JWT------", "",
                "************************* IMPORTANT *************************",
                "-----BEGIN USER NKEY SEED-----", seed, "------END USER NKEY SEED------", "",
            ].joined(separator: end)
            guard case .jwt(let jwt, let key) = try Credentials.file(content) else {
                Issue.record("no JWT")
                return
            }
            #expect(jwt == "e30.e30.sig")
            #expect(key.publicKey == (try NKey(seed: seed).publicKey))
        }
        for bad in ["", "-----BEGIN NATS USER JWT-----", seed] {
            #expect(throws: CredentialsError.self) { _ = try Credentials.file(bad) }
        }
    }
}
