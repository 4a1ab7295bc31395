import Synchronization

/// The memory that request bodies may take together. Without it, as many large bodies as there may
/// be connections could be sent slowly at the same time, and that is more than any machine has.
package final class BodyBudget: Sendable {
    private let used = Atomic<Int>(0)
    let bytesMax: Int

    package init(bytesMax: Int) { self.bytesMax = bytesMax }

    package var bytesUsed: Int { used.load(ordering: .relaxed) }

    fileprivate func take(_ count: Int) -> Bool {
        let (before, after) = used.add(count, ordering: .relaxed)
        if after <= bytesMax { return true }
        // Nothing else is in memory: a body of a permitted size always finds room then.
        if before == 0 { return true }
        used.subtract(count, ordering: .relaxed)
        return false
    }

    fileprivate func give(_ count: Int) { used.subtract(count, ordering: .relaxed) }
}

/// One request's share of the budget, given back when the request is over.
struct BodyLease: ~Copyable {
    private let budget: BodyBudget
    private var bytes = 0

    init(_ budget: BodyBudget) { self.budget = budget }

    deinit { budget.give(bytes) }

    private static let retryAfterSeconds = 1

    /// Makes sure that the lease has room for so many bytes in all.
    mutating func reserve(_ count: Int) throws(APIError) {
        guard count > bytes else { return }
        guard budget.take(count - bytes) else {
            throw APIError(
                .overloaded, message: "Too many request bodies are being received.",
                retryAfterSeconds: Self.retryAfterSeconds)
        }
        bytes = count
    }
}
