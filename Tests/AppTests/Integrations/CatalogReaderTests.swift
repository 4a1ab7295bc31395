import Actors
import Testing

@testable import App

@Suite("Reading a catalogue of integrations")
struct CatalogReaderTests {
    @Test("the smallest entry is enough, and has the defaults")
    func smallest() throws {
        let entry = try CatalogUnderTest.entry([])
        var expected = CallScheme()
        expected.credentials = [
            .header(name: "authorization", prefix: "Bearer ", variable: "ACME_KEY")
        ]
        expected.routes = try [#require(RouteTemplate("/v1/anvils"))]
        #expect(entry.calls == expected)
        #expect(entry.calls.isRepeatable && entry.calls.limits == CallLimits())
    }

    @Test("every key arrives where it belongs")
    func everyKey() throws {
        let entry = try CatalogUnderTest.entry([
            ("credentials_in", "[{header: x-key}, {query: k}, {authorization: bare}]"),
            ("credentials_out", "[{header: x-key, variable: ACME_KEY}]"),
            ("dropped_headers", "[x-other]"), ("dropped_query", "[other]"),
            ("default_headers", "{acme-version: 2023-06-01}"),
            ("account", "{after: accounts, variable: ACME_KEY}"), ("repeatable", "false"),
            ("probe", "{path: '/a/{account}?b=c', accepted_statuses: [403], costly: true}"),
            ("limits", "{request_bytes_max: 1, idle_seconds: 2}"),
            (
                "answers",
                "{request_id_header: x-id, request_id_path: id, error_code_paths: [e.c], "
                    + "error_message_paths: [e.m], units: {anvils: [u.a, u.b]}, "
                    + "stream: {done_data: [END], error_types: [bad]}, "
                    + "rate_limits: [{name: requests, remaining: x-left}]}"
            ),
            (
                "errors",
                "[{statuses: [200], codes: [7], message_contains: no, error_code: a2p_no, "
                    + "fault: caller, suggested_fix: Ask again.}]"
            ),
            ("sdks", "[{language: python, package: acme, lines: 'Acme(\"BASE\")'}]"),
        ])
        let calls = entry.calls
        #expect(calls.slots == [.header("x-key"), .query("k"), .bareAuthorization])
        #expect(calls.credentials == [.header(name: "x-key", prefix: "", variable: "ACME_KEY")])
        #expect(calls.droppedHeaders == ["x-other"] && calls.droppedQuery == ["other"])
        #expect(calls.defaultHeaders.map(\.name) == ["acme-version"])
        #expect(calls.defaultHeaders.map(\.value) == ["2023-06-01"])
        #expect(calls.accountSegment == AccountSegment(after: "accounts", variable: "ACME_KEY"))
        #expect(!calls.isRepeatable)
        #expect(
            calls.probe
                == ProbeScheme(path: "/a/{account}?b=c", acceptedStatuses: [403], isCostly: true))
        #expect(calls.limits.requestBytesMax == 1 && calls.limits.idleSeconds == 2)
        #expect(calls.limits.connectSeconds == CallLimits().connectSeconds)
        #expect(calls.answers.requestIDHeader == "x-id")
        #expect(calls.answers.requestIDPath?.parts == ["id"])
        #expect(calls.answers.errorCodePaths.map(\.parts) == [["e", "c"]])
        #expect(calls.answers.errorMessagePaths.map(\.parts) == [["e", "m"]])
        #expect(calls.answers.units.map(\.name) == ["anvils"])
        #expect(calls.answers.units.map { $0.paths.map(\.parts) } == [[["u", "a"], ["u", "b"]]])
        #expect(
            calls.answers.stream
                == StreamScheme(doneData: ["END"], doneTypes: [], errorTypes: ["bad"]))
        #expect(
            calls.answers.rateLimits == [
                RateLimitHeaders(name: "requests", limit: nil, remaining: "x-left", reset: nil)
            ])
        #expect(
            calls.answers.errors == [
                ErrorRule(
                    statuses: [200], codes: ["7"], messageContains: "no", errorCode: "a2p_no",
                    fault: .caller, suggestedFix: "Ask again.")
            ])
        #expect(
            entry.sdks == [SDKGuide(language: .python, package: "acme", lines: ["Acme(\"BASE\")"])])
    }

    @Test("what is missing is named with the entry", arguments: CatalogUnderTest.smallest.map(\.0))
    func missing(key: String) throws {
        let error = try #require(
            CatalogUnderTest.error(yaml: CatalogUnderTest.yaml([(key, nil)])))
        #expect(error.reason.contains("\(key) is missing"))
        #expect(error.entry == (key == "id" ? nil : "acme"))
        #expect(error.file == "c.yaml" && error.line != nil)
    }

    @Test("an error names line, entry and key, and says what is allowed")
    func wording() throws {
        let yaml = CatalogUnderTest.yaml([("limits", "{idle_seconds: 0}")])
        let error = try #require(CatalogUnderTest.error(yaml: yaml))
        #expect(
            error.description
                == "c.yaml:13: entry acme: limits.idle_seconds has to be a whole number from 1 to "
                + "3600")
    }

    @Test("two entries of one id, an unknown version and no entries are refused")
    func topLevel() throws {
        let entry = CatalogUnderTest.yaml()
        let twice = entry + entry.split(separator: "\n").dropFirst(2).joined(separator: "\n")
        #expect(try #require(CatalogUnderTest.error(yaml: twice)).reason == "id is there twice")
        for (yaml, key) in [
            (entry.replacing("version: 1", with: "version: 2"), "version"),
            (entry.replacing("version: 1", with: "vers: 1"), "vers"), ("version: 1\n", "integrati"),
            ("version: 1\nintegrations: []\n", "integrations"), ("", "empty"), ("[1]", "mapping"),
            ("a: [", "YAML"),
        ] {
            let error = try #require(CatalogUnderTest.error(yaml: yaml), "\(yaml)")
            #expect(error.reason.contains(key), "\(error)")
        }
    }
}
