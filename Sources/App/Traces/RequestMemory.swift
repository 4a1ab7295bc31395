import Actors
import HTTPTypes
import Synchronization

/// A request that was answered, as a trace shows it. Neither its path nor its query is in it.
struct RememberedRequest: Sendable {
    enum Caller: Sendable {
        case anonymous
        case session(UserID, email: String)
        case token(ServiceTokenID, name: String)
    }

    let trace: TraceID
    let method: String
    let route: String
    let status: Int
    /// Of our own answer; nil for a success, and for what a provider answered.
    let error: ErrorCode?
    let at: Timestamp
    let took: Duration
    let caller: Caller
    /// Why it was let in, where it was.
    let grounds: String

    var isRefused: Bool { error.map { Self.refusals.contains($0.definition.status) } ?? false }

    /// What says "no" to a caller, not to what it sent.
    private static let refusals: Set = [401, 403, 429]

    /// The security decision and its reason, in words.
    var reason: String { isRefused ? error?.definition.message ?? grounds : grounds }
}

/// The last requests, for those who look up a trace. Kept in memory only: what must not be
/// forgotten is in the log as an activity, an event or a message.
///
/// Strangers, people and programs have a ring each, so that a flood of one kind does not wash away
/// what the others did.
package final class RequestMemory: Sendable {
    private struct Ring: Sendable {
        private var requests: [RememberedRequest] = []
        private var next = 0

        mutating func append(_ request: RememberedRequest) {
            if requests.count < RequestMemory.requestsMax {
                requests.append(request)
            } else {
                requests[next] = request
            }
            next = (next + 1) % RequestMemory.requestsMax
        }

        func find(_ trace: TraceID) -> [RememberedRequest] { requests.filter { $0.trace == trace } }
    }

    private struct Rings: Sendable {
        var strangers = Ring()
        var people = Ring()
        var programs = Ring()
    }

    private let rings = Mutex(Rings())

    package init() {}

    /// Of each kind. About a megabyte each.
    private static let requestsMax = 4096

    /// Keeps failures, and what people change. Successful reads leave nothing to explain, and what
    /// programs do well is in their events.
    func note(_ request: RememberedRequest) {
        let isFailure = request.status >= 400
        let isSafe = ["GET", "HEAD", "OPTIONS"].contains(request.method)
        rings.withLock { rings in
            switch request.caller {
            case .anonymous where isFailure || !isSafe: rings.strangers.append(request)
            case .session where isFailure || !isSafe: rings.people.append(request)
            case .token where isFailure: rings.programs.append(request)
            case .anonymous, .session, .token: break
            }
        }
    }

    /// All that is still known under this id; several requests may have continued one trace.
    func find(_ trace: TraceID) -> [RememberedRequest] {
        rings.withLock { rings in
            rings.strangers.find(trace) + rings.people.find(trace) + rings.programs.find(trace)
        }
    }
}

extension RememberedRequest.Caller {
    init(_ caller: App.Caller) {
        switch caller {
        case .anonymous: self = .anonymous
        case .session(let principal):
            self = .session(principal.user.id, email: principal.user.email)
        case .token(let principal): self = .token(principal.id, name: principal.name)
        }
    }
}

extension RequestMemory {
    /// A request that the front has answered.
    func note(
        _ visit: Visit, _ method: HTTPRequest.Method, _ result: Result<Reply, APIError>,
        status: HTTPResponse.Status, took: Duration
    ) {
        // The hot path: a read that went well is over before anything is gathered.
        if status.code < 400, method == .get { return }
        var error: ErrorCode?
        if case .failure(let failure) = result { error = failure.code }
        note(
            RememberedRequest(
                trace: visit.identity.trace, method: method.rawValue,
                route: visit.route?.endpoint.path ?? "-", status: status.code, error: error,
                at: visit.now, took: took, caller: RememberedRequest.Caller(visit.caller),
                grounds: visit.route?.endpoint.access.grounds
                    ?? "Anyone may ask; there is no such route."))
    }
}

extension Access {
    /// What lets a caller in, in words.
    fileprivate var grounds: String {
        switch self {
        case .anyone: "Anyone may call this."
        case .anyoneSameSite: "Anyone may call this, from the console's own origin."
        case .optionalSession: "A session, or the temporary token that stands for one."
        case .session(let stepUp):
            stepUp ? "A session with a fresh authentication." : "A session."
        case .admin(let stepUp):
            stepUp
                ? "An administrator's session with a fresh authentication."
                : "An administrator's session."
        case .sessionOrScope(let scope): "A session, or a token with the scope \(scope.text)."
        case .adminOrScope(let scope):
            "An administrator's session, or a token with the scope \(scope.text)."
        case .scope(let scope): "A token with the scope \(scope.text)."
        case .loopbackOrScope(let scope):
            "An address of this machine, or a token with the scope \(scope.text)."
        }
    }
}
