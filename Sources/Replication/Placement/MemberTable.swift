package import Persistence

/// One server of the cluster, as another hears of it.
package struct Member: Equatable, Sendable {
    /// What it said last.
    package fileprivate(set) var said: MemberAnnouncement
    /// Since when it has been heard without a gap.
    package fileprivate(set) var aliveSince: UInt64
    package fileprivate(set) var heardAt: UInt64
    /// Since when it has been warm for each shard that it is warm for.
    package fileprivate(set) var warmSince: [ShardID: UInt64]

    package var id: OwnerID { said.id }
    package var address: String { said.address }

    package func isWarm(_ shard: ShardID) -> Bool { warmSince[shard] != nil }

    /// Whether it has lived, and been warm for the shard, for so long.
    package func isSettled(in shard: ShardID, forMilliseconds time: UInt64, now: UInt64) -> Bool {
        guard let warmSince = warmSince[shard] else { return false }
        return now &- max(warmSince, aliveSince) >= time && now >= max(warmSince, aliveSince)
    }
}

/// Who lives, as far as one server has heard. Pure: announcements and the time come in.
///
/// Two servers may believe different things for a moment. That costs a hand-over at the most: who
/// owns a shard, its stream alone decides.
package struct MemberTable: Equatable, Sendable {
    /// A server that was silent for so long is not counted: three announcements are lost and the
    /// fourth is late. It is what a shard's followers wait, too, before they take over.
    package static let silenceMillisecondsMax: UInt64 = 3500
    /// Ordinals go up to 31; the rest is for servers that are replaced at another address.
    package static let membersMax = 64

    private var members: [String: Member] = [:]

    package init() {}

    /// Takes down what a server says of itself.
    ///
    /// - Parameter now: monotonic milliseconds of this server.
    /// - Returns: whether it was not known before.
    @discardableResult
    package mutating func heard(_ said: MemberAnnouncement, now: UInt64) -> Bool {
        forget(now: now)
        guard var member = members[said.address] else {
            guard members.count < Self.membersMax else { return false }
            members[said.address] = Member(said, now: now)
            return true
        }
        guard member.id == said.id else {
            guard member.said.isBefore(said) else { return false }
            members[said.address] = Member(said, now: now)
            return true
        }
        guard said.number > member.said.number else { return false }
        member.hear(said, now: now)
        members[said.address] = member
        return false
    }

    private mutating func forget(now: UInt64) {
        members = members.filter { Self.isAlive($0.value, now: now) }
    }

    private static func isAlive(_ member: Member, now: UInt64) -> Bool {
        now < member.heardAt || now - member.heardAt < silenceMillisecondsMax
    }

    /// Everybody who lives, by address: the same order on every server.
    package func living(now: UInt64) -> [Member] {
        members.values.filter { Self.isAlive($0, now: now) }.sorted { $0.address < $1.address }
    }
}

extension MemberAnnouncement {
    /// Of two starts at the same address, the earlier one; all servers have to see the same.
    fileprivate func isBefore(_ other: MemberAnnouncement) -> Bool {
        let own = (startedAtMilliseconds, id.high, id.low)
        return own < (other.startedAtMilliseconds, other.id.high, other.id.low)
    }
}

extension Member {
    fileprivate init(_ said: MemberAnnouncement, now: UInt64) {
        self.said = said
        aliveSince = now
        heardAt = now
        warmSince = Dictionary(uniqueKeysWithValues: said.warm.map { ($0, now) })
    }

    fileprivate mutating func hear(_ said: MemberAnnouncement, now: UInt64) {
        self.said = said
        heardAt = max(heardAt, now)
        warmSince = Dictionary(
            uniqueKeysWithValues: said.warm.map { ($0, warmSince[$0] ?? now) })
    }
}
