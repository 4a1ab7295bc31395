/// Takes turns by weight, evenly spread (smooth weighted round robin): 3 to 1 gives a a b a, not
/// a a a b, and the same turns in every run.
package struct WeightedTurns: Sendable {
    private let weights: [Int]
    private let total: Int
    private var credits: [Int]

    package init(_ weights: [Int]) {
        precondition(!weights.isEmpty && weights.allSatisfy { $0 > 0 })
        self.weights = weights
        total = weights.reduce(0, +)
        credits = weights.map { _ in 0 }
    }

    package mutating func next() -> Int {
        guard weights.count > 1 else { return 0 }
        var best = 0
        for index in weights.indices {
            credits[index] += weights[index]
            if credits[index] > credits[best] { best = index }
        }
        credits[best] -= total
        return best
    }
}
