/// The times and caps that account rules work with; the configuration sets them.
package struct AccountPolicy: Sendable, Equatable {
    /// A session that nobody used for so long is over (ASVS 7.3.1). Default 12 hours.
    package var sessionIdleSeconds: Int64 = 12 * 3600
    /// No session lives longer, however busy (ASVS 7.3.2). Default 7 days.
    package var sessionAbsoluteSeconds: Int64 = 7 * 86_400
    /// How long after proving password and factor a session may do sensitive things.
    package var stepUpSeconds: Int64 = 600
    /// How long the proof of a password waits for its second factor.
    package var tempTokenSeconds: Int64 = 300
    /// How long a shown TOTP secret waits for the code that confirms it.
    package var setupSeconds: Int64 = 600
    /// How long an admin's password-reset token can be redeemed.
    package var resetTokenSeconds: Int64 = 3600
    /// Steps of 30 s accepted on either side of now; 0 is the strict window of ASVS 6.5.5.
    package var totpWindowSteps: Int64 = 1
    /// The name that authenticator apps show.
    package var issuer = "Countersign"
    /// At the cap a new sign-in ends the account's oldest session.
    package var sessionsPerAccountMax = 10_000
    /// At the cap a new login ends the account's oldest temp_token.
    package var tempTokensPerAccountMax = 64

    package init() {}

    /// Guesses that one temp_token or one setup is good for.
    package static let guessesPerTempToken = 5
    /// Consecutive failures after which TOTP is disabled (NIST SP 800-63B-4 §3.2.2).
    package static let consecutiveFailuresMax = 100
    /// RFC 4226 §4 R6 advises 160 bits.
    package static let totpSecretBytes = 20
    /// Activity entries kept for each account; the oldest go first.
    package static let activityEntriesMax = 50
    /// Addresses that signed in lately, kept so that a stranger's wrong passwords slow only
    /// strangers.
    package static let knownSourcesMax = 16
    /// Last-seen times are written at most so often, so that a session check changes nothing
    /// usually.
    package static let lastSeenGranularitySeconds: Int64 = 60

    /// A fresh last-seen is worth writing after this: coarse, but never coarser than a tenth of the
    /// idle limit.
    package var lastSeenIntervalMilliseconds: Int64 {
        min(Self.lastSeenGranularitySeconds * 1000, sessionIdleSeconds * 100)
    }
}
