import Persistence
import TestSupport
import Testing

@testable import Actors
@testable import App

@Suite("What servers ask each other, in bytes")
struct ShardCallCodecTests {
    private static let shard = ShardID(3)
    private static let user = UserID(EntityID(shard: shard, high: 7, low: 8))
    private static let digest = TokenDigest(words: (1, 2, 3, 4))
    private static let at = Timestamp(milliseconds: 1_795_500_000_250)

    private static func calls() throws -> [ShardCall] {
        [
            .authenticate(shard, digest), .claimFirstAdmin(user), .finishClaim(user),
            .exists(user), .find(try EmailAddress("ada@example.com")),
            .users(shard, offset: 70_000, limit: 500), .counts(shard),
            .activities(shard, TraceID(high: 5, low: 6)), .take(.signIn, .source(.v4(0x0102_0304))),
            .take(.ingest, .user(user)), .take(.sms, .phone(digest: digest)),
            .take(.calls, .token(ServiceTokenID(EntityID(shard: ShardID(0), high: 1, low: 2)))),
            .take(.reads, .source(.v6(network: 9))), .perform(shard, command: Array("{}".utf8)),
            .perform(shard, command: []),
        ]
    }

    static let view = UserView(
        id: user, email: "ada@example.com", role: .admin, phone: "+14155550100", isDisabled: true,
        twoFactorEnrolledAt: at, backupCodesRemaining: 9, createdAt: at)
    private static let session = SessionView(
        id: SessionID(EntityID(shard: shard, high: 1, low: 2)), createdAt: at, lastSeenAt: at,
        authenticatedAt: at, idleExpiresAt: at, expiresAt: at, userAgent: "test", address: "::1")
    private static let decision = RateLimitDecision(
        isAllowed: false, limit: 10, remaining: 0, resetSeconds: 60, retryAfterSeconds: 6,
        policy: RateLimitPolicy(quota: 10, windowSeconds: 60, burst: 20))
    private static let activity = Activity(
        kind: .signedIn, at: at, trace: TraceID(high: 5, low: 6), address: "192.0.2.1",
        userAgent: "test", count: 2)

    private static let answers: [ShardAnswer] = [
        .misdirected, .notReady, .notUnderstood, .done, .storage(.full), .storage(.overloaded),
        .storage(.fenced), .principal(nil),
        .principal(SessionPrincipal(user: view, session: session, digest: digest)), .flag(true),
        .flag(false), .found(nil), .found(user), .users([]), .users([view, view]),
        .counts(ShardCounts(users: 3, sessions: 200, enabledAdmins: 1)), .activities([]),
        .activities([TracedActivity(user: user, activity: activity)]), .decision(nil),
        .decision(decision), .reply(Array("{}".utf8)),
    ]

    @Test("each question and each answer comes back as it was")
    func roundTrips() throws {
        for call in try Self.calls() { #expect(try ShardCall(call.bytes) == call) }
        for answer in Self.answers { #expect(try ShardAnswer(answer.bytes) == answer) }
    }

    @Test("whatever is cut off, or has something behind it, is refused")
    func cut() throws {
        for call in try Self.calls() {
            if case .perform = call { continue }
            #expect(throws: DecodingFault.self) { try ShardCall(call.bytes + [0]) }
            for count in 0..<call.bytes.count {
                #expect(throws: DecodingFault.self) {
                    try ShardCall(Array(call.bytes.prefix(count)))
                }
            }
        }
        for answer in Self.answers {
            if case .reply = answer { continue }
            #expect(throws: DecodingFault.self) { try ShardAnswer(answer.bytes + [0]) }
            for count in 0..<answer.bytes.count {
                #expect(throws: DecodingFault.self) {
                    try ShardAnswer(Array(answer.bytes.prefix(count)))
                }
            }
        }
    }

    @Test("anything else is an error and no trap", arguments: 0..<200)
    func damage(seed: UInt64) throws {
        let random = SeededRandom(seed: seed)
        for bytes in try Self.calls().map(\.bytes) + Self.answers.map(\.bytes) {
            var changed = bytes
            for _ in 0...random.below(3) {
                changed[random.below(changed.count)] = UInt8(random.below(256))
            }
            if let call = try? ShardCall(changed) { #expect(try ShardCall(call.bytes) == call) }
            if let answer = try? ShardAnswer(changed) {
                #expect(try ShardAnswer(answer.bytes) == answer)
            }
        }
    }

    @Test("a page that is larger than a message is refused")
    func page() {
        #expect(throws: DecodingFault.self) {
            try ShardCall(ShardCall.users(Self.shard, offset: 0, limit: 501).bytes)
        }
    }

    @Test("the most that is answered fits a message")
    func size() {
        var view = Self.view
        view.email = String(repeating: "e", count: 254)
        #expect(
            ShardAnswer.users(Array(repeating: view, count: ShardCall.usersMax)).bytes.count
                < 400_000)
        var activity = Self.activity
        activity.userAgent = String(repeating: "u", count: 256)
        activity.address = String(repeating: "1", count: 45)
        let traced = TracedActivity(user: Self.user, activity: activity)
        #expect(ShardAnswer.activities(Array(repeating: traced, count: 1000)).bytes.count < 400_000)
    }

    @Test("a bucket has one home, and sources are spread over all")
    func homes() throws {
        #expect(RateKey.user(Self.user).home(of: 16) == Self.shard)
        #expect(RateKey.phone(digest: Self.digest).home(of: 16) == ShardID(0))
        var loads: [ShardID: Int] = [:]
        for bits in UInt32(0xc000_0200)..<0xc000_1200 {
            loads[RateKey.source(.v4(bits)).home(of: 16), default: 0] += 1
        }
        #expect(loads.count == 16 && loads.values.allSatisfy { (200..<320).contains($0) })
        // The same on every server of every version.
        #expect(RateKey.source(.v4(0x0102_0304)).home(of: 16) == ShardID(8))
        #expect(RateKey.source(.v6(network: 9)).home(of: 16) == ShardID(4))
    }
}
