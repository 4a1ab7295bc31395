/// One measured step of a ramp.
package struct FrontierStep: Codable, Sendable, Equatable {
    package var offeredRate: Double
    package var achievedRate: Double
    package var p50Microseconds: Double
    package var p99Microseconds: Double
    package var maxMicroseconds: Double
    package var errors: Int
    /// Why the figures of the step are the generator's rather than the server's, if they are.
    package var generatorLimit: String?

    package init(
        offeredRate: Double, achievedRate: Double, p50Microseconds: Double,
        p99Microseconds: Double, maxMicroseconds: Double, errors: Int, generatorLimit: String?
    ) {
        self.offeredRate = offeredRate
        self.achievedRate = achievedRate
        self.p50Microseconds = p50Microseconds
        self.p99Microseconds = p99Microseconds
        self.maxMicroseconds = maxMicroseconds
        self.errors = errors
        self.generatorLimit = generatorLimit
    }

    /// A step counts only if the server did all that was offered, without an error.
    package var isSustained: Bool {
        errors == 0 && achievedRate >= offeredRate * Self.achievedShareMin
    }

    package func meets(boundMilliseconds: Double) -> Bool {
        isSustained && p99Microseconds <= boundMilliseconds * 1000
    }

    /// A second's edge cuts off what is under way; more than one in a hundred is a backlog.
    private static let achievedShareMin = 0.99

    private enum CodingKeys: String, CodingKey {
        case offeredRate = "offered_rate"
        case achievedRate = "achieved_rate"
        case p50Microseconds = "p50_us"
        case p99Microseconds = "p99_us"
        case maxMicroseconds = "max_us"
        case errors
        case generatorLimit = "generator_limit"
    }
}

/// The highest rate at which the 99th percentile stays within a bound.
package struct FrontierPoint: Codable, Sendable, Equatable {
    package var boundMilliseconds: Double
    /// The highest sustained rate found; nil when even the lowest rate tried missed the bound.
    package var rate: Double?
    package var p99Microseconds: Double?
    /// The lowest rate above it that missed the bound; nil when none did up to the highest tried.
    package var missedRate: Double?
    /// Lower rates that missed the bound all the same: on a quiet machine there are none.
    package var missesBelow: Int

    private enum CodingKeys: String, CodingKey {
        case boundMilliseconds = "p99_bound_ms"
        case rate
        case p99Microseconds = "p99_us"
        case missedRate = "missed_rate"
        case missesBelow = "misses_below"
    }
}

/// Finds, for each bound, the highest rate that meets it: brackets it, then bisects. It only says
/// which rate to try next and is told what came of it. Steps serve all bounds at once.
package struct FrontierSearch: Sendable {
    package let boundsMilliseconds: [Double]
    package private(set) var steps: [FrontierStep] = []
    private let startRate: Double
    private let lowestRate: Double
    private let highestRate: Double
    private let precision: Double
    private let attempts: Int
    private let stepsMax: Int

    /// - Parameters:
    ///   - startRate: a guess, such as half of what a closed loop reached.
    ///   - precision: a bracket this narrow is found; 0.05 is 5 %.
    ///   - attempts: how often a rate that barely misses is measured before that is believed: a
    ///     machine's other work is no property of the server.
    ///   - stepsMax: the end in any case.
    package init(
        boundsMilliseconds: [Double], startRate: Double, lowestRate: Double = 1,
        highestRate: Double, precision: Double = 0.05, attempts: Int = 2,
        stepsMax: Int = 60
    ) {
        self.boundsMilliseconds = boundsMilliseconds.sorted()
        self.lowestRate = lowestRate
        self.highestRate = highestRate
        self.startRate = Swift.min(Swift.max(startRate, lowestRate), highestRate)
        self.precision = precision
        self.attempts = attempts
        self.stepsMax = stepsMax
    }

    package mutating func record(_ step: FrontierStep) { steps.append(step) }

    /// The next rate to measure, and the bound it is for; nil when all are found.
    package func next() -> (rate: Double, boundMilliseconds: Double)? {
        guard steps.count < stepsMax else { return nil }
        for bound in boundsMilliseconds {
            if let rate = nextRate(for: bound) { return (rate, bound) }
        }
        return nil
    }

    private func nextRate(for bound: Double) -> Double? {
        if let last = steps.last, deservesAnotherLook(last, bound),
            rates(at: last.offeredRate) < attempts
        {
            return last.offeredRate
        }
        let (met, missed) = bracket(bound)
        switch (met, missed) {
        case (nil, nil): return startRate
        case (nil, let missed?):
            if missed <= lowestRate { return nil }
            return Swift.max(lowestRate, missed / 2)
        case (let met?, nil):
            if met >= highestRate { return nil }
            return Swift.min(highestRate, met * Self.bracketFactor)
        case (let met?, let missed?):
            return missed / met <= 1 + precision ? nil : (met * missed).squareRoot()
        }
    }

    /// A near miss may be chance, and a miss between a rate that met the bound and one that missed
    /// it decides where the frontier is. A gross miss elsewhere was only looking around.
    private func deservesAnotherLook(_ step: FrontierStep, _ bound: Double) -> Bool {
        // Above a rate that missed already it decides nothing for this bound.
        guard !step.meets(boundMilliseconds: bound),
            step.offeredRate <= bracket(bound).missed ?? .infinity
        else { return false }
        let isNear =
            step.isSustained && step.p99Microseconds <= bound * 1000 * Self.nearMissFactor
        let met = steps.filter { $0.meets(boundMilliseconds: bound) }.map(\.offeredRate)
        return isNear
            || met.contains { $0 < step.offeredRate }
                && misses(bound).contains { $0 > step.offeredRate }
    }

    private func rates(at rate: Double) -> Int { steps.count { $0.offeredRate == rate } }

    /// The highest rate that met the bound, and the lowest above it that missed it. What was
    /// sustained once was sustained; where a lower rate missed, something else was in the way.
    private func bracket(_ bound: Double) -> (met: Double?, missed: Double?) {
        let met = steps.filter { $0.meets(boundMilliseconds: bound) }.map(\.offeredRate).max()
        let missed = misses(bound).filter { $0 > met ?? 0 }.min()
        return (met, missed)
    }

    private func misses(_ bound: Double) -> Set<Double> {
        Set(steps.filter { !$0.meets(boundMilliseconds: bound) }.map(\.offeredRate))
    }

    package var points: [FrontierPoint] {
        boundsMilliseconds.map { bound in
            let (met, missed) = bracket(bound)
            let step = steps.first { $0.offeredRate == met && $0.meets(boundMilliseconds: bound) }
            return FrontierPoint(
                boundMilliseconds: bound, rate: met, p99Microseconds: step?.p99Microseconds,
                missedRate: missed, missesBelow: misses(bound).count { $0 < met ?? 0 })
        }
    }

    /// Wide enough to leave a region quickly, narrow enough not to overload the server grossly.
    private static let bracketFactor = 1.4
    /// Beyond it no second look will bring the bound back.
    private static let nearMissFactor = 4.0
}
