package import NATS
package import Persistence

/// What a shard's two streams are called, and how they have to be kept.
package struct StreamNames: Hashable, Sendable {
    package let shard: ShardID

    package init(_ shard: ShardID) { self.shard = shard }

    package var stream: String { "EV_\(shard)" }
    package var subject: String { "ev.\(shard)" }
    package var snapshotStream: String { "SNAP_\(shard)" }
    package var chunkSubject: String { "snap.\(shard).chunk" }
    package var manifestSubject: String { "snap.\(shard).manifest" }

    /// - Parameter replicas: 3 but for tests: a stream with one copy loses what its disk loses.
    package func configurations(replicas: Int) -> [StreamConfiguration] {
        var log = StreamConfiguration(name: stream, subjects: [subject])
        log.replicas = replicas
        var snapshots = StreamConfiguration(
            name: snapshotStream, subjects: [chunkSubject, manifestSubject])
        snapshots.replicas = replicas
        return [log, snapshots]
    }
}

/// Why the cluster can't be used as it is.
package enum ClusterError: Error, Equatable, Sendable, CustomStringConvertible {
    case engine(JetStreamError)
    /// A stream is kept in a way that can lose or change what was acknowledged.
    case streamSettings(stream: String, differences: [String])
    /// A batch may be larger than what a server takes.
    case payloadLimit(bytes: Int)

    package var description: String {
        switch self {
        case .engine(let error): "\(error)"
        case .streamSettings(let stream, let differences):
            "the stream \(stream) must not be used as it is: \(differences.joined(separator: "; "))"
        case .payloadLimit(let bytes):
            "the NATS servers take messages of \(bytes) bytes, and \(ReplicaMessage.bytesMax) are "
                + "needed: raise max_payload on every node"
        }
    }
}

/// Makes the streams that are not there, and refuses those that are kept otherwise.
package struct StreamPreparation: Sendable {
    let jetStream: JetStream

    /// Right after a start the servers of a cluster find each other first.
    private static let attemptsMax = 40
    private static let pause = Duration.milliseconds(500)

    package init(_ jetStream: JetStream) { self.jetStream = jetStream }

    package func prepare(_ names: StreamNames, replicas: Int) async throws(ClusterError) {
        for wanted in names.configurations(replicas: replicas) { try await prepare(wanted) }
    }

    package func prepare(_ wanted: StreamConfiguration) async throws(ClusterError) {
        let info = try await ensure(wanted)
        let differences = info.config.differences(from: wanted)
        guard differences.isEmpty else {
            throw .streamSettings(stream: wanted.name, differences: differences)
        }
    }

    private func ensure(_ wanted: StreamConfiguration) async throws(ClusterError) -> StreamInfo {
        var last = JetStreamError.transport(.timeout)
        for _ in 0..<Self.attemptsMax {
            do throws(JetStreamError) {
                return try await jetStream.info(of: wanted.name)
            } catch {
                last = error
            }
            if last.errorCode == APIErrorCode.streamNotFound {
                do throws(JetStreamError) {
                    return try await jetStream.create(wanted)
                } catch {
                    last = error
                }
            }
            // What somebody refuses for good is not asked again.
            if case .transport(let error) = last, error.isFinal { break }
            try? await Task.sleep(for: Self.pause)
        }
        throw .engine(last)
    }
}
