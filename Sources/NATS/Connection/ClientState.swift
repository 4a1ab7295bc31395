import NIOCore

/// What the client knows, under its lock.
struct ClientState {
    /// A connection that is ready for use.
    struct Connection {
        let channel: any Channel
        let info: ServerInfo
        let address: ServerAddress
    }

    struct Subscription {
        let subject: String
        let queue: String?
        let handler: NATSClient.MessageHandler
    }

    struct Request {
        let deadline: UInt64
        let completion: NATSClient.Completion
    }

    var connection: Connection?
    var isClosed = false
    var subscriptions: [UInt64: Subscription] = [:]
    var requests: [UInt64: Request] = [:]
    var nextSubscription: UInt64 = 1
    var nextRequest: UInt64 = 1
    /// Who waits for the first connection.
    var waiting: [@Sendable (NATSError?) -> Void] = []
    var lastError: NATSError?

    // MARK: Attempts

    private var nextServer = 0
    private var failuresInRound = 0
    private var finalFailuresInRound = 0
    private(set) var rounds = 0
    /// Counts attempts, so that an old channel's end is not taken for the new one's.
    private(set) var attempt: UInt64 = 0

    mutating func beginAttempt(of servers: [ServerAddress]) -> (ServerAddress, UInt64) {
        attempt += 1
        defer { nextServer = (nextServer + 1) % servers.count }
        return (servers[nextServer], attempt)
    }

    mutating func endAttempt() { attempt += 1 }

    mutating func succeeded() {
        rounds = 0
        failuresInRound = 0
        finalFailuresInRound = 0
    }

    /// - Returns: whether a whole round has failed now, and whether there is no hope in another.
    mutating func failed(_ error: NATSError, servers: Int) -> (roundEnded: Bool, isHopeless: Bool) {
        lastError = error
        failuresInRound += 1
        if error.isFinal { finalFailuresInRound += 1 }
        guard failuresInRound >= servers else { return (false, false) }
        defer {
            rounds += 1
            failuresInRound = 0
            finalFailuresInRound = 0
        }
        return (true, finalFailuresInRound == failuresInRound)
    }

    mutating func takeExpired(now: UInt64) -> [NATSClient.Completion] {
        var expired: [NATSClient.Completion] = []
        for (token, request) in requests where request.deadline <= now {
            requests[token] = nil
            expired.append(request.completion)
        }
        return expired
    }

    mutating func takeRequests() -> [NATSClient.Completion] {
        defer { requests = [:] }
        return requests.values.map(\.completion)
    }
}
