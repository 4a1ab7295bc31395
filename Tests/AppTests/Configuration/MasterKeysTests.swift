import Actors
import Testing

@testable import App

@Suite("The installation's keys")
struct MasterKeysTests {
    private static let first = MasterKey.generate(random: SystemRandomSource())
    private static let second = MasterKey.generate(random: SystemRandomSource())

    @Test("older keys keep their order after the current one")
    func order() throws {
        let third = MasterKey.generate(random: SystemRandomSource())
        let keys = try MasterKeys.load(environment: [
            MasterKeys.variable: Self.first,
            MasterKeys.previousVariable: "\(Self.second),\(third)",
        ])
        #expect(keys.current.id == (try MasterKey(text: Self.first)).id)
        let older = try [Self.second, third].map { try MasterKey(text: $0).id }
        #expect(keys.previous.map(\.id) == older)
    }

    @Test("without older keys there are none", arguments: [nil, ""])
    func noOlderKeys(text: String?) throws {
        var environment = [MasterKeys.variable: Self.first]
        environment[MasterKeys.previousVariable] = text
        #expect(try MasterKeys.load(environment: environment).previous.isEmpty)
    }

    @Test("a missing key is refused with the way to get one", arguments: [nil, ""])
    func missing(text: String?) throws {
        var environment = [MasterKeys.previousVariable: Self.second]
        environment[MasterKeys.variable] = text
        let error = #expect(throws: SettingsError.self) {
            try MasterKeys.load(environment: environment)
        }
        let problem = try #require(error?.problems.first)
        #expect(problem.name == MasterKeys.variable && problem.fix.contains("countersign keygen"))
    }

    @Test(
        "a malformed key is refused by the name of its variable, and its text is in no message",
        arguments: [
            String(first.dropLast(2)), first + first, "\(first) ",
            String(repeating: "0", count: 64),
            "hunter2hunter2",
        ])
    func malformed(text: String) throws {
        let environments = [
            (MasterKeys.variable, [MasterKeys.variable: text]),
            (
                MasterKeys.previousVariable,
                [
                    MasterKeys.variable: Self.first,
                    MasterKeys.previousVariable: "\(Self.second),\(text)",
                ]
            ),
        ]
        for (variable, environment) in environments {
            let error = #expect(throws: SettingsError.self) {
                try MasterKeys.load(environment: environment)
            }
            let refusal = try #require(error)
            #expect(refusal.problems.map(\.name) == [variable])
            for secret in [text, Self.first, Self.second] {
                #expect(!refusal.description.contains(secret))
            }
        }
    }

    @Test("keys show nothing of themselves when printed")
    func printing() throws {
        let keys = try MasterKeys.load(environment: [
            MasterKeys.variable: Self.first, MasterKeys.previousVariable: Self.second,
        ])
        var dumped = ""
        dump(keys, to: &dumped)
        for text in ["\(keys)", String(reflecting: keys), dumped] {
            #expect(!text.contains(Self.first) && !text.contains(Self.second))
        }
    }

    @Test("a key where settings are expected is unknown there, and not repeated")
    func misplaced() throws {
        let problems = try ConfigurationUnderTest.problems(
            yaml: "app_enc_key: \(Self.first)\n",
            environment: ["COUNTERSIGN_APP_ENC_KEY": Self.second])
        #expect(Set(problems.map(\.name)) == ["app_enc_key", "COUNTERSIGN_APP_ENC_KEY"])
        let text = SettingsError(problems).description
        #expect(!text.contains(Self.first) && !text.contains(Self.second))
    }
}
