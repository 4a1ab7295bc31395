import Actors
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// Keeps the evidence of connections fresh: where no traffic shows that an integration works, its
/// free probe does. A probe is never a use.
final class Prober: Service {
    private let calls: any ProviderCalling
    private let providers: [GatewayProvider]
    private let usage: UsageActor
    /// Whether the evidence is this server's to keep.
    private let isWanted: @Sendable () -> Bool
    private let ids: TraceIDSource
    private let clock: any WallClock
    /// Seconds without evidence after which a probe is due; nil when nobody wants any.
    private let afterSeconds: Int64?
    /// One at a time for each integration.
    private let underWay = Mutex<Set<IntegrationID>>([])

    /// How often is looked for what is due.
    private static let lookEverySeconds = 1

    init(
        calls: any ProviderCalling, providers: [GatewayProvider], usage: UsageActor,
        isWanted: @escaping @Sendable () -> Bool, ids: TraceIDSource, clock: any WallClock,
        afterSeconds: Int64?
    ) {
        self.calls = calls
        self.providers = providers
        self.usage = usage
        self.isWanted = isWanted
        self.ids = ids
        self.clock = clock
        self.afterSeconds = afterSeconds
    }

    func run() async throws {
        guard let afterSeconds else { return try await gracefulShutdown() }
        var schedules: [IntegrationID: ProbeSchedule] = [:]
        try await withThrowingDiscardingTaskGroup { probes in
            for await _ in Ticks(everySeconds: Self.lookEverySeconds).cancelOnGracefulShutdown() {
                guard isWanted() else { continue }
                let evidence = await usage.evidence()
                for provider in providers where provider.credentials != nil {
                    guard let scheme = provider.entry.calls.probe else { continue }
                    var schedule =
                        schedules[provider.id]
                        ?? ProbeSchedule(afterSeconds: afterSeconds, isCostly: scheme.isCostly)
                    let isDue = schedule.isDue(
                        evidence[provider.id] ?? ConnectionEvidence(), at: clock.now(),
                        jitter: Double.random(in: 0..<1))
                    schedules[provider.id] = schedule
                    guard isDue else { continue }
                    probes.addTask { await self.probe(provider, trace: self.ids.trace()) }
                }
            }
        }
    }

    /// Returns when the probe's event is durable, or at once when one is under way already.
    func probe(_ provider: GatewayProvider, trace: TraceID) async {
        guard let scheme = provider.entry.calls.probe,
            underWay.withLock({ $0.insert(provider.id).inserted })
        else { return }
        let path = scheme.path.prefix { $0 != "?" }
        _ = await calls.call(
            ProviderCall(
                integration: provider.id, method: "GET",
                target: scheme.path.replacing("{account}", with: "me"),
                operation: provider.operations.name(
                    "GET", path.replacing("{account}", with: "me")[...]),
                source: .probe, trace: trace))
        underWay.withLock { _ = $0.remove(provider.id) }
    }
}

/// When the next probe of an integration is due. Pure: times and chance come in.
struct ProbeSchedule: Equatable {
    let afterSeconds: Int64
    let isCostly: Bool
    private var dueAt: Timestamp?
    private var basis: ConnectionEvidence.Claim?
    private var failures: UInt32 = 0

    init(afterSeconds: Int64, isCostly: Bool) {
        self.afterSeconds = afterSeconds
        self.isCostly = isCostly
    }

    /// The first probe after a start comes within so long, so that not all knock at once.
    private static let firstSeconds = 5.0
    /// A probe that counts against a quota is made so rarely.
    private static let costlySeconds: Int64 = 21_600
    private static let backoffSecondsMax = 300.0

    /// Whether a probe is due now; the time of the next one is set then.
    ///
    /// - Parameter jitter: from 0 to 1.
    mutating func isDue(
        _ evidence: ConnectionEvidence, at now: Timestamp, jitter: Double
    ) -> Bool {
        // Whoever is refused must not go on knocking: accounts are locked for that.
        guard evidence.standing != .authFailed else {
            dueAt = nil
            return false
        }
        if dueAt == nil || evidence.claim != basis || evidence.failuresInARow != failures {
            basis = evidence.claim
            failures = evidence.failuresInARow
            dueAt = next(evidence, at: now, jitter: jitter)
        }
        guard let due = dueAt, due <= now else { return false }
        // Until the outcome changes the evidence, the next one is a whole interval away.
        dueAt = now.advanced(bySeconds: interval)
        return true
    }

    private var interval: Int64 { isCostly ? max(afterSeconds, Self.costlySeconds) : afterSeconds }

    private func next(
        _ evidence: ConnectionEvidence, at now: Timestamp, jitter: Double
    ) -> Timestamp {
        func after(_ time: Timestamp, seconds: Double) -> Timestamp {
            time.advanced(byMilliseconds: Int64(seconds * 1000))
        }
        if evidence.failuresInARow > 0 {
            // Half-open: one trial after 1 s, 2 s, 4 s … up to five minutes, each spread by half.
            let doubled = pow(2, Double(min(evidence.failuresInARow, 16) - 1))
            let seconds = min(Self.backoffSecondsMax, doubled)
            return after(now, seconds: seconds * (0.75 + jitter / 2))
        }
        guard let claim = evidence.claim, evidence.standing == .works else {
            return after(now, seconds: min(Self.firstSeconds, Double(interval)) * jitter)
        }
        return after(claim.at, seconds: Double(interval) * (1 + jitter / 10))
    }
}

/// A tick now and then.
private struct Ticks: AsyncSequence {
    let everySeconds: Int

    struct AsyncIterator: AsyncIteratorProtocol {
        let everySeconds: Int

        mutating func next() async -> Void? {
            do {
                try await Task.sleep(for: .seconds(everySeconds))
                return ()
            } catch {
                return nil
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(everySeconds: everySeconds) }
}
