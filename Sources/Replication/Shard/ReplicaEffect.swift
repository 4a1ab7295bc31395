package import Persistence

/// A message for the stream, with everything that the engine is to compare.
package struct StreamAppend: Equatable, Sendable {
    /// To be handed back with the answer.
    package let ticket: UInt64
    package let bytes: [UInt8]
    package let expectedLastSequence: UInt64
    /// The same for the same bytes only.
    package let messageID: String
}

/// What the engine said to an append.
package enum AppendAnswer: Equatable, Sendable {
    case acknowledged(sequence: UInt64)
    /// The stream's last message is not the expected one.
    case wrongLastSequence
    /// The same message is on its way already.
    case duplicateUnderWay
    case full
    /// No answer, or none that tells whether the message is in the stream.
    case unavailable
    case refused(String)
}

/// What the stream's leader said to a question for one message.
package enum ReadAnswer: Equatable, Sendable {
    case found([UInt8])
    /// With the sequences of the first and last message that the leader has.
    case missing(first: UInt64, last: UInt64)
    case unavailable
}

/// What the world has to do for a replica. In the order of the list.
package enum ReplicaEffect: Sendable {
    case append(StreamAppend)
    /// Ask the stream's leader for a message.
    case read(ticket: UInt64, sequence: UInt64)
    /// Have the messages after that one delivered, by a consumer that is new.
    case follow(after: UInt64)
    case unfollow
    /// Tick again after so long, which is before the next tick is due.
    case wake(afterMilliseconds: UInt64)
    /// Have the stream's leader step down.
    case stepDown(ticket: UInt64)
    /// Look for the newest snapshot.
    case findSnapshot(ticket: UInt64)
    /// Read the state from the snapshot that was found; the replica goes on after it.
    case restore(ReplicaTail)
    /// Show the records to whoever follows.
    case deliver(LoggedSection)
    /// Everything up to the record is in the stream.
    case settled(record: UInt64)
    /// The shard is ours, and whoever follows has seen all of it.
    case gained(epoch: UInt64)
    /// The shard was given up in good order, with everything in the stream.
    case released
    /// The shard is another's; what was appended after the last settled record is not in the
    /// stream. The replica has ended.
    case lost
    /// Nobody can go on. The replica has ended.
    case stopped(StopReason)
    /// For the log of the program.
    case notice(ReplicaNotice)
}

/// Why a shard stands still until a person has looked at it: to go on would lose or invent
/// something that somebody was told.
package enum StopReason: Error, Equatable, Sendable {
    /// No server has a whole copy of the message.
    case unreadable(sequence: UInt64, _ reason: String)
    /// Messages that were in the stream are not there any more.
    case regressed(sequence: UInt64, last: UInt64)
    case futureVersion(UInt8)
}

extension StopReason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let sequence, let reason):
            "message \(sequence) can't be read from any server of the cluster (\(reason)): restore "
                + "a server's copy of the stream, or the cluster from a backup"
        case .regressed(let sequence, let last):
            "the stream ends at \(last), and \(sequence) was in it: servers have lost messages "
                + "that they had acknowledged. Restore one that has them before anything is written"
        case .futureVersion(let version):
            "a newer version of this program wrote messages of format \(version): update this one"
        }
    }
}

package enum ReplicaNotice: Equatable, Sendable {
    /// A message was missing or damaged, and another copy was whole.
    case repaired(sequence: UInt64, by: String)
    case damaged(sequence: UInt64, reason: String)
    case refused(String)
}
