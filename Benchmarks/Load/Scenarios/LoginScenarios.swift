import Foundation
import LoadCore
import NIOCore

/// Sign-ins with a password: nearly all of their cost is the password's hash.
struct LoginScenario: Scenario {
    let name = "logins"
    let text: RequestText
    let accounts: [Account]

    func script(worker: Int, of workers: Int) -> any Script {
        RepeatedScript(
            accounts.map { $0.login(text) },
            Expectation(BodyInterest(marker: Marker("\"user\":{"))))
    }
}

/// Sign-ins with a password and then a second factor.
struct SecondFactorScenario: Scenario {
    let name = "logins-2fa"
    let parts = ["login", "verify"]
    let text: RequestText
    let accounts: [Account]

    func script(worker: Int, of workers: Int) -> any Script {
        let own = accounts.enumerated().filter { $0.offset % workers == worker }.map(\.element)
        return SecondFactorScript(text: text, accounts: own)
    }
}

/// Each worker has accounts of its own, since a code counts once and only upwards.
private final class SecondFactorScript: Script {
    private let text: RequestText
    private let accounts: [Account]
    private let logins: [ByteBuffer]
    private var next = 0
    private var codes: [SecondFactorCodes.Code?]

    private let loginExpectation = Expectation(
        BodyInterest(marker: Marker("\"temp_token\":"), keepsBody: true), part: .whole(0))
    private let verifyExpectation = Expectation(
        BodyInterest(marker: Marker("\"user\":{")), part: .whole(1))

    init(text: RequestText, accounts: [Account]) {
        self.text = text
        self.accounts = accounts
        logins = accounts.map { $0.login(text) }
        codes = accounts.map { _ in nil }
    }

    func begin(_ visit: inout Visit) -> Exchange? {
        let second = UInt64(Date().timeIntervalSince1970)
        for _ in accounts.indices {
            let account = next
            next = (next + 1) % accounts.count
            // One sign-in of an account at a time: its codes must arrive in order.
            guard codes[account] == nil, let code = accounts[account].codes?.take(atSecond: second)
            else {
                continue
            }
            codes[account] = code
            visit.account = account
            return Exchange(request: logins[account], expectation: loginExpectation)
        }
        return nil
    }

    func abandon(_ visit: Visit) { codes[visit.account] = nil }

    func proceed(_ visit: inout Visit, body: [UInt8]) -> Proceeding {
        visit.step += 1
        let code = codes[visit.account]
        guard visit.step == 1 else {
            codes[visit.account] = nil
            return .done
        }
        guard let token = JSONText.string("temp_token", in: body), let code else {
            return .failed(.mismatch)
        }
        let proof =
            switch code {
            case .totp(let digits): "\"code\":\"\(digits)\""
            case .backup(let text): "\"backup_code\":\"\(text)\""
            }
        return .exchange(
            Exchange(
                request: text.post(
                    "/api/auth/2fa/verify", bearer: nil,
                    body: "{\"temp_token\":\"\(token)\",\(proof)}"),
                expectation: verifyExpectation))
    }
}

/// Finds one string in an answer whose form is known, without reading all of it.
enum JSONText {
    static func string(_ name: String, in body: [UInt8]) -> String? {
        let text = String(decoding: body, as: UTF8.self)
        guard let start = text.range(of: "\"\(name)\":\"")?.upperBound,
            let end = text[start...].firstIndex(of: "\"")
        else { return nil }
        return String(text[start..<end])
    }
}
