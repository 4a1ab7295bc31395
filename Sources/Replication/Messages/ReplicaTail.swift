package import Persistence

/// Which stream of which cluster.
package struct StreamPlace: Hashable, Sendable {
    package let cluster: DirectoryID
    package let shard: ShardID

    package init(cluster: DirectoryID, shard: ShardID) {
        self.cluster = cluster
        self.shard = shard
    }
}

/// Where a shard's stream stands, as far as it has been verified: what its next message must
/// continue.
package struct ReplicaTail: Hashable, Sendable {
    /// The sequence of the last message; the first is 1.
    package var sequence: UInt64 = 0
    package var digest = ChainDigest.zero
    /// The shard's records, sections and their own chain.
    package var stream = StreamTail()
    /// Counts owners, from 1.
    package var epoch: UInt64 = 0
    /// Whose the stream is; `none` before the first owner and after a release.
    package var owner = OwnerID.none
    /// Where the last owner said that it can be reached.
    package var address = ""

    package init() {}

    /// Moves the tail past a message when it continues the stream exactly.
    ///
    /// - Returns: the message's records, if it has any.
    package mutating func advance(
        past bytes: [UInt8], at sequence: UInt64, in place: StreamPlace
    ) throws(ReplicaFault) -> LoggedSection? {
        let message: ReplicaMessage
        do throws(ReplicaMessage.Fault) {
            message = try ReplicaMessage(bytes)
        } catch {
            switch error {
            case .damaged(let reason): throw .damaged(reason)
            case .futureVersion(let version): throw .futureVersion(version)
            }
        }
        guard sequence == self.sequence + 1, message.sequence == sequence else {
            throw .damaged("message \(message.sequence) at \(sequence), after \(self.sequence)")
        }
        guard message.shard == place.shard, message.cluster == place.cluster else {
            throw .damaged("it belongs to another stream")
        }
        guard message.previous == digest else {
            throw .damaged("it does not continue the message before it")
        }
        try checkOwner(of: message)
        var next = self
        let section = try next.readBody(of: message, in: bytes)
        next.sequence = sequence
        next.digest = digest.extended(by: bytes, in: 0..<bytes.count)
        next.epoch = message.epoch
        next.owner = message.kind == .release ? .none : message.owner
        self = next
        return section
    }

    /// Within an epoch there is one owner, from its take-over to its release or the next one's
    /// take-over.
    private func checkOwner(of message: ReplicaMessage) throws(ReplicaFault) {
        if message.kind == .takeOver {
            guard message.epoch == epoch + 1, message.owner != .none else {
                throw .damaged("a take-over to epoch \(message.epoch) in epoch \(epoch)")
            }
        } else {
            guard message.epoch == epoch, message.owner == owner, owner != .none else {
                throw .damaged("a message of somebody who does not own the stream")
            }
        }
    }

    private mutating func readBody(
        of message: ReplicaMessage, in bytes: [UInt8]
    ) throws(ReplicaFault) -> LoggedSection? {
        switch message.kind {
        case .batch:
            do throws(ChainBreak) {
                let section = try stream.advance(
                    past: bytes, in: message.body, of: message.shard,
                    writtenAtMilliseconds: message.writtenAtMilliseconds)
                guard section.recordCount > 0 else { throw ChainBreak("a section of no records") }
                return section
            } catch {
                throw .damaged(error.reason)
            }
        case .heartbeat, .release:
            guard message.body.isEmpty else { throw .damaged("a body where none belongs") }
            return nil
        case .takeOver:
            guard message.body.count <= ReplicaMessage.addressBytesMax,
                let text = String(validating: bytes[message.body], as: UTF8.self)
            else { throw .damaged("an address that is none") }
            address = text
            return nil
        }
    }
}

/// Why a message can't be what comes next in a shard's stream.
package enum ReplicaFault: Error, Equatable, Sendable {
    /// Another copy may be whole.
    case damaged(String)
    /// A newer program wrote it: every copy is the same.
    case futureVersion(UInt8)
}
