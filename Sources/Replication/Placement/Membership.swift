import NATS
package import Persistence
import Synchronization

/// Says once a second that this server lives, and keeps the table of those that say so.
///
/// Whoever hears of a new server answers at once, so that one that starts knows all others after a
/// round trip.
package final class Membership: Sendable {
    private struct State {
        var table = MemberTable()
        var own: MemberAnnouncement
        var lastSentAt: UInt64?
        /// Since when this server can be heard and hears others; nil while it is cut off.
        var connectedSince: UInt64?
        var subscription: UInt64?
    }

    private let bus: any PeerBus
    private let subject: String
    private let cluster: DirectoryID
    private let warm: @Sendable () -> Set<ShardID>
    private let now: @Sendable () -> UInt64
    private let state: Mutex<State>

    /// Three and a half of these are `MemberTable.silenceMillisecondsMax`.
    package static let announcementMilliseconds: UInt64 = 1000
    /// Who was heard of for the first time is answered at once, but not more often than this: many
    /// that start at the same time need one answer.
    private static let answerMillisecondsMin: UInt64 = 100
    /// What the answers need to arrive. Before that a server would believe itself alone.
    private static let listeningMilliseconds: UInt64 = 500

    /// - Parameters:
    ///   - own: who this server is.
    ///   - warm: the shards that it could take over at this moment.
    package init(
        _ own: MemberAnnouncement, of cluster: DirectoryID, on bus: any PeerBus,
        now: @escaping @Sendable () -> UInt64 = { Milliseconds.now },
        warm: @escaping @Sendable () -> Set<ShardID>
    ) {
        self.bus = bus
        self.cluster = cluster
        self.warm = warm
        self.now = now
        subject = PeerSubjects(cluster).announcements
        state = Mutex(State(own: own))
    }

    package var id: OwnerID { state.withLock { $0.own.id } }

    /// Begins to listen. `tick` has to be called from then on.
    package func start() {
        let subscription = bus.subscribe(to: subject, queue: nil) { [weak self] message in
            self?.received(message.payload)
        }
        state.withLock { $0.subscription = subscription }
        announce()
    }

    /// To be called several times a second.
    package func tick() {
        let moment = now()
        let isDue = state.withLock { state in
            state.lastSentAt.map { moment &- $0 >= Self.announcementMilliseconds } ?? true
        }
        if isDue { announce() }
    }

    /// Tells everybody whether this server is no choice any more.
    package func setStopping(_ isStopping: Bool = true) {
        state.withLock { $0.own.isStopping = isStopping }
        announce()
    }

    package func stop() {
        let subscription = state.withLock { state in
            defer { state.subscription = nil }
            return state.subscription
        }
        if let subscription { bus.unsubscribe(subscription) }
    }

    /// Everybody who lives, this server too; nil while nobody else could have been heard of.
    package func living() -> [Member]? {
        let moment = now()
        return state.withLock { state in
            guard let since = state.connectedSince, moment >= since,
                moment - since >= Self.listeningMilliseconds
            else { return nil }
            return state.table.living(now: moment)
        }
    }

    private func announce() {
        let warm = warm()
        let moment = now()
        let own = state.withLock { state in
            state.own.warm = warm
            state.own.number += 1
            state.lastSentAt = moment
            // Nobody has to tell this server that it lives.
            state.table.heard(state.own, now: moment)
            return state.own
        }
        do throws(NATSError) {
            try bus.publish(Publication(subject, payload: own.bytes(in: cluster)))
            state.withLock { if $0.connectedSince == nil { $0.connectedSince = moment } }
        } catch {
            state.withLock { $0.connectedSince = nil }
        }
    }

    private func received(_ bytes: [UInt8]) {
        // What is not understood is of another version or of nobody; it can't do any harm.
        guard let said = try? MemberAnnouncement(bytes, in: cluster) else { return }
        let moment = now()
        let isToBeAnswered = state.withLock { state in
            guard said.id != state.own.id, state.table.heard(said, now: moment),
                let last = state.lastSentAt
            else { return false }
            return moment &- last >= Self.answerMillisecondsMin
        }
        if isToBeAnswered { announce() }
    }
}
