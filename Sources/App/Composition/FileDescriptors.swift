import Foundation
import Logging

/// Every connection takes a file descriptor, and every call of a provider one more.
enum FileDescriptors {
    /// Log, snapshots, control socket, standard streams, event loops: far less, rounded up.
    private static let reserved = 256
    /// One connection of a client, and one to a provider on its behalf.
    private static let perConnection = 2

    /// Raises this process's soft limit to the hard one, which needs no privilege: the soft limit
    /// is low for the sake of programs that use select(2).
    static func raiseLimit() {
        var limit = rlimit()
        // Safe: `limit` is initialised and lives for the calls. A refusal leaves what there was.
        guard unsafe getrlimit(kind, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(kind, &limit)
    }

    /// Says so when the configured number of connections could run out of descriptors: then the
    /// system would refuse them without a word.
    static func check(connectionsMax: Int, logger: Logger) {
        guard let max = Machine.descriptors?.max else { return }
        let needed = connectionsMax * perConnection + reserved
        guard needed > max else { return }
        logger.warning(
            "the limit of open files is too low for http.connections_max",
            metadata: [
                "open_files_max": "\(max)", "connections_max": "\(connectionsMax)",
                "fix": "raise LimitNOFILE (systemd) or `ulimit -n` to \(needed)",
            ])
    }

    private static var kind: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
}
