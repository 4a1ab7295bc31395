import Actors
import Synchronization

/// How many calls may be under way at a time, for each integration and each token: one caller or
/// one slow provider can't take what the others need.
final class CallBulkheads: Sendable {
    private struct State {
        var integrations: [IntegrationID: Int] = [:]
        var tokens: [ServiceTokenID: Int] = [:]
    }

    private let perIntegrationMax: Int
    private let perTokenMax: Int
    private let state = Mutex(State())

    init(perIntegrationMax: Int, perTokenMax: Int) {
        self.perIntegrationMax = perIntegrationMax
        self.perTokenMax = perTokenMax
    }

    /// - Parameter token: nil for the server's own calls, which only their integration bounds.
    /// - Returns: false when there is no place; else `leave` must follow.
    func enter(_ integration: IntegrationID, _ token: ServiceTokenID?) -> Bool {
        state.withLock { state in
            guard state.integrations[integration, default: 0] < perIntegrationMax else {
                return false
            }
            if let token {
                guard state.tokens[token, default: 0] < perTokenMax else { return false }
                state.tokens[token, default: 0] += 1
            }
            state.integrations[integration, default: 0] += 1
            return true
        }
    }

    func leave(_ integration: IntegrationID, _ token: ServiceTokenID?) {
        state.withLock { state in
            state.integrations[integration, default: 1] -= 1
            guard let token else { return }
            let left = state.tokens[token, default: 1] - 1
            state.tokens[token] = left > 0 ? left : nil
        }
    }

    var underWay: [IntegrationID: Int] { state.withLock { $0.integrations } }
}
