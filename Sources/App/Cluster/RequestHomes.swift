import Actors
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import Persistence

/// Which shard is a request's home: its owner answers it. Pure.
///
/// Nothing depends on it but speed and whether there is an answer: an actor whose shard is another
/// server's is never asked, whatever is said here.
struct RequestHomes: Sendable {
    enum Home: Equatable {
        /// It asks for nothing that any shard knows.
        case anywhere
        case shard(ShardID)
        case inBody(Field)
    }

    /// The member of a body that says whose account it is about.
    enum Field: Equatable {
        case email
        case tempToken
        case resetToken
    }

    let shardCount: Int

    /// Of bodies that have to be read here. They hold an address, a password and a token or two.
    static let bodyBytesMax = 64 << 10

    private static let accounts = "/api/auth/"
    private static let users = "/api/admin/users/"
    private static let byBody: [String: Field] = [
        "/api/auth/register": .email, "/api/auth/login": .email,
        "/api/auth/2fa/verify": .tempToken, "/api/auth/2fa/confirm": .tempToken,
        "/api/auth/password/reset": .resetToken,
    ]

    func home(of head: HTTPRequestHead) -> Home {
        let path = RequestTarget(head.uri).path
        guard path.hasPrefix("/api/"), path != "/api/errors" else { return .anywhere }
        if path.hasPrefix(Self.accounts) {
            if head.method == .POST, let field = Self.byBody[String(path)] {
                return .inBody(field)
            }
            return home(ofHolder: head)
        }
        return .shard(path.hasPrefix(Self.users) ? home(ofUser: path) : RecoveredState.commonShard)
    }

    private func home(ofUser path: Substring) -> ShardID {
        let text = path.dropFirst(Self.users.count).prefix { $0 != "/" }
        let id = PercentEncoding.decode(text.utf8, plusIsSpace: false).flatMap { UserID($0) }
        return id.flatMap { existing($0.shard) } ?? RecoveredState.commonShard
    }

    /// The same once the body is there; nil where no shard has to be asked for the answer.
    func home(by field: Field, in parts: [HTTPServerRequestPart]) -> ShardID? {
        var body = ByteBuffer()
        for case .body(var bytes) in parts { body.writeBuffer(&bytes) }
        switch field {
        case .email:
            guard let text = (try? BodyDecoding.decode(Email.self, from: body))?.email,
                let email = try? EmailAddress(text)
            else { return nil }
            return email.shard(of: shardCount)
        case .resetToken:
            let text = (try? BodyDecoding.decode(ResetToken.self, from: body))?.reset_token
            return text.flatMap { BearerSecret(.passwordReset, presented: $0) }
                .flatMap { existing($0.shard) }
        case .tempToken:
            guard let found = try? BodyDecoding.decode(TempToken.self, from: body) else {
                return nil
            }
            guard let text = found.temp_token else { return holder(in: parts) }
            return BearerSecret(.temporary, presented: text).flatMap { existing($0.shard) }
        }
    }

    private struct Email: Decodable { let email: String }
    private struct ResetToken: Decodable { let reset_token: String }
    private struct TempToken: Decodable { let temp_token: String? }

    private func holder(in parts: [HTTPServerRequestPart]) -> ShardID? {
        guard case .head(let head)? = parts.first, case .shard(let shard) = home(ofHolder: head)
        else { return nil }
        return shard
    }

    /// Where the session is, which is where its account is.
    private func home(ofHolder head: HTTPRequestHead) -> Home {
        switch RequestCredential(HTTPFields(head.headers, splitCookie: false)) {
        case .bearer(let secret) where secret.kind != .session:
            return .shard(RecoveredState.commonShard)
        case .bearer(let secret), .sessionCookie(let secret):
            return existing(secret.shard).map { .shard($0) } ?? .anywhere
        case .none, .malformedCookie, .malformedBearer: return .anywhere
        }
    }

    private func existing(_ shard: ShardID) -> ShardID? {
        Int(shard.rawValue) < shardCount ? shard : nil
    }
}
