/// What one connection does next. Pure: operations and the time go in, actions come out.
///
///     INFO → (TLS) → CONNECT, PING → PONG → ready
package struct Session: Sendable {
    /// What of the configuration a session needs.
    package struct Terms: Sendable {
        package var name: String
        package var credentials: Credentials
        package var usesTLS: Bool
        package var minimumVersion: ServerVersion
        package var pingIntervalMilliseconds: UInt64
        package var greetingMilliseconds: UInt64

        package init(
            name: String, credentials: Credentials = .none, usesTLS: Bool = false,
            minimumVersion: ServerVersion = .minimum, pingIntervalMilliseconds: UInt64 = 1000,
            greetingMilliseconds: UInt64 = 5000
        ) {
            self.name = name
            self.credentials = credentials
            self.usesTLS = usesTLS
            self.minimumVersion = minimumVersion
            self.pingIntervalMilliseconds = pingIntervalMilliseconds
            self.greetingMilliseconds = greetingMilliseconds
        }
    }

    package enum Action: Equatable, Sendable {
        case startTLS
        case send(ClientOperation)
        case ready(ServerInfo)
        case deliver(Message)
        /// The server is about to stop; whoever can should go elsewhere.
        case leave
        /// Something that ends a request of ours, and not the connection.
        case complain(String)
        case close(NATSError)
    }

    private enum Phase: Sendable {
        case awaitingInfo
        case greeting(ServerInfo)
        case ready
        case closed
    }

    /// So many pings may be without an answer; one more, and the server counts as gone.
    package static let pingsOutstandingMax = 2

    private let terms: Terms
    private let beganAt: UInt64
    private var phase = Phase.awaitingInfo
    private var pingsOutstanding = 0
    private var lastPingAt: UInt64

    /// - Parameter now: monotonic milliseconds, as everywhere here.
    package init(_ terms: Terms, now: UInt64) {
        self.terms = terms
        beganAt = now
        lastPingAt = now
    }

    package var isReady: Bool { if case .ready = phase { true } else { false } }

    /// - Parameter unreadBytes: what lies behind the operation already. Before TLS nothing may: it
    ///   would count as encrypted although anybody on the way can have written it.
    package mutating func received(
        _ operation: ServerOperation, now: UInt64, unreadBytes: Int = 0
    ) -> [Action] {
        if case .closed = phase { return [] }
        switch operation {
        case .info(let json): return info(json, now: now, unreadBytes: unreadBytes)
        case .ping: return [.send(.pong)]
        case .pong: return pong()
        case .ok: return []
        case .error(let text): return error(text)
        case .message(let message):
            guard isReady else { return close(.protocolViolation(.malformed("an early message"))) }
            return [.deliver(message)]
        }
    }

    /// To be called a few times for each interval of pings.
    package mutating func tick(now: UInt64) -> [Action] {
        switch phase {
        case .closed: return []
        case .awaitingInfo, .greeting:
            guard now &- beganAt >= terms.greetingMilliseconds else { return [] }
            return close(.timeout)
        case .ready:
            guard now &- lastPingAt >= terms.pingIntervalMilliseconds else { return [] }
            guard pingsOutstanding < Self.pingsOutstandingMax else {
                return close(.connectionLost("\(pingsOutstanding) pings were not answered"))
            }
            pingsOutstanding += 1
            lastPingAt = now
            return [.send(.ping)]
        }
    }

    private mutating func close(_ error: NATSError) -> [Action] {
        phase = .closed
        return [.close(error)]
    }

    // MARK: The server's operations

    private mutating func info(_ json: [UInt8], now: UInt64, unreadBytes: Int) -> [Action] {
        let info: ServerInfo
        do throws(ProtocolError) {
            info = try ServerInfo(json: json)
        } catch {
            return close(.protocolViolation(error))
        }
        guard case .awaitingInfo = phase else { return info.isLameDuck ? [.leave] : [] }
        guard let version = ServerVersion(info.version), version >= terms.minimumVersion else {
            return close(.serverTooOld(found: info.version, minimum: terms.minimumVersion))
        }
        guard info.supportsHeaders else {
            return close(.refusedByServer("headers are switched off"))
        }
        if !terms.usesTLS, info.requiresTLS { return close(.tlsRequired) }
        if terms.usesTLS, !info.requiresTLS, !info.offersTLS { return close(.tlsNotOffered) }
        if terms.usesTLS, unreadBytes > 0 {
            return close(.protocolViolation(.malformed("bytes between INFO and TLS")))
        }
        do throws(CredentialsError) {
            let greeting = try Greeting(
                name: terms.name, credentials: terms.credentials, info: info,
                isSecured: terms.usesTLS)
            phase = .greeting(info)
            lastPingAt = now
            pingsOutstanding = 1
            return (terms.usesTLS ? [.startTLS] : [])
                + [.send(.connect(greeting.json)), .send(.ping)]
        } catch {
            return close(.credentials(error))
        }
    }

    private mutating func pong() -> [Action] {
        pingsOutstanding = max(0, pingsOutstanding - 1)
        guard case .greeting(let info) = phase else { return [] }
        phase = .ready
        pingsOutstanding = 0
        return [.ready(info)]
    }

    private mutating func error(_ text: String) -> [Action] {
        // These two end an operation only; after everything else the server hangs up.
        let lowered = text.lowercased()
        if lowered.hasPrefix("permissions violation") || lowered.hasPrefix("invalid subject") {
            return [.complain(text)]
        }
        return close(.refusedByServer(text))
    }

    static func isAboutAuthorization(_ text: String) -> Bool {
        let lowered = text.lowercased()
        return lowered.contains("authorization") || lowered.contains("authentication")
    }
}
