import App
import Foundation
import HTTPTypes
import TestSupport
import Testing

@Suite("The catalogue of errors")
struct ErrorCatalogTests {
    @Test(
        "every code is answered with its own status, and says what to do",
        arguments: ErrorCode.allCases)
    func everyCode(_ code: ErrorCode) async throws {
        let under = try FrontUnderTest([
            Endpoint(
                .get, "/api/fail", "Fails", access: .anyone,
                response: .json(status: 200, .object([]))
            ) { _ throws(APIError) in throw APIError(code, detail: "kept out of the answer") }
        ])
        let answer = try await under.answer(.get, "/api/fail")
        let body = try answer.json
        #expect(answer.status == code.definition.status)
        #expect((400...599).contains(answer.status))
        #expect(body["error_code"] as? String == code.rawValue)
        #expect(body["message"] as? String == code.definition.message)
        #expect(body["suggested_fix"] as? String == code.definition.suggestedFix)
        #expect(body["trace_id"] as? String == answer.headers[.init("x-trace-id")!])
        #expect(answer.headers[.cacheControl] == "no-store")
        #expect(!String(decoding: answer.body, as: UTF8.self).contains("kept out"))
    }

    @Test(
        "names are lower case with underscores, texts are sentences", arguments: ErrorCode.allCases)
    func wording(_ code: ErrorCode) {
        #expect(code.rawValue.wholeMatch(of: /[a-z0-9]+(_[a-z0-9]+)*/) != nil)
        for text in [code.definition.message, code.definition.suggestedFix] {
            #expect(text.last == "." && text.first?.isLowercase == false, "\(code): \(text)")
        }
    }

    @Test("a time to wait is in the body and in Retry-After, in whole seconds")
    func retryAfter() async throws {
        let under = try FrontUnderTest([
            Endpoint(
                .get, "/api/wait", "Waits", access: .anyone,
                response: .json(status: 200, .object([]))
            ) { _ throws(APIError) in throw APIError(.overloaded, retryAfterSeconds: 7) }
        ])
        let answer = try await under.answer(.get, "/api/wait")
        #expect(answer.headers[.retryAfter] == "7")
        #expect(try answer.json["retry_after_seconds"] as? Int == 7)
    }

    @Test("docs/errors.md is what the catalogue says")
    func document() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(
                path: "docs/errors.md")
        if ProcessInfo.processInfo.environment["COUNTERSIGN_RECORD_GOLDEN"] != nil {
            try Data(ErrorDocument.markdown.utf8).write(to: path)
        }
        #expect(try String(contentsOf: path, encoding: .utf8) == ErrorDocument.markdown)
    }
}
