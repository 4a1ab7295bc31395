import Actors
import Testing

@testable import App

/// What a rule needs besides what it fits.
private let ruleEnd = "error_code: a, fault: caller, suggested_fix: Do."

/// What each key of an entry refuses, by the key that its error has to name.
@Suite("What a catalogue may not say")
struct CatalogRulesTests {
    private func check(_ key: String, _ value: String, names name: String) throws {
        let yaml = CatalogUnderTest.yaml([(key, value)])
        let error = try #require(CatalogUnderTest.error(yaml: yaml), "\(key): \(value) is taken")
        #expect(error.entry == (key == "id" ? value : "acme"))
        #expect(error.reason.hasPrefix(name), "\(error)")
        #expect(error.line != nil)
    }

    @Test(
        "about the entry",
        arguments: [
            ("id", "Acme", "id has to be"), ("name", "\"\"", "name has to be"),
            ("about", "\"\"", "about has to be"), ("category", "toys", "category has to be one of"),
            ("base_url", "http://api.acme.example", "base_url has to be"),
            ("base_url", "https://api.acme.example/v1", "base_url has to be"),
            ("key_url", "acme.example", "key_url has to be"), ("env", "[]", "env has to be a list"),
            ("env", "[{name: key, kind: opaque, about: x}]", "env.name has to be"),
            ("env", "[{name: KEY, kind: secret, about: x}]", "env.kind has to be one of"),
            ("env", "[{name: KEY, kind: opaque}]", "env.about is missing"),
            ("env", "[{name: KEY, kind: opaque, about: x, more: y}]", "env.more is no key"),
            (
                "env", "[{name: KEY, kind: opaque, about: x, alternatives: KEY2}]",
                "env.alternatives has to be a list"
            ),
            (
                "env", "[{name: KEY, kind: opaque, about: x, alternatives: [KEY]}]",
                "env names a variable twice"
            ),
            ("colour", "red", "colour is no key; there are id,"),
            ("sdks", "[{language: cobol, package: a, lines: BASE}]", "sdks.language has to be one"),
            ("sdks", "[{language: python, package: a, lines: x}]", "sdks.lines has to be"),
        ])
    func entry(key: String, value: String, name: String) throws {
        try check(key, value, names: name)
    }

    @Test(
        "about credentials",
        arguments: [
            ("credentials_in", "[{header: X-Key}]", "credentials_in.header has to be"),
            ("credentials_in", "[{query: 'a b'}]", "credentials_in.query has to be"),
            ("credentials_in", "[{authorization: bearer}]", "credentials_in.authorization has to"),
            ("credentials_in", "[{header: a, query: b}]", "credentials_in has to have one key"),
            ("credentials_in", "[x-key]", "credentials_in has to be a mapping"),
            ("credentials_in", "x-key", "credentials_in has to be a list"),
            ("credentials_out", "[{bearer: OTHER}]", "credentials_out.bearer has to be a variable"),
            ("credentials_out", "[{header: x-key}]", "credentials_out has to be bearer, header"),
            (
                "credentials_out", "[{header: X-Key, variable: ACME_KEY}]",
                "credentials_out.header has to be"
            ),
            (
                "credentials_out", "[{query: k, variable: OTHER}]",
                "credentials_out.variable has to be a variable"
            ),
            (
                "credentials_out", "[{basic_user: ACME_KEY, basic_password: OTHER}]",
                "credentials_out.basic_password has to be a variable"
            ),
            (
                "credentials_out",
                "[{bearer: ACME_KEY}, {basic_user: ACME_KEY, basic_password: ACME_KEY}]",
                "credentials_out puts two credentials into one place"
            ),
            ("dropped_headers", "[X-Key]", "dropped_headers has to be a list of header names"),
            ("dropped_query", "['a&b']", "dropped_query has to be a list of names"),
            ("default_headers", "{}", "default_headers has to be a mapping"),
            ("default_headers", "{Acme: a}", "default_headers.Acme has to be"),
            ("default_headers", "{acme: \"a\\r\\nb: c\"}", "default_headers.acme has to be"),
            ("default_headers", "{authorization: a}", "default_headers has authorization"),
            ("account", "{after: a/b, variable: ACME_KEY}", "account.after has to be"),
            ("account", "{after: a, variable: OTHER}", "account.variable has to be a variable"),
        ])
    func credentials(key: String, value: String, name: String) throws {
        try check(key, value, names: name)
    }

    @Test(
        "about calls",
        arguments: [
            ("routes", "[]", "routes has to be a list"), ("routes", "[v1]", "routes has to be"),
            ("routes", "['/v1/{Model}']", "routes has to be a list of paths"),
            ("repeatable", "maybe", "repeatable has to be true or false"),
            ("probe", "{path: v1}", "probe.path has to be"),
            ("probe", "{path: '/v1/{account}'}", "probe.path has to be"),
            ("probe", "{path: /v1, accepted_statuses: [600]}", "probe.accepted_statuses has to be"),
            ("probe", "{path: /v1, method: POST}", "probe.method is no key"),
            ("probe", "{costly: true}", "probe.path is missing"), ("probe", "", "probe has to be"),
            ("limits", "{request_bytes_max: 0}", "limits.request_bytes_max has to be"),
            ("limits", "{connect_seconds: 3s}", "limits.connect_seconds has to be a whole"),
            ("limits", "{connect_minutes: 3}", "limits.connect_minutes is no key"),
        ])
    func calls(key: String, value: String, name: String) throws {
        try check(key, value, names: name)
    }

    @Test(
        "about answers",
        arguments: [
            ("answers", "{request_id_header: X-Id}", "answers.request_id_header has to be"),
            ("answers", "{request_id_path: 'a..b'}", "answers.request_id_path has to be"),
            ("answers", "{error_code_paths: ['a[0]']}", "answers.error_code_paths has to be"),
            ("answers", "{error_code_paths: a.b}", "answers.error_code_paths has to be a list"),
            ("answers", "{units: {Tokens: [a]}}", "answers.units.Tokens has to be"),
            ("answers", "{units: {tokens: a}}", "answers.units.tokens has to be a list"),
            ("answers", "{units: []}", "answers.units has to be a mapping"),
            ("answers", "{stream: {error_types: [a]}}", "answers.stream has to say how"),
            ("answers", "{stream: {done_data: ['12345678901234567']}}", "answers.stream.done_data"),
            ("answers", "{stream: {ends: [a]}}", "answers.stream.ends is no key"),
            ("answers", "{rate_limits: [{name: a}]}", "answers.rate_limits has to have one of"),
            ("answers", "{rate_limits: [{limit: a}]}", "answers.rate_limits.name is missing"),
            (
                "answers", "{rate_limits: [{name: a, limit: X-Limit}]}",
                "answers.rate_limits.limit has to be"
            ),
        ])
    func answers(key: String, value: String, name: String) throws {
        try check(key, value, names: name)
    }

    @Test(
        "about errors",
        arguments: [
            ("error_code: a, fault: caller, suggested_fix: Do.", "errors[1] has to have one of"),
            ("statuses: [99], \(ruleEnd)", "errors[1].statuses has to be"),
            ("statuses: 401, \(ruleEnd)", "errors[1].statuses has to be a list"),
            ("codes: [''], \(ruleEnd)", "errors[1].codes has to be"),
            ("codes: [a], \(ruleEnd)", "errors has codes, and answers.error_code_paths"),
            ("message_contains: No, \(ruleEnd)", "errors[1].message_contains has to be"),
            ("message_contains: no, \(ruleEnd)", "errors has texts, and answers.error_message"),
            (
                "statuses: [400], error_code: Bad, fault: caller, suggested_fix: Do.",
                "errors[1].error_code has to be"
            ),
            (
                "statuses: [400], error_code: a, fault: nobody, suggested_fix: Do.",
                "errors[1].fault has to be one of integration, provider, caller"
            ),
            ("statuses: [400], error_code: a, fault: caller", "errors[1].suggested_fix is missing"),
            (
                "statuses: [400], error_code: a, fault: caller, suggested_fix: "
                    + String(repeating: "x", count: 301), "errors[1].suggested_fix has to be"
            ),
            ("status: [400], \(ruleEnd)", "errors[1].status is no key"),
        ])
    func errors(members: String, name: String) throws {
        try check("errors", "[{\(members)}]", names: name)
    }

    @Test("no more paths than the scanner can follow")
    func paths() throws {
        // One is the type of streams.
        let most = JSONPathScanner.pathsMax - 1
        let list = (0..<most).map { "a\($0)" }
        func answers(_ paths: [String]) -> String {
            "{error_code_paths: [\(paths.joined(separator: ", "))]}"
        }
        #expect(try CatalogUnderTest.entry([("answers", answers(list))]).id.text == "acme")
        try check("answers", answers(list + ["b"]), names: "answers has 65 paths in all")
    }
}
