import Persistence
import Replication

@testable import App

/// What other servers of a cluster say. What they seal can still be of another version; what they
/// announce anybody on the engine can have said.
enum FuzzPeers {
    static func calls(_ bytes: [UInt8]) {
        if let call = try? ShardCall(bytes) {
            guard let again = try? ShardCall(call.bytes) else {
                fatalError("broken promise: what was read can be written and read again")
            }
            require(again == call, "a question is written in one way only")
            _ = call.home(of: 16)
        }
        if let answer = try? ShardAnswer(bytes) {
            guard let again = try? ShardAnswer(answer.bytes) else {
                fatalError("broken promise: what was read can be written and read again")
            }
            require(again == answer, "an answer is written in one way only")
        }
    }

    /// The cluster that the corpus is of.
    private static let cluster = DirectoryID(high: 0xc1, low: 0x05)

    static func announcements(_ bytes: [UInt8]) {
        guard let said = try? MemberAnnouncement(bytes, in: cluster) else { return }
        let written = said.bytes(in: cluster)
        guard let again = try? MemberAnnouncement(written, in: cluster) else {
            fatalError("broken promise: what was read can be written and read again")
        }
        require(again == said, "an announcement is written in one way only")
        var table = MemberTable()
        table.heard(said, now: 0)
        let placement = Placement(shardCount: 16, members: table.living(now: 0))
        require(
            (placement.choice(for: ShardID(0)) == nil) == said.isStopping,
            "who lives and does not stop is a choice")
    }
}
