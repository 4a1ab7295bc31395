import Actors
import Foundation
import Persistence

/// Fills a new data directory with accounts and a session of each, as their registrations would
/// have left it, without hashing a password for each. `SeedUsers DIRECTORY COUNT`, with APP_ENC_KEY
/// in the environment.
@main
struct SeedUsers {
    private static let segmentBytes = 64 << 20
    /// As the server's default.
    private static let sessionSeconds: Int64 = 604_800
    private static let userAgent =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Chrome/130.0.0.0 Safari/537.36"
    private static let hash =
        "$argon2id$v=19$m=19456,t=2,p=1$" + String(repeating: "A", count: 22) + "$"
        + String(repeating: "A", count: 43)

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
            arguments[1], in: POSIXFileSystem(), segmentBytes: segmentBytes,
            id: DirectoryID(high: 1, low: 2)
        ) { WrappedDataKeys.wrap(keyring, with: key, random: random) }
        let log = try FileLog.open(directory, segmentBytes: segmentBytes) { fatalError("\($0)") }
        for number in 0..<count {
            let email = try EmailAddress("user-\(number)@example.com")
            let shard = email.shard(of: log.shardCount)
            let events = registration(number, email, in: shard, random: random)
            try await append(events, to: shard, log)
        }
        await log.close()
        directory.close()
    }

    /// What a registration that signs in appends, in its order.
    private static func registration(
        _ number: Int, _ email: EmailAddress, in shard: ShardID, random: SystemRandomSource
    ) -> [AccountEvent] {
        let now = SystemWallClock().now()
        // Addresses of 10.0.0.0/8, sixteen accounts behind each.
        let bits = UInt32(truncatingIfNeeded: number / 16)
        let address = "10.\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
        let user = User(
            id: UserID(shard: shard, at: now, random: random), email: email.normalised,
            passwordHash: hash, role: number == 0 ? .admin : .member, phone: nil, createdAt: now)
        let session = Session(
            id: SessionID(shard: shard, at: now, random: random),
            digest: BearerSecret(.session, shard: shard, random: random).digest, user: user.id,
            createdAt: now, authenticatedAt: now,
            expiresAt: now.advanced(bySeconds: sessionSeconds), userAgent: userAgent,
            address: address)
        let activity = Activity(
            kind: .registered, at: now, trace: TraceID(random: random), address: address,
            userAgent: userAgent)
        return [
            .registered(user), .activityRecorded(user.id, activity), .sessionStarted(session),
            .sourceKnown(user.id, .v4(10 << 24 | bits & 0xff_ffff)),
        ]
    }

    private static func append(
        _ events: [AccountEvent], to shard: ShardID, _ log: FileLog
    ) async throws {
        while true {
            do throws(AppendError) {
                _ = try log.append(events, to: shard)
                return
            } catch  where error == .overloaded {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}
