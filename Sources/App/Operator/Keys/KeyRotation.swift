import Actors
import Foundation
import Logging
import Persistence

/// Replaces the data key while the server serves.
///
/// 1. A new key is put beside the old one, wrapped and durable, before anything is sealed under it.
/// 2. Every secret is sealed anew, a page of accounts at a time; each page is one batch of records.
/// 3. The old key goes when no secret is under it any more: neither in the state, nor in a snapshot
///    or a segment that could still be read.
///
/// A crash between any two of these loses nothing: all keys are there, and the next rotation goes
/// on where this one was.
actor KeyRotation {
    enum Step: String, Codable, Sendable {
        /// Makes the new key, or finds that a rotation is under way.
        case begin
        /// Seals one page of accounts anew.
        case reseal
        /// Takes a snapshot and drops the keys that nothing needs.
        case finish
    }

    /// How far it is.
    struct Progress: Codable, Sendable, Equatable {
        /// The ids of all data keys, the current one last.
        var keys: [UInt32]
        /// Accounts with a secret that is still under an older key.
        var remaining: Int
        /// Where secrets under older keys still are, once no account has one.
        var keptFor: [String] = []
        /// Whether `begin` went on with a rotation that was cut off.
        var isResumed = false
    }

    private let accounts: AccountDirectory
    private let directory: DataDirectory
    private let log: FileLog
    private let masterKey: MasterKey
    private let snapshotter: Snapshotter
    private var keyring: DataKeyring
    /// The next page: a shard, and a place in it.
    private var cursor = (shard: 0, offset: 0)
    /// One step at a time: between what a step has counted and what it does about it, no other may
    /// change the keys.
    private let turn = AsyncSlots(count: 1)

    /// One turn of an account's actor: AES-GCM twice for each account, some tenths of a
    /// millisecond altogether.
    private static let pageUsers = 256

    init(_ core: Core, _ local: Core.LocalStore, _ snapshotter: Snapshotter) {
        accounts = core.accounts
        directory = local.directory
        log = local.log
        masterKey = core.masterKey
        keyring = core.keyring
        self.snapshotter = snapshotter
    }

    func perform(_ step: Step) async throws(APIError) -> OperatorReply {
        await turn.take()
        let result: Result<Progress, any Error>
        do {
            result =
                switch step {
                case .begin: .success(try await begin())
                case .reseal: .success(try await reseal())
                case .finish: .success(try await finish())
                }
        } catch {
            result = .failure(error)
        }
        await turn.give()
        do {
            return .done(try result.get(), "")
        } catch let error as AccountError {
            throw APIError(error)
        } catch {
            throw APIError(
                .storageFull, message: "The rotation could not go on: \(error).",
                suggestedFix: "Look at the disk (`countersign doctor`), then run it again: it "
                    + "goes on where it was.")
        }
    }

    // MARK: Steps

    private func begin() async throws -> Progress {
        cursor = (0, 0)
        let remaining = await remaining()
        if remaining > 0 {
            return Progress(keys: keyring.keyIDs, remaining: remaining, isResumed: true)
        }
        try await adopt(keyring.rotated(random: SystemRandomSource()))
        return Progress(keys: keyring.keyIDs, remaining: await self.remaining())
    }

    private func reseal() async throws -> Progress {
        while cursor.shard < accounts.shards.count {
            let shard = accounts.shards[cursor.shard]
            let page = try await shard.reseal(from: cursor.offset, limit: Self.pageUsers)
            if let next = page.next {
                cursor.offset = next
            } else {
                cursor = (cursor.shard + 1, 0)
            }
            if page.changed > 0 { break }
        }
        return Progress(keys: keyring.keyIDs, remaining: await remaining())
    }

    private func finish() async throws -> Progress {
        try await snapshotter.take()
        return try await drop()
    }

    /// After a snapshot: perhaps the last file that needed an older key has gone.
    func dropUnusedKeys() async {
        guard keyring.keyIDs.count > 1 else { return }
        await turn.take()
        // Tried again after the next snapshot, whatever it was.
        _ = try? await drop()
        await turn.give()
    }

    private func drop() async throws -> Progress {
        let remaining = await remaining()
        guard remaining == 0 else { return Progress(keys: keyring.keyIDs, remaining: remaining) }
        let older = Set(keyring.keyIDs.dropLast())
        guard !older.isEmpty else { return Progress(keys: keyring.keyIDs, remaining: 0) }
        let extent = log.extent
        let path = directory.path
        let inUse = try await BackgroundThread.run {
            let frozen = try DataDirectory.read(path, upTo: extent, in: POSIXFileSystem())
            return try KeysInUse(of: FrozenLog(frozen))
        }
        let files = older.reduce(into: Set<String>()) { $0.formUnion(inUse.files[$1] ?? []) }
        if files.isEmpty { try await adopt(keyring.droppingOlderKeys()) }
        return Progress(keys: keyring.keyIDs, remaining: 0, keptFor: files.sorted())
    }

    /// The keys are durable before anything is sealed under a new one; and nothing is left under an
    /// old one before it goes.
    private func adopt(_ keyring: DataKeyring) async throws(StorageError) {
        try directory.replaceMetadata(
            WrappedDataKeys.wrap(keyring, with: masterKey, random: SystemRandomSource()))
        self.keyring = keyring
        for shard in accounts.shards { await shard.adopt(keyring) }
    }

    private func remaining() async -> Int {
        var count = 0
        for shard in accounts.shards { count += await shard.countSealedByOlderKeys() }
        return count
    }
}
