/// Why an operation or a connection came to nothing.
package enum Failure: Hashable, Sendable {
    case refused
    case unreachable
    case reset
    /// The server closed before the answer was complete.
    case closed
    case timeout
    /// The answer is not HTTP/1.1.
    case malformed
    /// Another status than the scenario expects.
    case status(Int)
    /// The expected status, but not the expected body.
    case mismatch
    /// The accounts had no second-factor code left to use.
    case noCredential
    /// No answer when the time to wait after the end was over, or never even sent.
    case unfinished

    package var name: String {
        switch self {
        case .refused: "refused"
        case .unreachable: "unreachable"
        case .reset: "reset"
        case .closed: "closed"
        case .timeout: "timeout"
        case .malformed: "malformed"
        case .status(let status): "status_\(status)"
        case .mismatch: "mismatch"
        case .noCredential: "no_credential"
        case .unfinished: "unfinished"
        }
    }

    /// Whether the time that passed belongs among the latencies: whoever waited in vain has waited
    /// at least that long, and leaving it out would make a server that hangs look quick.
    package var isWaiting: Bool {
        switch self {
        case .timeout, .unfinished: true
        case .refused, .unreachable, .reset, .closed, .malformed, .status, .mismatch,
            .noCredential:
            false
        }
    }
}
