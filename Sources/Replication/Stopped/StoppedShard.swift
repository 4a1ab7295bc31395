import NATS
package import Persistence

/// What one shard's streams hold while nobody writes to them: the newest snapshot that is whole,
/// and the messages after it.
package struct StoppedShard: Sendable {
    package let place: StreamPlace
    let names: StreamNames
    let jetStream: JetStream
    private let snapshots: SnapshotStore

    /// An election, or a client that finds another server, is over by then.
    private static let attemptsMax = 30
    private static let pause = Duration.milliseconds(500)
    /// Leaders that are asked for what can't be used, the first one too.
    static let leadersMax = 4

    init(_ jetStream: JetStream, _ place: StreamPlace) {
        self.place = place
        self.jetStream = jetStream
        names = StreamNames(place.shard)
        snapshots = SnapshotStore(jetStream, names: names, place: place)
    }

    /// The sequence of the last message.
    func end() async throws -> UInt64 {
        try await patiently(names.stream) { () async throws(JetStreamError) in
            try await jetStream.info(of: names.stream).state.lastSequence
        }
    }

    /// The newest snapshot of which every byte is whole; nil when there is none.
    package func newestSnapshot() async throws -> SnapshotManifest? {
        let store = snapshots
        let found = try await patiently(names.snapshotStream) { () async throws(JetStreamError) in
            try await store.manifests()
        }
        for leader in 1...Self.leadersMax {
            for manifest in found.reversed() {
                let isWhole = try await patiently(names.snapshotStream) {
                    () async throws(JetStreamError) in try await store.read(manifest) { _, _ in }
                }
                if isWhole { return manifest }
            }
            if found.isEmpty { return nil }
            if leader < Self.leadersMax { await tryAnotherLeader(of: names.snapshotStream) }
        }
        throw StorageError.corrupt(
            file: names.snapshotStream, offset: 0, reason: "no snapshot in it is whole")
    }

    /// Reads the chunks of a snapshot that was found whole.
    package func read(
        _ manifest: SnapshotManifest,
        _ body: (SnapshotPartHeader, [UInt8]) throws -> Void
    ) async throws {
        var failure: (any Error)?
        let isWhole = try await snapshots.read(manifest) { header, chunk in
            guard failure == nil else { return }
            do { try body(header, chunk) } catch { failure = error }
        }
        if let failure { throw failure }
        guard isWhole else {
            throw StorageError.corrupt(
                file: names.snapshotStream, offset: 0, reason: "it was whole a moment ago")
        }
    }

    /// The records after a snapshot, or from the beginning.
    package func messages(
        after snapshot: SnapshotManifest?, through end: UInt64
    ) -> StoppedMessages {
        StoppedMessages(self, after: snapshot?.tail ?? ReplicaTail(), through: end)
    }

    /// Another copy may be whole.
    func tryAnotherLeader(of stream: String) async {
        // One that does not step down is asked again, and has the same answer.
        try? await jetStream.stepDown(stream)
        try? await Task.sleep(for: Self.pause)
    }

    /// Asks again while nobody answers, or nobody leads.
    func patiently<Value: Sendable>(
        _ stream: String,
        _ body: () async throws(JetStreamError) -> Value
    ) async throws -> Value {
        for attempt in 1... {
            do throws(JetStreamError) {
                return try await body()
            } catch {
                if error.errorCode == APIErrorCode.streamNotFound {
                    throw StorageError.missing(
                        file: stream, reason: "the cluster has no such stream any more")
                }
                if attempt == Self.attemptsMax || error.errorCode == APIErrorCode.messageNotFound {
                    throw error
                }
            }
            try await Task.sleep(for: Self.pause)
        }
        preconditionFailure("counting has no end")
    }
}
