import Crypto
package import NATS
package import Persistence

/// The snapshots of one shard, in a stream of their own: chunks, and a manifest behind them. Two
/// are kept.
package struct SnapshotStore: Sendable {
    package let names: StreamNames
    package let place: StreamPlace
    let jetStream: JetStream

    static let kept = 2
    /// Chunks that are asked for at the same time.
    private static let window = 8
    /// After the first, with another leader each.
    private static let attemptsMax = 3

    package init(_ jetStream: JetStream, names: StreamNames, place: StreamPlace) {
        self.jetStream = jetStream
        self.names = names
        self.place = place
    }

    // MARK: Reading

    /// All manifests that can be read, those that reach furthest last.
    package func manifests() async throws(JetStreamError) -> [SnapshotManifest] {
        var found: [SnapshotManifest] = []
        var sequence: UInt64 = 1
        while true {
            let message: StoredMessage
            do throws(JetStreamError) {
                message = try await jetStream.nextMessage(
                    on: names.manifestSubject, from: sequence, of: names.snapshotStream)
            } catch {
                if error.errorCode == APIErrorCode.messageNotFound {
                    return found.sorted { $0.tail.sequence < $1.tail.sequence }
                }
                throw error
            }
            if let manifest = SnapshotManifest(message.payload), manifest.place == place {
                found.append(manifest)
            }
            sequence = message.sequence + 1
        }
    }

    /// Reads a snapshot's chunks and checks every byte before the end is reported.
    ///
    /// - Returns: false when it is not whole; `body` may have seen a part of it then.
    package func read(
        _ manifest: SnapshotManifest, _ body: (SnapshotPartHeader, [UInt8]) -> Void
    ) async throws(JetStreamError) -> Bool {
        var assembly = SnapshotAssembly(manifest)
        while assembly.count < manifest.chunks.count {
            let wanted = manifest.chunks.dropFirst(assembly.count).prefix(Self.window)
            for bytes in try await messages(Array(wanted)) {
                guard let bytes, let block = assembly.add(bytes) else { return false }
                body(block.0, block.chunk)
            }
        }
        return assembly.isWhole
    }

    /// The whole of a snapshot, or nil when no leader has it whole.
    package func load(
        _ manifest: SnapshotManifest
    ) async throws(JetStreamError) -> [(SnapshotPartHeader, [UInt8])]? {
        for attempt in 1...Self.attemptsMax {
            var blocks: [(SnapshotPartHeader, [UInt8])] = []
            if try await read(manifest, { blocks.append(($0, $1)) }) { return blocks }
            // This leader's copy is not whole; another's may be.
            if attempt < Self.attemptsMax {
                try? await jetStream.stepDown(names.snapshotStream)
                try? await Task.sleep(for: .seconds(1))
            }
        }
        return nil
    }

    private func messages(_ sequences: [UInt64]) async throws(JetStreamError) -> [[UInt8]?] {
        let answers = await withTaskGroup(
            of: (Int, Result<[UInt8]?, JetStreamError>).self
        ) { group in
            for (index, sequence) in sequences.enumerated() {
                group.addTask { (index, await message(sequence)) }
            }
            var answers = [Result<[UInt8]?, JetStreamError>](
                repeating: .success(nil), count: sequences.count)
            for await (index, answer) in group { answers[index] = answer }
            return answers
        }
        var found: [[UInt8]?] = []
        for answer in answers { found.append(try answer.get()) }
        return found
    }

    private func message(_ sequence: UInt64) async -> Result<[UInt8]?, JetStreamError> {
        do throws(JetStreamError) {
            let stored = try await jetStream.message(sequence, of: names.snapshotStream)
            return .success(stored.payload)
        } catch {
            return error.errorCode == APIErrorCode.messageNotFound
                ? .success(nil) : .failure(error)
        }
    }

    // MARK: Writing

    /// Writes chunks and manifest, reads all of it back, and only then removes what only older
    /// snapshots needed: their chunks, and the shard's messages up to the older of the two kept.
    package func write(
        _ parts: [SnapshotPart], tail: ReplicaTail, createdAtMilliseconds: UInt64
    ) async throws(SnapshotFailure) -> SnapshotManifest {
        let (chunks, hash) = try await writeChunks(parts)
        let manifest = SnapshotManifest(
            place: place, tail: tail, createdAtMilliseconds: createdAtMilliseconds,
            chunks: chunks, hash: hash)
        do throws(JetStreamError) {
            _ = try await append(manifest.encoded, to: names.manifestSubject)
            let newest = try await manifests()
            guard newest.contains(manifest), try await read(manifest, { _, _ in }) else {
                throw JetStreamError.malformed("what was written does not come back")
            }
            try await trim(keeping: newest)
            return manifest
        } catch {
            throw .engine(error)
        }
    }

    private func writeChunks(
        _ parts: [SnapshotPart]
    ) async throws(SnapshotFailure) -> (chunks: [UInt64], hash: [UInt8]) {
        var sequences: [UInt64] = []
        var hash = SHA256()
        for part in parts {
            let header = SnapshotPartHeader(
                kind: part.kind, shard: part.shard, appliedRecord: part.appliedRecord)
            while let chunk = part.nextChunk() {
                guard sequences.count < SnapshotManifest.chunksMax else { throw .tooLarge }
                let bytes = SnapshotMessage.encode(header, chunk: chunk)
                hash.update(data: bytes)
                do throws(JetStreamError) {
                    sequences.append(try await append(bytes, to: names.chunkSubject))
                } catch {
                    throw .engine(error)
                }
            }
        }
        return (sequences, Array(hash.finalize()))
    }

    /// Tries again while nobody answers: a chunk that is there twice is only named once.
    private func append(_ bytes: [UInt8], to subject: String) async throws(JetStreamError) -> UInt64
    {
        let expectation = JetStream.Expectation(stream: names.snapshotStream)
        for _ in 1..<Self.attemptsMax {
            do throws(JetStreamError) {
                return try await jetStream.append(bytes, to: subject, expecting: expectation)
                    .sequence
            } catch {
                guard case .transport = error else { throw error }
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
        return try await jetStream.append(bytes, to: subject, expecting: expectation).sequence
    }

    private func trim(keeping manifests: [SnapshotManifest]) async throws(JetStreamError) {
        guard manifests.count >= Self.kept else { return }
        let kept = manifests.suffix(Self.kept)
        // Whatever fails here is made up for by the next snapshot.
        if let older = kept.first {
            _ = try await jetStream.purge(names.stream, before: older.tail.sequence + 1)
        }
        guard let first = kept.flatMap(\.chunks).min() else { return }
        _ = try await jetStream.purge(names.snapshotStream, before: first)
    }
}

/// Why a snapshot was not written. The log is as it was.
package enum SnapshotFailure: Error, Equatable, Sendable {
    case engine(JetStreamError)
    case tooLarge
    /// The shard is another's now.
    case lost
}
