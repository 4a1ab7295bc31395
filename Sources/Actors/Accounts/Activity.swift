/// One security event as the account's owner sees it.
package struct Activity: Sendable, Equatable {
    package enum Kind: UInt8, Sendable, CaseIterable {
        case registered = 1
        case signedIn = 2
        case signInRefused = 3
        case signedOut = 4
        case sessionEnded = 5
        case otherSessionsEnded = 6
        case passwordChanged = 7
        case passwordReset = 8
        case phoneChanged = 9
        case setupStarted = 10
        case twoFactorEnabled = 11
        case twoFactorDisabled = 12
        case backupCodesReplaced = 13
        case backupCodeUsed = 14
        case codeRefused = 15
        case twoFactorLocked = 16
        case twoFactorUnlocked = 17
        case steppedUp = 18
        case madeAdmin = 19
        case madeMember = 20
        case disabled = 21
        case enabled = 22
        case sessionsEndedByAdmin = 23
        case twoFactorResetByAdmin = 24
        case passwordResetIssued = 25

        /// The name on the wire.
        package var text: String {
            switch self {
            case .registered: "registered"
            case .signedIn: "signed_in"
            case .signInRefused: "sign_in_refused"
            case .signedOut: "signed_out"
            case .sessionEnded: "session_ended"
            case .otherSessionsEnded: "other_sessions_ended"
            case .passwordChanged: "password_changed"
            case .passwordReset: "password_reset"
            case .phoneChanged: "phone_changed"
            case .setupStarted: "two_factor_setup_started"
            case .twoFactorEnabled: "two_factor_enabled"
            case .twoFactorDisabled: "two_factor_disabled"
            case .backupCodesReplaced: "backup_codes_replaced"
            case .backupCodeUsed: "backup_code_used"
            case .codeRefused: "code_refused"
            case .twoFactorLocked: "two_factor_locked"
            case .twoFactorUnlocked: "two_factor_unlocked"
            case .steppedUp: "stepped_up"
            case .madeAdmin: "made_admin"
            case .madeMember: "made_member"
            case .disabled: "disabled"
            case .enabled: "enabled"
            case .sessionsEndedByAdmin: "sessions_ended_by_admin"
            case .twoFactorResetByAdmin: "two_factor_reset_by_admin"
            case .passwordResetIssued: "password_reset_issued"
            }
        }
    }

    package var kind: Kind
    package var at: Timestamp
    package var trace: TraceID
    package var address: String
    package var userAgent: String
    /// How often it happened in a row: refusals from one address are one entry, so that a flood of
    /// them can't push the rest out of the list.
    package var count: Int

    package init(
        kind: Kind, at: Timestamp, trace: TraceID, address: String, userAgent: String,
        count: Int = 1
    ) {
        self.kind = kind
        self.at = at
        self.trace = trace
        self.address = address
        self.userAgent = userAgent
        self.count = count
    }

    /// Whether a later entry only repeats this one.
    func absorbs(_ later: Activity) -> Bool {
        switch kind {
        case .signInRefused, .codeRefused: kind == later.kind && address == later.address
        case .registered, .signedIn, .signedOut, .sessionEnded, .otherSessionsEnded,
            .passwordChanged, .passwordReset, .phoneChanged, .setupStarted, .twoFactorEnabled,
            .twoFactorDisabled, .backupCodesReplaced, .backupCodeUsed, .twoFactorLocked,
            .twoFactorUnlocked, .steppedUp, .madeAdmin, .madeMember, .disabled, .enabled,
            .sessionsEndedByAdmin, .twoFactorResetByAdmin, .passwordResetIssued:
            false
        }
    }
}

/// Where a command comes from: what sessions and activity entries record.
package struct CommandContext: Sendable {
    package var at: Timestamp
    package var trace: TraceID
    package var source: SourceAddress
    package var userAgent: String

    /// Longer User-Agent headers are cut: they are for recognising a device, not for storage.
    static let userAgentBytesMax = 256

    package init(at: Timestamp, trace: TraceID, source: SourceAddress, userAgent: String) {
        self.at = at
        self.trace = trace
        self.source = source
        self.userAgent =
            userAgent.utf8.count <= Self.userAgentBytesMax
            ? userAgent
            : String(decoding: userAgent.utf8.prefix(Self.userAgentBytesMax), as: UTF8.self)
    }

    func activity(_ kind: Activity.Kind) -> Activity {
        Activity(kind: kind, at: at, trace: trace, address: source.text, userAgent: userAgent)
    }
}
