import Actors
import Logging

/// Everything that an operator can set, typed, with its default. `SettingKeys` is the list of
/// names, ranges and descriptions; nothing else reads the environment or the file.
struct Settings: Sendable {
    var host = "127.0.0.1"
    /// 0 picks a free one.
    var port = 8080
    var dataDirectory = "./data"
    /// A catalogue of integrations instead of the built-in one.
    var integrationsFile = ""
    /// Where the outside reaches us, without a path.
    var publicURL = ""
    /// Addresses and ranges in CIDR notation, already checked.
    var trustedProxies: [String] = []
    /// A proxy in front ends TLS, so that plain HTTP on a public address is no accident.
    var behindTLSProxy = false
    var allowPrivateUpstreams = false
    var tlsCertificate = ""
    var tlsKey = ""
    var registration = Registration.auto
    var logLevel = Logger.Level.info
    var accessLog = true

    var logSegmentBytes = 64 << 20
    var logSealMilliseconds = 50
    var snapshotIntervalSeconds: Int64 = 3600
    var snapshotLogBytes = 256 << 20

    var cluster = ClusterSettings()

    var policy = AccountPolicy()
    var tokensPerAccountMax = 10_000
    /// 0 is one for each core.
    var passwordThreads = 0
    var passwordQueueMax = 1024
    var passwordQueueMilliseconds = 2000

    var rates = RateSettings()

    var usageRingEvents = 65_536
    var usageDedupKeysMax = 4_000_000

    var smsLimits = SMSLimits(
        testsPerUserDay: 30, testsPerInstallationDay: 100, perNumberHour: 60)

    var callsPerTokenMax = 2048
    var callsPerIntegrationMax = 2048
    /// PEM file with roots that providers' certificates may have besides the system's.
    var upstreamCAFile = ""
    var probes = true
    var probesAfterSeconds: Int64 = 900

    var headerBytesMax = 16 * 1024
    var jsonBodyBytesMax = 1 << 20
    var connectionsMax = 10_000
    var bodiesBytesMax = 256 << 20
    var shutdownSeconds: Int64 = 10

    /// Provider origins set by `COUNTERSIGN_<ID>_BASE_URL`, by that variable's name.
    var baseURLs: [String: String] = [:]

    enum Registration: String, CaseIterable, Sendable {
        /// Open on a loopback address, else closed until the first admin exists.
        case auto
        case open
        case closed
    }
}

/// The three numbers of every class of rate limit.
struct RateSettings: Sendable {
    struct Rate: Sendable {
        /// Nil is unlimited.
        var quota: Int?
        var windowSeconds = 60
        /// Nil is as much as the quota.
        var burst: Int?
    }

    private var rates: [RateClass: Rate] = [:]

    /// Limited by default is what guards accounts or costs money; reads, ingest and calls are not,
    /// for high-throughput callers must not meet a limit that nobody set.
    subscript(rateClass: RateClass) -> Rate {
        get { rates[rateClass] ?? Self.standard(rateClass) }
        set { rates[rateClass] = newValue }
    }

    private static func standard(_ rateClass: RateClass) -> Rate {
        switch rateClass {
        case .signIn: Rate(quota: 60, burst: 30)
        case .registration: Rate(quota: 30)
        case .smsTest: Rate(quota: 5)
        case .sms: Rate(quota: 600)
        case .probe: Rate(quota: 6)
        case .reads, .ingest, .calls: Rate()
        }
    }

    /// What the limiters work with; a class without a quota has no policy.
    var policies: [RateClass: RateLimitPolicy] {
        var policies: [RateClass: RateLimitPolicy] = [:]
        for rateClass in RateClass.allCases {
            let rate = self[rateClass]
            guard let quota = rate.quota else { continue }
            policies[rateClass] = RateLimitPolicy(
                quota: quota, windowSeconds: rate.windowSeconds, burst: rate.burst ?? quota)
        }
        return policies
    }
}
