package import Persistence

/// Where the servers of one cluster talk to each other, beside the streams.
///
/// The id of the cluster is in the subjects, so that two installations in one account of NATS do
/// not hear each other.
package struct PeerSubjects: Equatable, Sendable {
    package let cluster: DirectoryID

    package init(_ cluster: DirectoryID) { self.cluster = cluster }

    private var prefix: String {
        "peers.\(Hexadecimal.text(cluster.high))\(Hexadecimal.text(cluster.low))"
    }

    /// Announcements of everybody.
    package var announcements: String { "\(prefix).alive" }

    /// Questions to one server, in this start of it.
    package func calls(to server: OwnerID) -> String { "\(prefix).call.\(server)" }
}
