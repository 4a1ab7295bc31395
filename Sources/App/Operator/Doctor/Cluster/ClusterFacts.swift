import Actors
import NATS

/// What `doctor` has seen of a cluster, before anything is made of it.
struct ClusterFacts: Sendable {
    /// One of the addresses in cluster.servers.
    struct Engine: Sendable {
        let address: String
        let answer: Result<ServerInfo, NATSError>
    }

    /// One of the streams that a cluster has.
    struct Stream: Sendable {
        let wanted: StreamConfiguration
        let answer: Result<StreamInfo, JetStreamError>
    }

    /// What the servers of the cluster have in common.
    enum Metadata: Sendable {
        /// Nobody has founded a cluster here.
        case none
        case found(name: String, key: Key)
        /// Its data is in a directory now.
        case movedAway(name: String, at: Timestamp)
        case unknown(String)
    }

    /// Whether this server's key opens the cluster's data keys.
    enum Key: Equatable, Sendable {
        case opens
        /// A previous key does.
        case needsRewrap
        case doesNot(String)
        /// There is no key to try.
        case missing
    }

    /// What a monitoring endpoint of NATS says.
    struct Monitor: Sendable {
        let url: String
        let answer: Result<Disk, MonitorFailure>
    }

    struct Disk: Equatable, Sendable {
        let server: String
        let syncsAlways: Bool
    }

    struct MonitorFailure: Error, Sendable { let reason: String }

    var engines: [Engine] = []
    var streams: [Stream] = []
    var metadata = Metadata.none
    var monitors: [Monitor] = []
    /// `cluster.replicas` and `cluster.name` of the settings.
    var replicas: Int
    var name: String
}
