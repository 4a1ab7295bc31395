import Actors
import Logging

/// The table of all settings, in the order of `config/countersign.yaml`.
enum SettingKeys {
    static let all: [SettingKey] =
        [network, storage, cluster, accounts, rateLimits, calls, usage].flatMap { $0 }

    private static let usage: [SettingKey] = [
        .integer(
            "usage.ring_events", \.usageRingEvents, 1000...10_000_000,
            "Events of each integration that can be listed; counts are exact beyond them."),
        .integer(
            "usage.dedup_keys_max", \.usageDedupKeysMax, 1000...100_000_000,
            "Keys of reported events that are remembered, for 24 hours at the most."),
        .integer(
            "alerts.test_per_user_day", \.smsLimits.testsPerUserDay, 1...100_000,
            "Test messages that a user may send within 24 hours."),
        .integer(
            "alerts.test_per_installation_day", \.smsLimits.testsPerInstallationDay,
            1...100_000, "Test messages of all users together within 24 hours."),
        .integer(
            "alerts.per_number_hour", \.smsLimits.perNumberHour, 1...100_000,
            "Messages that may go to one number within an hour."),
    ]

    private static let network: [SettingKey] = [
        .text(
            "host", \.host, flag: "--host", "The address to listen on.",
            allowed: "a host name or address without blanks",
            isAllowed: { !$0.contains(where: \.isWhitespace) }),
        .integer(
            "port", \.port, 0...65_535, flag: "--port", "The port; 0 picks a free one."),
        .text(
            "public_url", \.publicURL, "Where the outside reaches the server.",
            allowed: "a URL such as https://id.example.com, without a path",
            isAllowed: URLText.isOrigin),
        .list(
            "trusted_proxies", \.trustedProxies,
            "Proxies whose X-Forwarded-For is believed.",
            allowed: "addresses or ranges such as 10.0.0.0/8, separated by commas",
            parse: { AddressRange(cidr: $0) == nil ? nil : $0 }, print: { $0 }),
        .flag(
            "behind_tls_proxy", \.behindTLSProxy,
            "A trusted proxy in front ends TLS, so a public address may be served without it."),
        .text(
            "tls.certificate", \.tlsCertificate, flag: "--tls-cert",
            "PEM file with the certificate and what leads to its root; read again on SIGHUP."),
        .text(
            "tls.key", \.tlsKey, flag: "--tls-key", "PEM file with the certificate's private key."),
        .integer(
            "http.header_bytes_max", \.headerBytesMax, 1024...1 << 20,
            "Bytes of all headers of a request together."),
        .integer(
            "http.json_body_bytes_max", \.jsonBodyBytesMax, 1024...64 << 20,
            "Bytes of a JSON body; ingest has a limit of its own."),
        .integer(
            "http.connections_max", \.connectionsMax, 1...1_000_000,
            "Connections that are served at a time; what comes beyond is answered 503."),
        .integer(
            "http.bodies_bytes_max", \.bodiesBytesMax, 1 << 20...1 << 40,
            "Memory for the bodies of all requests together; what comes beyond is answered 503."),
        .integer(
            "http.shutdown_seconds", \.shutdownSeconds, 0...3600,
            "How long a stop waits for what is under way."),
        .text(
            "integrations", \.integrationsFile, flag: "--integrations",
            "A catalogue of integrations instead of the built-in one."),
        .flag(
            "allow_private_upstreams", \.allowPrivateUpstreams, flag: "--allow-private-upstreams",
            "Providers may be on loopback or private addresses; for tests."),
    ]

    private static let storage: [SettingKey] = [
        .text(
            "data_dir", \.dataDirectory, flag: "--data-dir",
            "The data directory; made when it is not there."),
        .integer(
            "log.segment_bytes", \.logSegmentBytes, 1 << 20...1 << 30,
            "Size of one file of the log."),
        .integer(
            "log.seal_milliseconds", \.logSealMilliseconds, 1...1000,
            "After so much idleness the last write gets its witness."),
        .choice("log.level", \.logLevel, flag: "--log-level", "What the server says of itself."),
        .flag("log.access", \.accessLog, "One line for each request."),
        .integer(
            "snapshot.interval_seconds", \.snapshotIntervalSeconds, 1...604_800,
            "A snapshot is due after so long when anything is new."),
        .integer(
            "snapshot.log_bytes", \.snapshotLogBytes, 1024...1 << 40,
            "A snapshot is due when the log since the last exceeds this and that snapshot's size."),
    ]

    private static let accounts: [SettingKey] = [
        .choice(
            "registration", \.registration,
            "Who may register; auto is open on loopback, else closed until an admin exists."),
        .integer(
            "auth.session_idle_seconds", \.policy.sessionIdleSeconds, 1...31_536_000,
            "A session ends when it was not used for so long."),
        .integer(
            "auth.session_absolute_seconds", \.policy.sessionAbsoluteSeconds, 1...31_536_000,
            "A session ends after so long in any case."),
        .integer(
            "auth.step_up_seconds", \.policy.stepUpSeconds, 1...86_400,
            "Sensitive calls need an authentication not older than this."),
        .integer(
            "auth.temp_token_seconds", \.policy.tempTokenSeconds, 1...3600,
            "How long the second factor may take after the password."),
        .integer(
            "auth.setup_seconds", \.policy.setupSeconds, 1...86_400,
            "How long a shown TOTP secret waits for its first code."),
        .integer(
            "auth.reset_token_seconds", \.policy.resetTokenSeconds, 1...604_800,
            "How long an admin's password-reset token is good for."),
        .integer(
            "auth.totp_window_steps", \.policy.totpWindowSteps, 0...1,
            "Steps of 30 s accepted on either side of now; 0 is strict."),
        .text(
            "auth.issuer", \.policy.issuer, "The name that authenticator apps show.",
            allowed: "up to 64 characters", isAllowed: { $0.count <= 64 }),
        .integer(
            "auth.sessions_per_account_max", \.policy.sessionsPerAccountMax, 1...100_000,
            "At the cap a new sign-in ends the oldest session."),
        .integer(
            "auth.tokens_per_account_max", \.tokensPerAccountMax, 1...100_000,
            "Service tokens that one admin may have minted."),
        .integer(
            "passwords.threads", \.passwordThreads, 0...256,
            "Passwords hashed at a time; 0 is one for each core."),
        .integer(
            "passwords.queue_max", \.passwordQueueMax, 1...1_000_000, "Passwords that may wait."),
        .integer(
            "passwords.queue_milliseconds", \.passwordQueueMilliseconds, 1...60_000,
            "What can't be hashed within this is refused at once."),
    ]

    private static let calls: [SettingKey] = [
        .integer(
            "calls.concurrency_per_token_max", \.callsPerTokenMax, 1...1_000_000,
            "Calls of one token that may be under way; more are answered 503."),
        .integer(
            "calls.concurrency_per_integration_max", \.callsPerIntegrationMax, 1...1_000_000,
            "Calls of one integration that may be under way; more are answered 503."),
        .text(
            "upstream.ca_file", \.upstreamCAFile,
            "PEM file with roots that providers' certificates may have besides the system's."),
        .flag(
            "probes.enabled", \.probes,
            "Free requests keep the evidence of a connection fresh where no traffic does."),
        .integer(
            "probes.after_seconds", \.probesAfterSeconds, 1...86_400,
            "A probe is due when nothing was seen of an integration for so long."),
    ]

    private static let rateLimits: [SettingKey] = RateClass.allCases.flatMap(rates)

    private static func rates(_ rateClass: RateClass) -> [SettingKey] {
        let name = "rate_limits." + rateClass.rawValue
        return [
            .rate(
                name + ".quota", "Requests of each caller in a window.", word: "unlimited",
                RateLimitPolicy.quotaRange, get: { $0[rateClass].quota },
                set: { $0[rateClass].quota = $1 }),
            .rate(
                name + ".window_seconds", "The window.", word: nil,
                RateLimitPolicy.windowSecondsRange, get: { $0[rateClass].windowSeconds },
                set: { $0[rateClass].windowSeconds = $1 ?? 60 }),
            .rate(
                name + ".burst", "Requests at once after a pause.", word: "quota",
                RateLimitPolicy.burstRange, get: { $0[rateClass].burst },
                set: { $0[rateClass].burst = $1 }),
        ]
    }
}

extension SettingKey {
    /// - Parameter word: what stands for no number.
    fileprivate static func rate(
        _ name: String, _ summary: String, word: String?, _ range: ClosedRange<Int>,
        get: @escaping @Sendable (RateSettings) -> Int?,
        set: @escaping @Sendable (inout RateSettings, Int?) -> Void
    ) -> SettingKey {
        let numbers = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return SettingKey(
            name: name, flag: nil, summary: summary,
            allowed: word.map { "\(numbers), or \($0)" } ?? numbers,
            text: { get($0.rates).map(String.init) ?? word ?? "" },
            set: { settings, text in
                if text == word {
                    set(&settings.rates, nil)
                    return true
                }
                guard let value = Int(text), range.contains(value) else { return false }
                set(&settings.rates, value)
                return true
            })
    }
}

/// URLs as far as settings need them.
enum URLText {
    /// Scheme, host and perhaps a port; no user, path, query or fragment.
    static func isOrigin(_ text: String) -> Bool {
        text.wholeMatch(of: /https?:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?\/?/)
            != nil
    }
}
