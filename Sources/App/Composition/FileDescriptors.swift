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

    /// Takes no more connections than there are descriptors for, and says so when these are fewer
    /// than configured.
    ///
    /// A process that has none left can't go on: the log could not open its next segment, and
    /// libdispatch, which looks into /proc for how busy its threads are, traps when it can't. So
    /// strangers must not be able to take the last one.
    static func fitted(
        _ configured: HTTPServerConfiguration, logger: Logger
    ) -> HTTPServerConfiguration {
        guard let max = Machine.descriptors?.max else { return configured }
        var http = configured
        (http.connectionsMax, http.refusedConnectionsMax) = share(
            of: Int(clamping: max), connections: configured.connectionsMax,
            refused: configured.refusedConnectionsMax)
        guard http.connectionsMax < configured.connectionsMax else { return http }
        let needed =
            configured.connectionsMax * perConnection + configured.refusedConnectionsMax + reserved
        logger.warning(
            "the limit of open files is too low for http.connections_max; fewer are taken",
            metadata: [
                "open_files_max": "\(max)", "connections_max": "\(configured.connectionsMax)",
                "connections_taken": "\(http.connectionsMax)",
                "fix": "raise LimitNOFILE (systemd) or `ulimit -n` to \(needed)",
            ])
        return http
    }

    /// How many connections may be served and how many more may be told that they are not.
    static func share(
        of max: Int, connections: Int, refused: Int
    ) -> (connections: Int, refused: Int) {
        // Whoever allows less than is reserved gets a server for a few callers.
        let room = Swift.max(max - reserved, max / 4)
        let refused = min(refused, room / refusedShare)
        return (Swift.max(1, min(connections, (room - refused) / perConnection)), refused)
    }

    /// Connections that are only told to come back take at most this part of the room.
    private static let refusedShare = 8

    private static var kind: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
}
