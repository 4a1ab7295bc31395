import HTTPTypes
import NIOCore
import Testing

@testable import App

@Suite("Entity tags")
struct EntityTagTests {
    private static let content = ByteBuffer(string: "{\"integrations\":[]")
    private static let tag = EntityTag.of(content)
    /// The same without its mark of weakness.
    private static let opaque = String(tag.dropFirst(2))

    @Test("a tag is weak, quoted, and the same for the same content only")
    func shape() {
        #expect(Self.tag.wholeMatch(of: /W\/"[0-9a-f]{32}"/) != nil)
        #expect(EntityTag.of(ByteBuffer(string: "{\"integrations\":[]")) == Self.tag)
        #expect(EntityTag.of(ByteBuffer(string: "{\"integrations\":[ ]")) != Self.tag)
        // SHA-256 of nothing begins like this (FIPS 180-4).
        #expect(EntityTag.of(ByteBuffer()) == "W/\"e3b0c44298fc1c149afbf4c8996fb924\"")
        // What has been read of a buffer is no part of it.
        var read = ByteBuffer(string: "x{\"integrations\":[]")
        read.moveReaderIndex(forwardBy: 1)
        #expect(EntityTag.of(read) == Self.tag)
    }

    @Test(
        "a tag is found anywhere in a list, weak or strong, and `*` is any",
        arguments: [
            tag, opaque, "*", " * ", "\"a\", \(tag)", "\(tag),\"b\"", "\"a\",\t\(opaque) ,W/\"b\"",
            ",, \(tag)", "W/\"a\" , \(tag) , W/\"b\"",
        ])
    func known(header: String) {
        #expect(EntityTag.isKnown(Self.tag, to: header))
    }

    @Test(
        "nothing else is the tag, and what is malformed is no reason for a 304",
        arguments: [
            nil, "", " ", ",", "\"\"", "W/\"\"", "W/", "\"", "\"a\"", "w/\(opaque)",
            "W/W/\(opaque)",
            String(opaque.dropFirst()), String(opaque.dropLast()),
            String(opaque.dropFirst().dropLast()), opaque.uppercased(), "W/ \(opaque)",
            "x\(opaque)", "\(opaque)x", "\(tag);q=1", "**", "\"*\"",
        ])
    func unknown(header: String?) {
        #expect(!EntityTag.isKnown(Self.tag, to: header))
    }
}

/// Through the front, as callers see it.
@Suite("Answers that have not changed")
struct NotModifiedTests {
    private static func endpoint(_ reply: Reply) -> Endpoint {
        Endpoint(
            .get, "/api/thing", "A thing", access: .anyone,
            response: .json(status: 200, .object([]))
        ) { call throws(APIError) in reply.unlessKnown(to: call) }
    }

    private static let object = endpoint(
        Reply(.ok, .openObject(ByteBuffer(string: "{\"thing\":1"))))
    private static let page = endpoint(
        Reply(
            .ok,
            .raw(ByteBuffer(string: "<!doctype html>"), contentType: "text/html; charset=utf-8")))

    @Test("the same content is told to be the same, though its trace id never is")
    func notModified() async throws {
        let under = try FrontUnderTest([Self.object])
        let first = try await under.answer(.get, "/api/thing")
        let tag = try #require(first.headers[.eTag])
        #expect(first.status == 200)
        #expect(try first.json["thing"] as? Int == 1)
        let second = try await under.answer(.get, "/api/thing", headers: [.ifNoneMatch: tag])
        #expect(second.status == 304 && second.body.isEmpty)
        #expect(second.headers[.eTag] == tag)
        #expect(second.headers[.init("x-trace-id")!] != first.headers[.init("x-trace-id")!])
        let other = try await under.answer(.get, "/api/thing", headers: [.ifNoneMatch: "\"a\""])
        #expect(other.status == 200 && other.headers[.eTag] == tag)
    }

    @Test("several fields are one list")
    func severalFields() async throws {
        let under = try FrontUnderTest([Self.object])
        let tag = try #require(try await under.answer(.get, "/api/thing").headers[.eTag])
        var headers: HTTPFields = [.ifNoneMatch: "\"a\""]
        headers.append(HTTPField(name: .ifNoneMatch, value: tag))
        #expect(try await under.answer(.get, "/api/thing", headers: headers).status == 304)
    }

    @Test("HEAD is answered like GET, without a body")
    func head() async throws {
        let under = try FrontUnderTest([Self.object])
        let head = try await under.answer(.head, "/api/thing")
        let tag = try #require(head.headers[.eTag])
        #expect(head.status == 200 && head.body.isEmpty)
        let again = try await under.answer(.head, "/api/thing", headers: [.ifNoneMatch: tag])
        #expect(again.status == 304)
    }

    // A browser takes the fields of a 304 for the ones that it has kept (RFC 9111 §3.2): a policy
    // that is not the page's would take its scripts away.
    @Test("a 304 has the fields of the answer that it stands for", arguments: [page, object])
    func fields(endpoint: Endpoint) async throws {
        let under = try FrontUnderTest([endpoint])
        let first = try await under.answer(.get, "/api/thing")
        let tag = try #require(first.headers[.eTag])
        let second = try await under.answer(.get, "/api/thing", headers: [.ifNoneMatch: tag])
        #expect(second.status == 304)
        // What a 304 has no use for, and what differs from answer to answer.
        let others = ["content-type", "content-length", "x-trace-id", "traceparent"]
        func kept(_ fields: HTTPFields) -> [String] {
            fields.filter { !others.contains($0.name.canonicalName) }
                .map { "\($0.name.canonicalName): \($0.value)" }.sorted()
        }
        #expect(kept(second.headers) == kept(first.headers))
        #expect(second.headers[.contentLength] == nil && second.headers[.contentType] == nil)
    }

    @Test("what is encoded later has no tag, and a failure has none either")
    func withoutTag() async throws {
        struct Thing: Encodable, Sendable { let thing = 1 }
        let under = try FrontUnderTest([Self.endpoint(.object(Thing()))])
        let answer = try await under.answer(.get, "/api/thing", headers: [.ifNoneMatch: "*"])
        #expect(answer.status == 200 && answer.headers[.eTag] == nil)
        let missing = try await under.answer(.get, "/api/no", headers: [.ifNoneMatch: "*"])
        #expect(missing.status == 404 && missing.headers[.eTag] == nil)
    }
}
