import Actors
import NATS

/// Whether the data of a cluster is still in its streams: every server asks before it joins.
extension ClusterRegistry {
    /// Says that all of it is in a directory now, or with nil that it is here after all.
    ///
    /// - Throws: when somebody else has changed the metadata at the same time.
    func setMovedAway(at moment: Timestamp?) async throws {
        let sequence = try await jetStream.info(of: Self.stream).state.lastSequence
        guard let stored = try await Self.stored(in: jetStream) else { throw Self.nothing }
        var changed = stored
        changed.movedAwayAt = moment
        guard changed != stored else { return }
        try await write(changed, after: sequence)
        guard try await Self.stored(in: jetStream) == changed else {
            throw OperatorFailure(
                status: .unavailable,
                text: "A server of the cluster, or another command, has changed the stream "
                    + "\(Self.stream) in this moment.\nStop all servers, then do this again.")
        }
    }

    static var nothing: SettingsError {
        SettingsError(
            "cluster.servers", origin: "NATS", "These NATS servers have no data of a cluster.",
            fix: "Check cluster.servers and the account that the credentials are for.")
    }
}
