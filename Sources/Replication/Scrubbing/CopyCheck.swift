import Persistence

/// Whether one server's copy of a shard's stream is whole between two places. Pure: messages go in,
/// in the order in which that server delivered them.
///
/// A consumer reads the copy of the server that it lives on, and passes over what it can't read
/// without a word; the chain of digests is what tells.
package struct CopyCheck: Equatable, Sendable {
    package enum Verdict: Equatable, Sendable {
        case whole
        /// The first message that is missing, damaged or not what the chain says.
        case damaged(sequence: UInt64, reason: String)
    }

    /// Nil while messages are to come.
    package private(set) var verdict: Verdict?
    package private(set) var messages = 0
    private var tail: ReplicaTail
    private let end: UInt64
    private let place: StreamPlace

    /// - Parameters:
    ///   - tail: what is known of the stream before the first message that is to be read.
    ///   - end: the last sequence that is looked at. It has to be in every copy already.
    package init(_ place: StreamPlace, after tail: ReplicaTail, through end: UInt64) {
        self.place = place
        self.tail = tail
        self.end = end
        if end <= tail.sequence { verdict = .whole }
    }

    package mutating func received(_ bytes: [UInt8], at sequence: UInt64) {
        guard verdict == nil else { return }
        do throws(ReplicaFault) {
            _ = try tail.advance(past: bytes, at: sequence, in: place)
        } catch {
            verdict = .damaged(sequence: tail.sequence + 1, reason: Self.reason(error))
            return
        }
        messages += 1
        if tail.sequence >= end { verdict = .whole }
    }

    /// The copy has no more than what was received.
    package mutating func ended() {
        guard verdict == nil else { return }
        verdict = .damaged(
            sequence: tail.sequence + 1, reason: "its copy ends there, before \(end)")
    }

    private static func reason(_ fault: ReplicaFault) -> String {
        switch fault {
        case .damaged(let reason): reason
        case .futureVersion(let version): "a newer program wrote it (version \(version))"
        }
    }
}
