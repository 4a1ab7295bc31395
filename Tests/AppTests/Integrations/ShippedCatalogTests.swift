import Actors
import Testing

@testable import App

@Suite("The catalogue that is shipped")
struct ShippedCatalogTests {
    @Test("it has the nine integrations of the contract, in their order")
    func ids() throws {
        #expect(try CatalogUnderTest.shipped().entries.map(\.id.text) == CatalogUnderTest.ids)
    }

    @Test(
        "each entry can be called, probed, looked after and documented",
        arguments: CatalogUnderTest.ids)
    func complete(id: String) throws {
        let entry = try CatalogUnderTest.shipped(id)
        let scheme = entry.calls
        let variables = entry.variables.map(\.name)
        let used = scheme.credentials.flatMap(\.variables)
        #expect(!used.isEmpty && used.allSatisfy(variables.contains))
        #expect(scheme.probe != nil && !scheme.answers.errors.isEmpty)
        #expect(scheme.answers.errors.contains { $0.errorCode == "auth_failed" })
        #expect(Set(scheme.routes.map(\.text)).count == scheme.routes.count)
        #expect(!entry.sdks.filter { $0.language == .python }.isEmpty)
        #expect(!entry.sdks.filter { $0.language == .javascript }.isEmpty)
        #expect(entry.about.hasSuffix("."))
    }

    @Test("only what is harmful twice is not repeatable, and only NewsAPI's probe is costly")
    func flags() throws {
        let entries = try CatalogUnderTest.shipped().entries
        #expect(entries.filter { !$0.calls.isRepeatable }.map(\.id.text) == ["twilio", "alpaca"])
        #expect(entries.filter { $0.calls.probe?.isCostly == true }.map(\.id.text) == ["newsapi"])
    }

    @Test("a caller's token is found in every place of a provider's clients")
    func slots() throws {
        func slots(_ id: String) throws -> [CredentialSlot] {
            try CatalogUnderTest.shipped(id).calls.slots
        }
        #expect(try slots("twilio") == [.basicPassword])
        #expect(try slots("alpaca") == [.header("apca-api-secret-key"), .basicPassword])
        #expect(try slots("alpaca-data") == slots("alpaca"))
        #expect(try slots("polygon") == [.query("apiKey")])
        #expect(try slots("finnhub") == [.header("x-finnhub-token"), .query("token")])
        #expect(try slots("openai") == [])
        #expect(try slots("anthropic") == [.header("x-api-key")])
        #expect(
            try slots("newsapi") == [.header("x-api-key"), .bareAuthorization, .query("apiKey")])
        #expect(try slots("fred") == [.query("api_key")])
    }

    @Test(
        "advice is a whole sentence, with its end and without a line break",
        arguments: CatalogUnderTest.ids)
    func advice(id: String) throws {
        let entry = try CatalogUnderTest.shipped(id)
        for rule in entry.calls.answers.errors + DefaultErrorRules.rules(for: entry) {
            let fix = rule.suggestedFix
            #expect(fix.hasSuffix(".") && fix.first?.isLowercase == false, "\(fix)")
            #expect(!fix.contains("  ") && !fix.contains("\n") && fix.count <= 300, "\(fix)")
        }
    }

    @Test("the comment at the top of the file tells of every key, and of no other")
    func header() {
        let comment = Assets.integrationsYAML.split(separator: "\n").prefix { $0.hasPrefix("#") }
        // A key stands alone at the start of a line, and its meaning after at least two blanks.
        let documented = comment.compactMap { line in
            line.wholeMatch(of: /# *(?<key>[a-z_]+)(\*|:|\*:)?( {2,}\S.*)?/)
                .map { String($0.output.key) }
        }
        let missing = CatalogKey.all.subtracting(documented)
        #expect(missing.isEmpty, "the comment says nothing of \(missing.sorted())")
        #expect(Set(documented).subtracting(CatalogKey.all).isEmpty)
    }

    @Test(
        "units are found where each provider puts them",
        arguments: [
            (
                "openai",
                #"{"usage":{"prompt_tokens":11,"completion_tokens":7,"prompt_tokens_details":"#
                    + #"{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}}"#,
                "input_tokens=11 output_tokens=7 cached_tokens=4 reasoning_tokens=2"
            ),
            (
                "openai",
                #"{"usage":{"input_tokens":11,"input_tokens_details":{"cached_tokens":4},"#
                    + #""output_tokens":7,"output_tokens_details":{"reasoning_tokens":2}}}"#,
                "input_tokens=11 output_tokens=7 cached_tokens=4 reasoning_tokens=2"
            ),
            ("openai", #"{"object":"response.input_tokens","input_tokens":11}"#, ""),
            ("openai", #"{"usage":{"prompt_tokens":5,"total_tokens":5}}"#, "input_tokens=5"),
            (
                "anthropic",
                #"{"usage":{"input_tokens":13,"output_tokens":9,"cache_read_input_tokens":3,"#
                    + #""cache_creation_input_tokens":2}}"#,
                "input_tokens=13 output_tokens=9 cached_tokens=3 cache_creation_tokens=2"
            ),
            ("anthropic", #"{"input_tokens":13}"#, ""),
        ])
    func units(id: String, body: String, expected: String) throws {
        let findings = try inspect(id, body, .init(isJSON: true))
        #expect(shown(findings) == expected)
    }

    @Test("units of a stream are those of its last word")
    func streams() throws {
        let responses = try inspect(
            "openai",
            """
            event: response.created
            data: {"type":"response.created","response":{"usage":null}}

            event: response.completed
            data: {"type":"response.completed","response":{"usage":{"input_tokens":11,\
            "output_tokens":7}}}


            """, .init(isEventStream: true))
        #expect(shown(responses) == "input_tokens=11 output_tokens=7")
        #expect(responses.isStreamDone == true && !responses.hasStreamFailed)

        let messages = try inspect(
            "anthropic",
            """
            event: message_start
            data: {"type":"message_start","message":{"usage":{"input_tokens":13,"output_tokens":1}}}

            event: message_delta
            data: {"type":"message_delta","usage":{"output_tokens":9}}

            event: message_stop
            data: {"type":"message_stop"}


            """, .init(isEventStream: true))
        #expect(shown(messages) == "input_tokens=13 output_tokens=9")
        #expect(messages.isStreamDone == true && !messages.hasStreamFailed)

        let failed = try inspect(
            "anthropic",
            """
            event: error
            data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}


            """, .init(isEventStream: true))
        #expect(failed.hasStreamFailed && failed.errorCode == "overloaded_error")
    }

    private func inspect(
        _ id: String, _ body: String, _ kind: AnswerInspector.Kind
    ) throws -> InspectionFindings {
        let plan = InspectionPlan(try CatalogUnderTest.shipped(id).calls.answers)
        var inspector = try #require(AnswerInspector(plan, kind, isFailure: false))
        let bytes = Array(body.utf8)
        inspector.feed(bytes.span, in: 0..<bytes.count)
        return inspector.findings
    }

    private func shown(_ findings: InspectionFindings) -> String {
        findings.units.map { "\($0.name)=\($0.amount)" }.joined(separator: " ")
    }
}
