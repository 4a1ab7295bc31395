import Foundation
import Persistence
import Testing

@testable import Actors
@testable import App

@Suite("The story of a trace")
struct TraceStoryTests {
    private static let trace = TraceID(high: 7, low: 8)
    private static let at = Timestamp(seconds: 1_800_000_000)

    private static func user(_ number: UInt64, _ role: Role = .member) -> UserView {
        User(
            id: UserID(EntityID(shard: ShardID(3), high: number, low: number)),
            email: "user\(number)@example.com", passwordHash: "", role: role, phone: nil,
            createdAt: at
        ).view
    }

    private static let ada = user(1)
    private static let bob = user(2)
    private static let admin = user(3, .admin)
    private static let token = ServiceTokenID(EntityID(shard: ShardID(0), high: 9, low: 9))

    private static func request(
        _ caller: RememberedRequest.Caller, seconds: Int64 = 0
    ) -> RememberedRequest {
        RememberedRequest(
            trace: trace, method: "POST", route: "/api/alerts/sms/test", status: 200, error: nil,
            at: at.advanced(bySeconds: seconds), took: .milliseconds(2), caller: caller,
            grounds: "A session.")
    }

    private static func activity(_ kind: Activity.Kind, seconds: Int64 = 0) -> Activity {
        Activity(
            kind: kind, at: at.advanced(bySeconds: seconds), trace: trace, address: "192.0.2.7",
            userAgent: "curl/8")
    }

    private func written(_ story: TraceStory, for reader: UserView) throws -> [String: Any] {
        var json = JSONWriter(capacity: 1024)
        json.beginObject()
        story.write(Self.trace, for: reader, to: &json)
        let text = Data(json.bytes) + Data("}".utf8)
        let object = try JSONSerialization.jsonObject(with: text) as? [String: Any]
        return try #require(object?["trace"] as? [String: Any])
    }

    @Test("it is whose who asked under it, or whom something happened to")
    func belongs() {
        var story = TraceStory()
        #expect(story.isEmpty && !story.belongs(to: Self.ada.id))
        story.requests = [Self.request(.session(Self.ada.id, email: Self.ada.email))]
        #expect(!story.isEmpty)
        #expect(story.belongs(to: Self.ada.id) && !story.belongs(to: Self.bob.id))
        story.requests = [Self.request(.anonymous), Self.request(.token(Self.token, name: "ci"))]
        story.activities = [
            TracedActivity(user: Self.bob.id, activity: Self.activity(.signInRefused))
        ]
        #expect(!story.belongs(to: Self.ada.id) && story.belongs(to: Self.bob.id))
    }

    @Test("who the others under a trace are is told to admins only")
    func callers() throws {
        var story = TraceStory()
        story.requests = [
            Self.request(.session(Self.ada.id, email: Self.ada.email)),
            Self.request(.session(Self.bob.id, email: Self.bob.email), seconds: 1),
            Self.request(.token(Self.token, name: "billing"), seconds: 2),
            Self.request(.anonymous, seconds: 3),
        ]
        func callers(for reader: UserView) throws -> [[String: String]] {
            let rows = try #require(try written(story, for: reader)["requests"] as? [[String: Any]])
            return try rows.map { try #require($0["caller"] as? [String: String]) }
        }
        let all = try callers(for: Self.admin)
        #expect(all.map { $0["kind"] } == ["session", "session", "token", "anonymous"])
        #expect(all.map { $0["name"] } == [Self.ada.email, Self.bob.email, "billing", nil])
        let own = try callers(for: Self.ada)
        #expect(own.map { $0["kind"] } == ["session", "session", "token", "anonymous"])
        #expect(own.map { $0["name"] } == [Self.ada.email, nil, nil, nil])
        #expect(own.map { $0["id"] } == [Self.ada.id.description, nil, nil, nil])
    }

    @Test("each part is told in the order in which it happened")
    func order() throws {
        var story = TraceStory()
        for seconds in [2, 0, 1] as [Int64] {
            story.requests.append(Self.request(.anonymous, seconds: seconds))
            story.activities.append(
                TracedActivity(
                    user: Self.ada.id, activity: Self.activity(.signedIn, seconds: seconds)))
            story.messages.append(
                SMSMessage(
                    attempt: 1, providerMessageID: nil, status: .queued, row: nil,
                    at: Self.at.advanced(bySeconds: seconds), updatedAt: Self.at,
                    trace: Self.trace, isTest: true, errorCode: nil))
        }
        let trace = try written(story, for: Self.ada)
        #expect(trace["id"] as? String == Self.trace.description)
        for part in ["requests", "security_events", "messages"] {
            let rows = try #require(trace[part] as? [[String: Any]])
            let times = rows.compactMap { $0["at"] as? String }
            #expect(times.count == 3 && times == times.sorted(), "\(part)")
        }
    }
}
