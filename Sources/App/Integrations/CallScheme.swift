import Actors

/// How calls of one integration are made and understood: the part of a catalogue entry that the
/// gateway works by. Everything that differs between providers is in here, as data.
struct CallScheme: Sendable, Equatable {
    /// Where a caller's Countersign token may arrive, besides `Authorization: Bearer`.
    var slots: [CredentialSlot] = []
    /// Where the real credentials go.
    var credentials: [CredentialTarget] = []
    /// Further request headers that are never passed on, in lower case.
    var droppedHeaders: [String] = []
    /// Further query parameters that carry credentials and are never passed on.
    var droppedQuery: [String] = []
    /// Sent when the caller does not send its own, names in lower case.
    var defaultHeaders: [(name: String, value: String)] = []
    /// A path segment that names the account: whatever the caller has there becomes ours.
    var accountSegment: AccountSegment?
    /// `/v1/models/{model}`: what an operation is called in events.
    var routes: [RouteTemplate] = []
    /// What must not be sent twice, and whose attempt is on the disk before it leaves.
    var isRepeatable = true
    var probe: ProbeScheme?
    var limits = CallLimits()
    var answers = AnswerScheme()

    static func == (left: CallScheme, right: CallScheme) -> Bool {
        left.slots == right.slots && left.credentials == right.credentials
            && left.droppedHeaders == right.droppedHeaders
            && left.droppedQuery == right.droppedQuery
            && left.defaultHeaders.elementsEqual(right.defaultHeaders, by: ==)
            && left.accountSegment == right.accountSegment && left.routes == right.routes
            && left.isRepeatable == right.isRepeatable && left.probe == right.probe
            && left.limits == right.limits && left.answers == right.answers
    }
}

/// A place in a request that a client library puts its provider's key into.
enum CredentialSlot: Sendable, Hashable {
    /// `Authorization: Bearer KEY`
    case bearer
    /// `Authorization: KEY`
    case bareAuthorization
    /// The password of `Authorization: Basic`; the user name is ignored.
    case basicPassword
    /// In lower case.
    case header(String)
    case query(String)
}

/// A place in the request to the provider, and what goes there. The texts are names of variables of
/// the environment.
enum CredentialTarget: Sendable, Equatable {
    /// `name` in lower case; `prefix` is `Bearer ` or empty.
    case header(name: String, prefix: String, variable: String)
    case basic(user: String, password: String)
    case query(name: String, variable: String)

    var variables: [String] {
        switch self {
        case .header(_, _, let variable), .query(_, let variable): [variable]
        case .basic(let user, let password): [user, password]
        }
    }
}

struct AccountSegment: Sendable, Equatable {
    /// The segment before it: `Accounts`.
    let after: String
    let variable: String
}

/// A path with names in braces for what differs from call to call.
struct RouteTemplate: Sendable, Equatable {
    let text: String
    /// Nil stands for any one segment.
    let segments: [String?]

    /// Nil unless it begins with a slash and each segment is a literal or one name in braces.
    init?(_ text: String) {
        guard text.first == "/", text.utf8.count <= 200 else { return nil }
        self.text = text
        var segments: [String?] = []
        for segment in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            if segment.wholeMatch(of: /\{[a-z_]+\}(\.[a-z]+)?/) != nil {
                segments.append(nil)
            } else if segment.wholeMatch(of: /[A-Za-z0-9._:-]*/) != nil {
                segments.append(String(segment))
            } else {
                return nil
            }
        }
        self.segments = segments
    }
}

/// The free request that shows whether the credentials work.
struct ProbeScheme: Sendable, Equatable {
    /// With the query; `{account}` becomes the account of `accountSegment`.
    let path: String
    /// Statuses that say nothing against the credentials although they are no success: Twilio's
    /// test credentials get 403 for everything but messages.
    let acceptedStatuses: [Int]
    /// It counts against a quota, so it is run rarely.
    let isCostly: Bool
}

struct CallLimits: Sendable, Equatable {
    var requestBytesMax = 10 << 20
    var connectSeconds: Int64 = 3
    var tlsSeconds: Int64 = 3
    /// From the request's last byte to the answer's first.
    var firstByteSeconds: Int64 = 60
    /// Between two pieces of a body, either way.
    var idleSeconds: Int64 = 60
}

/// How answers of a provider are read.
struct AnswerScheme: Sendable, Equatable {
    /// Where the provider's own id of the request is: a header in lower case, or a path in a JSON
    /// body.
    var requestIDHeader: String?
    var requestIDPath: JSONPath?
    /// Where a JSON error has its code and its text. The first that is there counts.
    var errorCodePaths: [JSONPath] = []
    var errorMessagePaths: [JSONPath] = []
    var errors: [ErrorRule] = []
    /// The name of a unit and where its amount may be; the last that arrives counts.
    var units: [UnitPath] = []
    var stream: StreamScheme?
    var rateLimits: [RateLimitHeaders] = []

    struct UnitPath: Sendable, Equatable {
        let name: String
        let paths: [JSONPath]
    }
}

/// The way to a value within JSON objects: `error.code`. Array elements have no names, so nothing
/// inside an array can be named.
struct JSONPath: Sendable, Hashable {
    let parts: [String]

    /// `error.code`; nil when a part is empty.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard !parts.contains(""), parts.count <= 8 else { return nil }
        self.parts = parts
    }
}

/// How a stream of server-sent events says that it is whole, or that it failed.
struct StreamScheme: Sendable, Equatable {
    /// The data of the last event: `[DONE]`.
    var doneData: [String] = []
    /// The `event` or the member `type` of the last event.
    var doneTypes: [String] = []
    var errorTypes: [String] = []
}

/// What a provider's failure means, by status, code and text; the first rule that fits counts.
struct ErrorRule: Sendable, Equatable {
    enum Fault: String, CaseIterable, Sendable {
        /// The credentials or the settings of this integration: an operator has to act.
        case integration
        case provider
        /// The request itself.
        case caller
    }

    /// Empty fits all failures.
    let statuses: [Int]
    /// Empty fits all codes.
    let codes: [String]
    /// Nil fits all texts; else a part of it, in lower case.
    let messageContains: String?
    /// The `error_code` of the event.
    let errorCode: String
    let fault: Fault
    let suggestedFix: String
}

/// One of the limits that a provider tells in its headers; all names in lower case.
struct RateLimitHeaders: Sendable, Equatable {
    /// `requests`, `tokens`.
    let name: String
    let limit: String?
    let remaining: String?
    let reset: String?
}
