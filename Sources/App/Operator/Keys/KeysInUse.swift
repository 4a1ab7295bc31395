import Actors
import Persistence

/// Under which data keys the files of a directory hold secrets: what must not be dropped while one
/// of these files may be read again.
struct KeysInUse {
    /// The names of the files that hold secrets, by the key's id.
    private(set) var files: [UInt32: Set<String>] = [:]

    /// Reads every snapshot and every record that is left of the log. Blocks its thread.
    init(of log: FrozenLog) throws {
        for snapshot in log.snapshots {
            let name = String(snapshot.path.split(separator: "/").last ?? "")
            try snapshot.forEachChunk { header, chunk in
                guard header.kind == SnapshotPartKind.users.rawValue else { return }
                var accounts = RecoveredAccounts()
                try accounts.restore(.users, chunk: chunk, appliedRecord: header.appliedRecord)
                for id in accounts.state.userOrder {
                    guard let user = accounts.state.users[id] else { continue }
                    note(user.secondFactor?.sealedSecret, in: name)
                    note(user.pendingSetup?.sealedSecret, in: name)
                }
            }
        }
        try log.read { section in
            try DecodedRecord.forEach(in: section) { record, _, _ in
                guard case .account(let event) = record else { return }
                note(event, in: "the log")
            }
        }
    }

    private mutating func note(_ event: AccountEvent, in file: String) {
        switch event {
        case .registered(let user):
            note(user.secondFactor?.sealedSecret, in: file)
            note(user.pendingSetup?.sealedSecret, in: file)
        case .setupStarted(_, let setup):
            note(setup.sealedSecret, in: file)
        case .secondFactorEnabled(_, let factor):
            note(factor.sealedSecret, in: file)
        case .secretsResealed(_, let factor, let setup):
            note(factor, in: file)
            note(setup, in: file)
        case .sessionStarted, .sessionRotated, .sessionsEnded, .passwordChanged, .passwordRehashed,
            .phoneChanged,
            .roleChanged, .disabledChanged, .secondFactorRemoved, .backupCodesReplaced,
            .tempTokenIssued, .tempTokenEnded, .guessDebited, .guessRefunded, .codeAccepted,
            .totpLocked, .totpUnlocked, .resetTokenIssued, .activityRecorded, .sourceKnown:
            break
        }
    }

    private mutating func note(_ sealed: [UInt8]?, in file: String) {
        guard let sealed, let key = DataKeyring.keyID(of: sealed) else { return }
        files[key, default: []].insert(file)
    }
}
