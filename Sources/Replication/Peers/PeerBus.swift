package import NATS

/// What servers need of NATS to talk to each other: messages that may get lost.
package protocol PeerBus: Sendable {
    func publish(_ publication: Publication) throws(NATSError)

    func request(
        _ publication: Publication, timeoutMilliseconds: UInt64
    ) async throws(NATSError) -> Message

    /// - Returns: what `unsubscribe` takes; nil when there are too many.
    func subscribe(
        to subject: String, queue: String?, handler: @escaping NATSClient.MessageHandler
    ) -> UInt64?

    func unsubscribe(_ id: UInt64)
}

extension NATSClient: PeerBus {}
