import Actors
import Foundation
import NATS
import NIOCore
import Persistence
import Replication

/// How the program ends, by the numbers of sysexits.h where they fit.
enum ExitStatus: Int32, CaseIterable {
    case success = 0
    /// A rule stood against what was asked for.
    case refused = 1
    /// EX_USAGE: the command line.
    case usage = 64
    /// EX_DATAERR: the data directory is not whole.
    case corruptData = 65
    /// EX_UNAVAILABLE: the address is taken, or a running server doesn't answer.
    case unavailable = 69
    /// EX_SOFTWARE: a mistake of ours.
    case software = 70
    /// EX_CANTCREAT: another process has the data directory.
    case dataInUse = 73
    /// EX_IOERR: the disk or the network failed.
    case inputOutput = 74
    /// EX_CONFIG: the configuration or the key.
    case configuration = 78

    /// What the operator is told, and with which code the program ends.
    static func of(_ error: any Error) -> (status: ExitStatus, message: String) {
        switch error {
        case let error as SettingsError: (.configuration, error.description)
        case let error as KeyRejection: (.configuration, message(error))
        case let error as StorageError: storage(error)
        case let error as OperatorRefusal: (.refused, error.text)
        case let error as OperatorFailure: (error.status, error.text)
        case let error as ControlClient.NoAnswer: (.unavailable, error.description)
        case let error as ListenError: (.unavailable, error.description)
        case let error as EndpointTableError: (.software, error.description)
        case let error as ClusterError: (.unavailable, cluster(error))
        case let error as JetStreamError: (.unavailable, cluster(error))
        case let error as NATSError: (.unavailable, cluster(error))
        case let error as IOError: (.inputOutput, error.description)
        default: (.software, "\(error)")
        }
    }

    private static func cluster(_ error: any Error) -> String {
        "The log of the cluster can't be used: \(error).\n"
            + "Check cluster.servers and the NATS servers' own logs; docs/cluster.md has what they "
            + "need. Nothing was changed."
    }

    private static func message(_ error: KeyRejection) -> String {
        switch error {
        case .otherMasterKey:
            "APP_ENC_KEY does not open this data directory: \(error).\n"
                + "Set APP_ENC_KEY to the key that it was made with; to change keys, give the old "
                + "one as APP_ENC_KEY_PREVIOUS beside the new one. Nothing was changed."
        case .damagedDataKeys:
            "The manifest's data keys can't be opened: \(error).\n"
                + "Restore the manifest from a backup. Nothing was changed."
        case .malformed, .weak:
            "APP_ENC_KEY: \(error).\n`countersign keygen` prints a good one."
        }
    }

    private static func storage(_ error: StorageError) -> (ExitStatus, String) {
        switch error {
        case .corrupt:
            (
                .corruptData,
                "\(error).\nThe server does not start on data that it can't trust; nothing was "
                    + "changed. `countersign doctor` explains what is wrong, what a backup brings "
                    + "back, and what can be saved without one."
            )
        case .missing:
            (
                .corruptData,
                "\(error).\nNothing was changed. `countersign doctor` explains what to do."
            )
        case .futureVersion:
            (.corruptData, "\(error).\nUse the newer program. Nothing was changed.")
        case .locked(let directory, let pid):
            (
                .dataInUse,
                "The data directory \(directory) is in use"
                    + "\(pid.map { " by process \($0)" } ?? "").\n"
                    + "Stop that server first, or give another --data-dir."
            )
        case .system(let operation, let path, let errno):
            (
                .inputOutput,
                "Can't \(operation) \(path): \(unsafe String(cString: strerror(errno))).\n"
                    + "Check that the path exists and is this user's, and that the disk has room."
            )
        }
    }
}

/// A rule stood against an operator's command; the text is for people.
struct OperatorRefusal: Error {
    let text: String
}

/// What an operator's command found, and the code that says so to scripts; the text is for people.
struct OperatorFailure: Error {
    let status: ExitStatus
    let text: String
}

/// The address can't be listened on.
struct ListenError: Error, CustomStringConvertible {
    let host: String
    let port: Int
    let reason: IOError

    var description: String {
        let fix =
            reason.errnoCode == EADDRINUSE
            ? "Another program listens there. Stop it, or give another --port."
            : "Check --host and --port, and whether this user may use them."
        return "Can't listen on \(host) port \(port): \(reason.description).\n\(fix)"
    }
}
