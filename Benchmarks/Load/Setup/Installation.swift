import Foundation
import LoadCore

/// Makes the accounts and tokens that the scenarios need, on the server that is to be measured.
struct Installation: Sendable {
    let client: SetupClient
    let progress: Progress
    /// In the names of accounts, so that each run has its own.
    let run = String(UInt32.random(in: 0 ... .max), radix: 36)
    private let password = (0..<4).map { _ in String(UInt32.random(in: 0 ... .max), radix: 36) }
        .joined(separator: "-")

    /// How often a call that was told to wait is made again.
    private static let attemptsMax = 10
    /// A server that wants longer pauses has limits that were not made for a load.
    private static let pauseSecondsMax = 65
    /// Password hashes take turns on the server's cores; more at once would only wait there.
    private static let atOnce = 4

    // MARK: Tokens

    /// A session that may mint tokens: the given one, or that of the first account of all.
    func admin(_ given: String?) async throws -> String {
        if let given { return given }
        let answer = try await register("admin", source: 0)
        let body = String(decoding: answer.body, as: UTF8.self)
        guard let session = answer.session, body.contains("\"role\":\"admin\"") else {
            throw LoadError.setup(
                "the server has an admin already: give its session with --admin-token, "
                    + "or a service token with --token")
        }
        return session
    }

    func token(scopes: [String], admin: String) async throws -> String {
        let list = scopes.map { "\"\($0)\"" }.joined(separator: ",")
        let answer = try await client.call(
            "/api/tokens", bearer: admin, "{\"name\":\"load-\(run)\",\"scopes\":[\(list)]}")
        guard answer.status == 201, let token = JSONText.string("token", in: answer.body) else {
            throw refused("minting a token", answer)
        }
        return token
    }

    // MARK: Accounts

    func accounts(_ count: Int, withSecondFactor: Bool) async throws -> [Account] {
        progress.say("making \(count) accounts")
        // Several scenarios of one run have accounts of their own.
        let kind = String(UInt32.random(in: 0 ... .max), radix: 36)
        return try await withThrowingTaskGroup(of: (Int, Account).self) { group in
            var accounts: [Int: Account] = [:]
            for number in 0..<count {
                if number >= Self.atOnce, let (index, account) = try await group.next() {
                    accounts[index] = account
                }
                group.addTask { [self] in
                    let name = "\(kind)-\(number)"
                    return (
                        number,
                        try await account(
                            name, source: number, withSecondFactor: withSecondFactor)
                    )
                }
            }
            for try await (index, account) in group { accounts[index] = account }
            return accounts.keys.sorted().compactMap { accounts[$0] }
        }
    }

    private func account(
        _ name: String, source: Int, withSecondFactor: Bool
    ) async throws -> Account {
        let answer = try await register(name, source: source)
        guard let session = answer.session else { throw refused("registering", answer) }
        var account = Account(
            email: email(name), password: password, session: session, codes: nil)
        if withSecondFactor {
            account.codes = CodeBook(try await enrol(session, source: source))
        }
        return account
    }

    private func email(_ name: String) -> String { "load-\(run)-\(name)@example.com" }

    private func register(_ name: String, source: Int) async throws -> SetupClient.Answer {
        let body = "{\"email\":\"\(email(name))\",\"password\":\"\(password)\"}"
        for attempt in 0..<Self.attemptsMax {
            let answer = try await client.call(
                "/api/auth/register", body, source: source + attempt)
            if answer.status == 201 { return answer }
            guard answer.status == 429 || answer.status == 503 else {
                throw refused("registering", answer)
            }
            let pause = min(Self.pauseSecondsMax, answer.retryAfterSeconds ?? 1)
            progress.say("the server limits registrations: waiting \(pause) s")
            try await Task.sleep(for: .seconds(pause))
        }
        throw LoadError.setup("the server kept refusing registrations: try more --sources")
    }

    /// Turns the second factor on. The confirming code is that of the step before the present one,
    /// which servers accept for clocks that go slow: so the present one is left for the load.
    private func enrol(_ session: String, source: Int) async throws -> SecondFactorCodes {
        let setup = try await client.call(
            "/api/auth/2fa/setup", bearer: session, "{}", source: source)
        guard setup.status == 200, let secret = JSONText.string("secret", in: setup.body),
            let generator = OneTimeCode(base32: secret)
        else { throw refused("setting up a second factor", setup) }
        let step = UInt64(Date().timeIntervalSince1970) / OneTimeCode.stepSeconds - 1
        let confirm = try await client.call(
            "/api/auth/2fa/confirm", bearer: session,
            "{\"code\":\"\(generator.code(step: step))\"}",
            source: source)
        guard confirm.status == 200,
            let backup = try? JSONDecoder().decode(Confirmed.self, from: Data(confirm.body))
        else { throw refused("confirming a second factor", confirm) }
        return SecondFactorCodes(
            generator: generator, lastStep: step, backupCodes: backup.backupCodes)
    }

    private struct Confirmed: Decodable {
        let backupCodes: [String]

        private enum CodingKeys: String, CodingKey {
            case backupCodes = "backup_codes"
        }
    }

    private func refused(_ what: String, _ answer: SetupClient.Answer) -> LoadError {
        let message = JSONText.string("message", in: answer.body) ?? "no message"
        return .setup("\(what) was answered \(answer.status): \(message)")
    }
}
