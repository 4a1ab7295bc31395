import Persistence
import Replication

/// Where a shard is, as this server knows.
enum ShardPlace: Equatable, Sendable {
    /// This server owns it, and may take appends and show its state.
    case here
    case at(OwnerID)
    /// Nobody has it, or it is changing hands.
    case nobody
}

/// Knows where the shards are.
protocol ShardDirectory: Sendable {
    var shardCount: Int { get }
    func place(of shard: ShardID) -> ShardPlace
}

/// The directory that the streams themselves are: who owns one has said so in it, with the id that
/// its subject is made of.
extension JetStreamLog: ShardDirectory {
    func place(of shard: ShardID) -> ShardPlace {
        guard Int(shard.rawValue) < shardCount, let status = status(of: shard) else {
            return .nobody
        }
        switch status.role {
        case .owning: return status.mayRead ? .here : .nobody
        case .following:
            return status.owner == .none || status.owner == settings.owner
                ? .nobody : .at(status.owner)
        case .claiming, .releasing, .ended: return .nobody
        }
    }
}
