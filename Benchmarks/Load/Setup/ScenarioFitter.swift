import Foundation
import LoadCore

/// Makes scenarios out of their names: with accounts and tokens, minted once for all of them.
struct ScenarioFitter {
    let text: RequestText
    let target: Target
    let options: TargetOptions
    let settings: ScenarioOptions
    let ownsUpstream: Bool
    let installation: Installation

    /// As many as spread over the server's shards.
    private static let accounts = 8
    /// Each has a code for now, one for the next step, and ten backup codes.
    private static let secondFactorAccounts = 64

    func scenarios(_ names: [ScenarioName]) async throws -> [any Scenario] {
        let token = try await token(for: names)
        var scenarios: [any Scenario] = []
        for name in names { scenarios.append(try await scenario(name, token: token)) }
        return scenarios
    }

    private func scenario(_ name: ScenarioName, token: String) async throws -> any Scenario {
        switch name {
        case .session:
            if let token = options.token { return SessionScenario(text: text, bearers: [token]) }
            let accounts = try await accounts(standard: Self.accounts, false)
            return SessionScenario(text: text, bearers: accounts.map(\.session))
        case .logins:
            return LoginScenario(
                text: text, accounts: try await accounts(standard: Self.accounts, false))
        case .loginsSecondFactor:
            return SecondFactorScenario(
                text: text, accounts: try await accounts(standard: Self.secondFactorAccounts, true))
        case .events:
            return UsageScenario(
                name: name.rawValue, text: text, token: token, eventsPerRequest: 1, isLines: false,
                run: installation.run)
        case .ingest:
            return UsageScenario(
                name: name.rawValue, text: text, token: token, eventsPerRequest: settings.batch,
                isLines: settings.ndjson, run: installation.run + "-batch")
        case .gateway:
            return GatewayScenario(
                text: text, token: token, call: call(CallPath.models),
                marker: settings.expectBody ?? (ownsUpstream ? Upstream.marker : nil))
        case .streams:
            return StreamScenario(text: text, token: token, call: call(CallPath.completions))
        case .url: return try url()
        case .mixed: preconditionFailure("a mix is made of the others")
        }
    }

    private func accounts(standard: Int, _ withSecondFactor: Bool) async throws -> [Account] {
        try await installation.accounts(
            settings.accounts ?? standard, withSecondFactor: withSecondFactor)
    }

    private func call(_ standard: String) -> CallPath {
        // The options were checked, and the standard ones are of the right form.
        CallPath(settings.call ?? standard) ?? CallPath(integration: "openai", rest: standard)
    }

    /// One token with all scopes that are needed; empty when none is.
    private func token(for names: [ScenarioName]) async throws -> String {
        if let token = options.token { return token }
        var scopes: Set<String> = []
        for name in names {
            switch name {
            case .events, .ingest: scopes.insert("usage:write")
            case .gateway: scopes.insert(call(CallPath.models).scope)
            case .streams: scopes.insert(call(CallPath.completions).scope)
            case .session, .logins, .loginsSecondFactor, .url, .mixed: break
            }
        }
        guard !scopes.isEmpty else { return "" }
        let admin = try await installation.admin(options.adminToken)
        return try await installation.token(scopes: scopes.sorted(), admin: admin)
    }

    private func url() throws -> URLScenario {
        var body = settings.body ?? ""
        if body.hasPrefix("@") {
            guard let file = try? String(contentsOfFile: String(body.dropFirst()), encoding: .utf8)
            else { throw LoadError.setup("\(body.dropFirst()) can't be read as text") }
            body = file
        }
        let headers = settings.header.map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces))
        }
        return URLScenario(
            request: text.make(settings.method, target.path, headers: headers, body: body),
            status: settings.expectStatus, marker: settings.expectBody,
            closes: headers.contains { $0.0.lowercased() == "connection" && $0.1 == "close" })
    }
}
