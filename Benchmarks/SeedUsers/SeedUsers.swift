import Actors
import Foundation
import Persistence

/// Fills a new data directory with accounts, as their registrations would have left it, without
/// hashing a password for each. `SeedUsers DIRECTORY COUNT`, with APP_ENC_KEY in the environment.
@main
struct SeedUsers {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let count = Int(arguments[2]),
            let text = ProcessInfo.processInfo.environment["APP_ENC_KEY"]
        else {
            print("usage: APP_ENC_KEY=… SeedUsers DIRECTORY COUNT")
            exit(64)
        }
        let random = SystemRandomSource()
        let key = try MasterKey(text: text)
        let keyring = DataKeyring.generate(random: random)
        let directory = try DataDirectory.open(
            arguments[1], in: POSIXFileSystem(), segmentBytes: 64 << 20,
            id: DirectoryID(high: 1, low: 2)
        ) { WrappedDataKeys.wrap(keyring, with: key, random: random) }
        let log = try FileLog.open(directory, segmentBytes: 64 << 20) { fatalError("\($0)") }
        let hash =
            "$argon2id$v=19$m=19456,t=2,p=1$" + String(repeating: "A", count: 22) + "$"
            + String(repeating: "A", count: 43)
        let now = SystemWallClock().now()
        for number in 0..<count {
            let email = try EmailAddress("user-\(number)@example.com")
            let shard = email.shard(of: log.shardCount)
            let user = User(
                id: UserID(shard: shard, at: now, random: random), email: email.normalised,
                passwordHash: hash, role: number == 0 ? .admin : .member, phone: nil,
                createdAt: now)
            try await append(.registered(user), to: shard, log)
        }
        await log.close()
        directory.close()
    }

    private static func append(
        _ event: AccountEvent, to shard: ShardID, _ log: FileLog
    ) async throws {
        while true {
            do throws(AppendError) {
                _ = try log.append([event], to: shard)
                return
            } catch  where error == .overloaded {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}
